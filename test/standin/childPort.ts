/**
 * Loaded first in every utility process: gives it `process.parentPort` as Electron does, with messages as `{ data }`, and
 * takes Node's own channel away, so that a worker that relies on it fails here too.
 */
import { EventEmitter } from 'node:events';

const send = process.send?.bind(process);
const port = new EventEmitter();
const early: unknown[] = [];

process.on('message', (message: { readonly data: unknown }) => {
  const event = { data: message.data, ports: [] };
  if (port.listenerCount('message') > 0 && early.length === 0) port.emit('message', event);
  else early.push(event);
});
port.on('newListener', (name) => {
  if (name === 'message') queueMicrotask(() => early.splice(0).forEach((event) => port.emit('message', event)));
});
process.on('disconnect', () => process.exit(0));

const parentPort = Object.assign(port, {
  postMessage: (data: unknown) => void send?.(structuredClone(data) as object),
});
Object.defineProperty(process, 'parentPort', { value: parentPort });
Object.defineProperty(process, 'type', { value: 'utility' });
Object.defineProperty(process, 'send', { value: undefined });
const on = process.on.bind(process) as (name: string, listener: () => void) => NodeJS.Process;
const deaf = (name: string, listener: () => void): NodeJS.Process =>
  name === 'message' ? process : on(name, listener);
Object.assign(process, { on: deaf, addListener: deaf });
