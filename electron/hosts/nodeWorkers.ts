import { fork } from 'node:child_process';
import type { WorkerExit, WorkerProcess } from '../services/ports.ts';
import { childEnvironment } from './childEnvironment.ts';
import { workerFlags } from './workerFlags.ts';

/** Starts a worker as a Node process: `entry` is the absolute path of a bundled file in electron/workers. */
export function startNodeProcess(entry: string): WorkerProcess {
  const child = fork(entry, [], {
    env: childEnvironment(process.env),
    serialization: 'json',
    // Nothing of ours is on standard output; what a native library says when it dies goes to ours.
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    execArgv: workerFlags,
  });
  let ended = false;
  const exits: ((exit: WorkerExit) => void)[] = [];
  const end = (exit: WorkerExit): void => {
    if (ended) return;
    ended = true;
    for (const listener of exits) listener(exit);
  };
  child.once('exit', (code, signal) => end({ code, ...(signal !== null && { signal }) }));
  // Without a listener a process that could not even be started would end this one.
  child.on('error', () => {
    if (child.pid === undefined) end({ code: null });
  });
  return {
    // A message to a process that is just dying is lost, as it should be: its exit answers all calls.
    post: (message) => void (child.connected && child.send(message as object, () => undefined)),
    onMessage: (listener) => void child.on('message', listener),
    onExit: (listener) => void exits.push(listener),
    kill: () => void child.kill('SIGKILL'),
  };
}
