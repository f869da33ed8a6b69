/** Entry of the conversion process: official weights in, ONNX folder out. Dies with its job; knows no network. */
import { ok } from '../contract/result.ts';
import { convertModel } from '../services/convert/convert.ts';
import type { ConvertWork } from '../services/work/protocol.ts';
import { serve } from '../services/work/serve.ts';
import { openPort } from './port.ts';

serve<ConvertWork>(openPort(), {
  async convert({ source, output, dtype }, { signal, emit }) {
    const report = await convertModel({ source, output, dtype, signal, onProgress: emit });
    if (!report.ok) return report;
    const { bytes, files, architecture, contextLength, instruct } = report.value;
    return ok({ bytes, files, architecture, contextLength, instruct });
  },
});
