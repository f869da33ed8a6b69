/** Entry of the threads that pack weights; see quantizer.ts for the other end. */
import { parentPort } from 'node:worker_threads';
import { ConversionError } from './conversionError.ts';
import { type QuantizeTask, runQuantizeTask } from './quantizeTask.ts';
import type { FromQuantizeWorker } from './quantizer.ts';

parentPort?.on('message', ({ id, task }: { readonly id: number; readonly task: QuantizeTask }) => {
  const answer = (message: FromQuantizeWorker, moved: ArrayBuffer[] = []): void =>
    parentPort?.postMessage(message, moved);
  try {
    const packed = runQuantizeTask(task);
    const moved = [packed.data, packed.scales, packed.zeroPoints].map((part) => part.buffer);
    answer(
      { id, packed },
      moved.filter((buffer): buffer is ArrayBuffer => buffer instanceof ArrayBuffer),
    );
  } catch (error) {
    if (!(error instanceof ConversionError)) throw error; // ends the thread; the other end reports it
    answer({ id, refused: { code: error.code, message: error.message } });
  }
});
