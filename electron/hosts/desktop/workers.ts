import { utilityProcess } from 'electron';
import type { WorkerProcess } from '../../services/ports.ts';
import { childEnvironment } from '../childEnvironment.ts';
import { exitOfUtility } from './utilityExit.ts';
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
    // Electron makes switches of Chromium of them; V8 hears of this one only.
    execArgv: [`--js-flags=${workerFlags.join(' ')}`],
  });
  // V8 ran out of memory in there or found itself broken; the exit follows and answers all calls. Without a listener this
  // event would be an uncaught error here, and a worker would take the app down.
  child.on('error', () => undefined);
  return {
    post: (message) => child.postMessage(message),
    onMessage: (listener) => void child.on('message', listener),
    onExit: (listener) => void child.once('exit', (code) => listener(exitOfUtility(code))),
    kill() {
      // utilityProcess.kill sends a signal that a stopped or hanging process does not hear, and does nothing at all while
      // the process is only being started.
      const end = (): void => void (child.pid !== undefined && killProcess(child.pid));
      if (child.pid === undefined) child.once('spawn', end);
      else end();
    },
  };
}
