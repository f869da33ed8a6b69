import { EventEmitter } from 'node:events';
import { afterEach, describe, expect, it } from 'vitest';
import type { FromWorker } from '../../electron/services/work/protocol.ts';
import { openPort } from '../../electron/workers/port.ts';

/** What Electron puts on `process` in a utility process: messages arrive wrapped as `data`. */
class ParentPort extends EventEmitter {
  readonly posted: unknown[] = [];
  postMessage(message: unknown): void {
    this.posted.push(message);
  }
}

describe('the pipe of a utility process', () => {
  afterEach(() => {
    Reflect.deleteProperty(process, 'parentPort');
  });

  it('unwraps what arrives and posts what is sent', () => {
    const parent = new ParentPort();
    Object.assign(process, { parentPort: parent });
    const port = openPort();
    const heard: unknown[] = [];
    port.onMessage((message) => heard.push(message));
    parent.emit('message', { data: { seq: 1, request: 'ping' }, ports: [] });
    const answer: FromWorker = { seq: 1, result: { ok: true, value: undefined } };
    port.post(answer);
    expect(heard).toEqual([{ seq: 1, request: 'ping' }]);
    expect(parent.posted).toEqual([answer]);
  });
});
