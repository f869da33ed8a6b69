/** Entry of the conversion process: official weights in, ONNX folder out. Dies with its job; knows no network. */
import { convertWork } from './convertWork.ts';
import type { ConvertWork } from '../services/work/protocol.ts';
import { serve } from '../services/work/serve.ts';
import { goFirst } from './goFirst.ts';
import { openPort } from './port.ts';

await goFirst();
serve<ConvertWork>(openPort(), convertWork);
