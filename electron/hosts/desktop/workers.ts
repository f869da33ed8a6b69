import { utilityProcess } from 'electron';
import type { WorkerProcess } from '../../services/ports.ts';
import { childEnvironment } from '../childEnvironment.ts';

/** Starts a worker in Electron's utility process: `entry` is the absolute path of a bundled file in electron/workers. */
export function startUtilityProcess(entry: string): WorkerProcess {
  const child = utilityProcess.fork(entry, [], { serviceName: 'Latchkey worker', env: childEnvironment(process.env) });
  return {
    post: (message) => child.postMessage(message),
    onMessage: (listener) => void child.on('message', listener),
    onExit: (listener) => void child.once('exit', (code) => listener({ code })),
    kill: () => void child.kill(),
  };
}
