/** For processes that kill tests start. */
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';

const script = `
  const { parentPort } = require('node:worker_threads');
  parentPort.once('message', (milliseconds) => {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
    process.kill(process.pid, 'SIGKILL');
  });
  parentPort.postMessage('ready');
`;

/**
 * Gives a function that ends this process with SIGKILL so many ms later, from a thread of its own: in the middle of whatever
 * the first thread does. A kill from another process would come when that one is let run, which may be after the end.
 */
export async function armKill(): Promise<(milliseconds: number) => void> {
  const killer = new Worker(script, { eval: true });
  await once(killer, 'message');
  killer.unref();
  return (milliseconds) => killer.postMessage(milliseconds);
}
