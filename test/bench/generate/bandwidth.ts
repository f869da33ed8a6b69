/** How fast this computer reads memory with several threads: the ceiling of any decoder that reads its weights once. */
import { isMainThread, parentPort, Worker } from 'node:worker_threads';

const bytes = 192 * 2 ** 20; // per side and thread, far more than any cache
const rounds = 4;

if (!isMainThread) {
  // Comparing equal memory is the plainest read loop there is in Node: two streams, nothing written.
  const [left, right] = [Buffer.alloc(bytes, 1), Buffer.alloc(bytes, 1)];
  parentPort?.on('message', () => {
    const began = performance.now();
    for (let round = 0; round < rounds; round++) left.compare(right);
    parentPort?.postMessage((performance.now() - began) / 1000);
  });
  parentPort?.postMessage(0);
}

/** Bytes per second that `threads` threads read together; the best of three. */
export async function readBandwidth(threads: number): Promise<number> {
  const workers = Array.from({ length: threads }, () => new Worker(new URL(import.meta.url)));
  const heard = (worker: Worker): Promise<number> => new Promise((resolve) => worker.once('message', resolve));
  await Promise.all(workers.map(heard));
  let best = 0;
  for (let turn = 0; turn < 3; turn++) {
    const answers = workers.map(heard);
    for (const worker of workers) worker.postMessage('go');
    const seconds = Math.max(...(await Promise.all(answers)));
    best = Math.max(best, (threads * rounds * 2 * bytes) / seconds);
  }
  await Promise.all(workers.map((worker) => worker.terminate()));
  return best;
}
