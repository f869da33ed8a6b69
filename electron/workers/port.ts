import type { WorkerPort } from '../services/work/serve.ts';

/** The part of Electron's MessagePortMain that a utility process gets as `process.parentPort`. */
interface ParentPort {
  on(event: 'message', listener: (event: { readonly data: unknown }) => void): unknown;
  postMessage(message: unknown): void;
}

function isParentPort(value: unknown): value is ParentPort {
  return typeof value === 'object' && value !== null && 'postMessage' in value && 'on' in value;
}

/**
 * The pipe to the process that started this one, whichever host it is: a utility process of the desktop app or a forked
 * Node process. A forked one ends when its parent is gone; Electron ends utility processes itself.
 *
 * @throws Error when there is no parent to talk to.
 */
export function openPort(): WorkerPort {
  // In Electron's utility processes a rejection that nobody hears is a warning; its call would wait for ever.
  process.on('unhandledRejection', (reason) => {
    throw reason;
  });
  if ('parentPort' in process && isParentPort(process.parentPort)) {
    const port = process.parentPort;
    return {
      post: (message) => port.postMessage(message),
      onMessage: (listener) => void port.on('message', ({ data }) => listener(data)),
    };
  }
  if (!process.send) throw new Error('A worker has to be started by the app');
  process.once('disconnect', () => process.exit(0));
  return {
    // Not connected means that the parent is gone and the exit above is on its way: the message has no reader any more.
    post: (message) => void (process.connected && process.send?.(message, undefined, {}, () => undefined)),
    onMessage: (listener) => void process.on('message', listener),
  };
}
