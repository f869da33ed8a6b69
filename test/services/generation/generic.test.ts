/** A model that transformers.js writes, in the inference process: what a person presses, and what happens to the process. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import type { Result } from '../../../electron/contract/result.ts';
import { startNodeProcess } from '../../../electron/hosts/nodeWorkers.ts';
import { createEngine, type Engine } from '../../../electron/services/generation/engine.ts';
import type { WorkerProcess } from '../../../electron/services/ports.ts';
import type { GenerateOutput } from '../../../electron/services/work/protocol.ts';
import { endless, greedy, removeFolders, unusualPractice } from '../inference/models.ts';
import { installed } from '../localServer/served.ts';

const entry = fileURLToPath(new URL('../../../electron/workers/infer.ts', import.meta.url));

let folder: string;
let engine: Engine;
let processes: WorkerProcess[];

beforeAll(async () => {
  folder = endless(await unusualPractice('q4'));
}, 60_000);
beforeEach(() => {
  processes = [];
  engine = createEngine({
    startProcess() {
      const process = startNodeProcess(entry);
      processes.push(process);
      return process;
    },
    folderOf: () => folder,
    cachesFolder: join(folder, 'never written'),
    onChange: () => undefined,
    now: Date.now,
    log: () => undefined,
  });
});
afterEach(() => engine.close());
afterAll(removeFolders);

async function ask(
  more: { readonly onText?: () => void; readonly signal?: AbortSignal; readonly maxNewTokens?: number } = {},
): Promise<{ readonly text: string; readonly result: Result<GenerateOutput> }> {
  let text = '';
  const result = await engine.generate(
    installed,
    {
      cacheKey: 'c',
      messages: [{ role: 'user', text: 'What is an access token?' }],
      sampling: { ...greedy, maxNewTokens: more.maxNewTokens ?? 60 },
    },
    {
      signal: more.signal ?? new AbortController().signal,
      onText(piece) {
        text += piece;
        more.onText?.();
      },
    },
  );
  return { text, result };
}

/** Whether one text is the beginning of the other, and something. */
const agree = (part: string, whole: string): boolean =>
  part !== '' && (whole.startsWith(part) || part.startsWith(whole));

test('a stop in the middle of an answer ends it between two tokens; the process stays', async () => {
  const whole = await ask();
  const abort = new AbortController();
  const { text, result } = await ask({ signal: abort.signal, onText: () => abort.abort(), maxNewTokens: 900 });
  expect(result).toMatchObject({ ok: true, value: { finishReason: 'stopped-by-person' } });
  expect(agree(text, whole.text)).toBe(true);
  expect((await ask()).text).toBe(whole.text);
  expect(processes).toHaveLength(1);
  expect(engine.state()).toMatchObject({ kind: 'ready', generic: true });
});

test('a process that is killed in the middle leaves the part answer, and the next question works', async () => {
  const whole = await ask();
  const { text, result } = await ask({ onText: () => processes.at(-1)?.kill(), maxNewTokens: 900 });
  expect(result).toMatchObject({ ok: false, problem: { code: 'not-enough-memory' } });
  expect(agree(text, whole.text)).toBe(true);
  expect((await ask()).text).toBe(whole.text);
});

/** The inference process that this process started last. */
function inferencePid(): number {
  const children = readFileSync(`/proc/${process.pid}/task/${process.pid}/children`, 'utf8').trim().split(' ');
  const ours = children.filter((pid) => readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('infer.ts'));
  return Number(ours.at(-1));
}

test.runIf(process.platform === 'linux')(
  'while a prompt is read, which hears nothing, a stop ends the process after a moment, and the next question works',
  async () => {
    const whole = await ask();
    process.kill(inferencePid(), 'SIGSTOP'); // from outside a long run looks like this
    const abort = new AbortController();
    const asked = ask({ signal: abort.signal });
    setImmediate(() => abort.abort());
    expect(await asked).toMatchObject({ text: '', result: { ok: false, problem: { code: 'cancelled' } } });
    expect(engine.state()).toEqual({ kind: 'stopped' });
    expect((await ask()).text).toBe(whole.text);
    expect(processes).toHaveLength(2);
  },
);
