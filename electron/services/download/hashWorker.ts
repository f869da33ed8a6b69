/** Entry of the threads that prove files; see hashing.ts for the other end. */
import { parentPort } from 'node:worker_threads';
import { type FileSum, openFileSum, takePieces } from './checksum.ts';
import type { FromHashWorker, ToHashWorker } from './hashing.ts';

const sums = new Map<number, FileSum>();

function carryOut({ id, file, order }: ToHashWorker): FromHashWorker {
  if (order.do === 'open') {
    sums.set(file, openFileSum(order.path, order.kind, order.bytes));
    return { id };
  }
  const sum = sums.get(file);
  if (order.do === 'close') {
    sums.delete(file);
    sum?.close();
    return { id };
  }
  if (sum === undefined) throw new Error('A file that is not open');
  if (order.do === 'digest') return { id, hex: sum.digest() };
  return { id, good: takePieces(sum, order.from, order.pieces) };
}

parentPort?.on('message', (asked: ToHashWorker) => {
  let answer: FromHashWorker;
  try {
    answer = carryOut(asked);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : undefined;
    answer = { id: asked.id, failed: { message: String(error), ...(code === undefined ? {} : { code }) } };
  }
  parentPort?.postMessage(answer);
});
