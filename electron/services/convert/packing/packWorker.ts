/** Entry of the threads that pack weights; see packers.ts for the other end. */
import { parentPort } from 'node:worker_threads';
import { asConversionError } from '../explain.ts';
import { createPacker } from './packer.ts';
import type { FromPackWorker } from './packers.ts';
import { type PackTask, runPackTask } from './packTask.ts';

const packer = createPacker();

parentPort?.on('message', ({ id, task }: { readonly id: number; readonly task: PackTask }) => {
  const answer = (message: FromPackWorker): void => parentPort?.postMessage(message);
  try {
    runPackTask(packer, task);
    answer({ id });
  } catch (error) {
    const known = asConversionError(error);
    if (!known) throw error; // ends the thread; the other end reports it
    answer({ id, refused: { code: known.code, message: known.message, file: known.file } });
  }
});
