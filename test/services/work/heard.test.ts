import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { startNodeProcess } from '../../../electron/hosts/nodeWorkers.ts';
import { engineExit } from '../../../electron/services/generation/explain.ts';
import type { LogEntry, WorkerProcess } from '../../../electron/services/ports.ts';
import { connectWorker } from '../../../electron/services/work/client.ts';
import { heard } from '../../../electron/services/work/heard.ts';
import type { InferWork } from '../../../electron/services/work/protocol.ts';

const stats = { promptTokens: 1, reusedTokens: 0, newTokens: 1, firstTokenSeconds: 0, tokensPerSecond: null, device: 'cpu' }; // prettier-ignore
const output = { finishReason: 'stop', stats };
const loaded = {
  device: 'cpu',
  threads: 2,
  contextLength: 1,
  contextLimit: 2,
  contextBy: 'model',
  memory: {},
  loadSeconds: 1,
  instruct: true,
};
const problem = { code: 'busy', title: 't', explanation: 'e', actions: [], evidence: [] };

describe('of what a worker says', () => {
  const requestOf = (seq: number): string | undefined => ({ 1: 'generate', 2: 'load', 3: 'ping' })[seq];

  test.each<[object]>([
    [{ ready: true }],
    [{ busy: 'run', seconds: 5 }],
    [{ busy: 'run', seconds: 0 }],
    [{ log: { area: 'a', event: 'b' } }],
    [{ seq: 1, event: { text: 'x' } }],
    [{ seq: 1, result: { ok: true, value: output } }],
    [{ seq: 1, result: { ok: false, problem } }],
    [{ seq: 2, result: { ok: true, value: loaded } }],
    [{ seq: 1, result: { ok: true, value: { ...output, lost: { device: 'webgpu', cause: 'gone' } } } }],
    [{ seq: 3, result: { ok: true } }],
    [{ seq: 99, result: { ok: true } }], // settled before
    [{ seq: 99, event: { text: 'late' } }],
  ])('%j is understood', (message) => {
    expect(heard(message, requestOf)).toBe(message);
  });

  test.each<[unknown]>([
    ['ready'],
    [null],
    [[]],
    [{}],
    [{ ready: 'yes' }],
    [{ busy: 'mining', seconds: 5 }],
    [{ busy: 'run', seconds: -1 }],
    [{ busy: 'run', seconds: Infinity }], // nobody would look after it any more
    [{ log: 'text' }],
    [{ seq: '1', result: { ok: true, value: output } }],
    [{ seq: 1 }],
    [{ seq: 1, event: undefined }],
    [{ seq: 1, event: { text: 7 } }],
    [{ seq: 2, event: { text: 'x' } }], // loading has no events
    [{ seq: 1, result: { ok: true } }],
    [{ seq: 1, result: { ok: true, value: { ...output, finishReason: 'because' } } }],
    [{ seq: 1, result: { ok: true, value: { finishReason: 'stop', stats: { ...stats, newTokens: '1' } } } }],
    [{ seq: 1, result: { ok: 'true', value: output } }],
    [{ seq: 1, result: { ok: true, value: { ...output, lost: 'gone' } } }],
    [{ seq: 2, result: { ok: true, value: { ...loaded, device: 'abacus' } } }],
    [{ seq: 1, result: { ok: false } }],
    [{ seq: 1, result: { ok: false, problem: { ...problem, title: undefined } } }],
    [{ seq: 99, result: 'x' }],
  ])('%j is nonsense', (message) => {
    expect(heard(message, requestOf)).toBeUndefined();
  });
});

test.each<[string, object]>([
  ['a text that is none', { seq: 1, event: { text: { toString: 'x' } } }],
  ['a result of another kind', { seq: 1, result: { ok: true, value: 7 } }],
  ['something else altogether', { hello: 'world' }],
])('a process that says %s is ended, and what it was asked fails with a reason', async (_, lie) => {
  // The one variable of numbers that a worker inherits; it serves here as the way in.
  process.env['OMP_NUM_THREADS'] = JSON.stringify([{ ready: true }, { seq: 1, event: { text: 'Hel' } }, lie]);
  let process_: WorkerProcess;
  try {
    process_ = startNodeProcess(join(import.meta.dirname, 'liar.ts'));
  } finally {
    delete process.env['OMP_NUM_THREADS'];
  }
  const log: LogEntry[] = [];
  const client = connectWorker<InferWork>(process_, { explainExit: engineExit, log: (entry) => log.push(entry) });
  const texts: string[] = [];
  const sampling = { temperature: 0, topP: 1, topK: 0, minP: 0, repetitionPenalty: 1, maxNewTokens: 1 };
  const result = await client.call(
    'generate',
    { cacheKey: 'c', messages: [], sampling },
    { onEvent: ({ text }) => texts.push(text) },
  );
  expect(texts).toEqual(['Hel']);
  expect(result).toMatchObject({
    ok: false,
    problem: {
      code: 'engine-stopped',
      evidence: [{ cause: expect.stringContaining('no part of Latchkey') as string }],
    },
  });
  expect(log).toEqual([{ area: 'work', event: 'nonsense' }]);
  await client.ended;
});
