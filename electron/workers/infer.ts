/**
 * Entry of the inference process. ONNX Runtime reports its use to its makers unless this variable is set before it is
 * loaded; static imports of a bundle run before any statement, hence the dynamic one.
 */
import type { InferWork } from '../services/work/protocol.ts';

process.env['ORT_DISABLE_TELEMETRY'] = '1';

const { createInferWork } = await import('../services/inference/inferWork.ts');
const { serve } = await import('../services/work/serve.ts');
const { goFirst } = await import('./goFirst.ts');
const { openPort } = await import('./port.ts');

await goFirst();
const port = openPort();
serve<InferWork>(
  port,
  createInferWork(
    (log) => port.post({ log }),
    (busy, seconds) => port.post({ busy, seconds }),
  ),
);
