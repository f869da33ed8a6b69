import { utilityProcess } from 'electron';
import type { WorkerProcess } from '../../services/ports.ts';
import { childEnvironment } from '../childEnvironment.ts';
import { workerFlags } from '../workerFlags.ts';

function killProcess(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // it has just ended by itself
  }
}

/** Starts a worker in Electron's utility process: `entry` is the absolute path of a bundled file in electron/workers. */
export function startUtilityProcess(entry: string): WorkerProcess {
  const child = utilityProcess.fork(entry, [], {
    serviceName: 'Latchkey worker',
    env: childEnvironment(process.env),
    execArgv: workerFlags,
  });
  return {
    post: (message) => child.postMessage(message),
    onMessage: (listener) => void child.on('message', listener),
    onExit: (listener) => void child.once('exit', (code) => listener({ code })),
    kill() {
      // utilityProcess.kill sends a signal that a stopped or hanging process does not hear.
      if (child.pid === undefined) child.kill();
      else killProcess(child.pid);
    },
  };
}
