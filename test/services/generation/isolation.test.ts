/** The inference process ends badly in every way we know; the side of the app is the product's own. */
import { copyFileSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { EngineState, Sampling } from '../../../electron/contract/chat.ts';
import type { Result } from '../../../electron/contract/result.ts';
import { startNodeProcess } from '../../../electron/hosts/nodeWorkers.ts';
import { createEngine, type Engine } from '../../../electron/services/generation/engine.ts';
import type { LogEntry, WorkerProcess } from '../../../electron/services/ports.ts';
import type { GenerateOutput } from '../../../electron/services/work/protocol.ts';
import { convertedPractice, endless, greedy, removeFolders, temporaryFolder } from '../inference/models.ts';
import { installed } from '../localServer/served.ts';

const entry = fileURLToPath(new URL('../../../electron/workers/infer.ts', import.meta.url));
const question = 'What is an access token?';

let good: string;
let answer: string;
let engine: Engine;
let states: EngineState[];
let log: LogEntry[];
let processes: WorkerProcess[];
let time = 0;

beforeAll(async () => {
  good = await convertedPractice('q4');
  open(good);
  answer = (await ask()).text;
  engine.close();
});
afterEach(() => engine.close());
afterAll(removeFolders);

function open(folder: string, devices?: Parameters<typeof createEngine>[0]['devices']): void {
  [states, log, processes] = [[], [], []];
  engine = createEngine({
    startProcess() {
      const process = startNodeProcess(entry);
      processes.push(process);
      return process;
    },
    folderOf: () => folder,
    cachesFolder: join(folder, 'never written'),
    ...(devices && { devices }),
    onChange: (state) => states.push(state),
    now: () => time,
    log: (line) => log.push(line),
  });
}

async function ask(
  text = question,
  onText: (piece: string) => void = () => undefined,
  sampling: Sampling = greedy,
): Promise<{ readonly text: string; readonly result: Result<GenerateOutput> }> {
  let written = '';
  const result = await engine.generate(
    installed,
    { cacheKey: 'c', messages: [{ role: 'user', text }], sampling },
    {
      signal: new AbortController().signal,
      onText(piece) {
        written += piece;
        onText(piece);
      },
    },
  );
  return { text: written, result };
}

/** The good model with one file changed; the weights are linked. */
function hostile(file: string, change: (json: Record<string, unknown>) => void): string {
  const folder = join(temporaryFolder(), 'model');
  mkdirSync(folder);
  symlinkSync(join(good, 'onnx'), join(folder, 'onnx'));
  for (const name of ['config.json', 'generation_config.json', 'tokenizer.json', 'tokenizer_config.json'])
    copyFileSync(join(good, name), join(folder, name));
  const json = JSON.parse(readFileSync(join(folder, file), 'utf8')) as Record<string, unknown>;
  change(json);
  writeFileSync(join(folder, file), JSON.stringify(json));
  return folder;
}

const withTemplate = (template: string): string =>
  hostile('tokenizer_config.json', (json) => (json['chat_template'] = template));

/** Says how often the event loop of this side came round while something else was going on. */
async function whileTicking<T>(work: () => Promise<T>): Promise<{ readonly value: T; readonly ticks: number }> {
  let ticks = 0;
  const timer = setInterval(() => (ticks += 1), 20);
  const value = await work();
  clearInterval(timer);
  return { value, ticks };
}

test('unloading waits until the process is gone, and with it what it had mapped', async () => {
  open(good);
  await ask();
  let gone = false;
  processes[0]?.onExit(() => (gone = true));
  await engine.unload();
  expect(gone).toBe(true);
});

describe('a hostile chat template', () => {
  test.each([
    ['loops for ever', '{% for a in range(100000) %}{% for b in range(100000) %}{% endfor %}{% endfor %}'],
    [
      'fills the memory',
      '{% set ns = namespace(l=[1]) %}{% for a in range(60) %}{% set ns.l = ns.l + ns.l %}{% endfor %}',
    ],
  ])('that %s is ended twice, and then the model answers through a built-in one', async (_, template) => {
    open(withTemplate(template));
    const { value, ticks } = await whileTicking(() => ask());
    expect(value.result.ok, JSON.stringify(value.result)).toBe(true);
    expect(value.text).toBe(answer);
    expect(engine.state()).toMatchObject({ kind: 'ready', builtInTemplate: true });
    expect(processes).toHaveLength(3);
    // Over there it stood still for seconds, twice; this side went on all the time. 200 ticks would be usual.
    expect(ticks).toBeGreaterThan(20);
    // The faults were the template's, so the budget for crashes is untouched.
    expect(log.filter(({ event }) => event === 'process-ended').map(({ crashes }) => crashes)).toEqual([0, 0]);
    expect((await ask('Hello')).result.ok).toBe(true);
    expect(processes).toHaveLength(3);
  });

  test.each([
    [
      'writes without measure',
      '{% set ns = namespace(s="xxxxxxxx") %}{% for a in range(20) %}{% set ns.s = ns.s + ns.s %}{% endfor %}{{ ns.s }}',
    ],
    ['refuses', '{{ raise_exception("Only questions and answers in turn") }}'],
    ['reaches for the constructor', '{{ messages.constructor.constructor("return process")().exit(1) }}'],
    ['is no template', '{% for %}'],
  ])('that %s is refused with a reason, and the process lives', async (_, template) => {
    open(withTemplate(template));
    const { result } = await ask();
    expect(result).toMatchObject({ ok: false, problem: { code: 'template-refused' } });
    expect(processes).toHaveLength(1);
    expect(engine.state()).toMatchObject({ kind: 'ready' });
  });
});

test('a tokenizer with a pattern that never ends is ended, and named', async () => {
  open(
    hostile('tokenizer.json', (json) => {
      json['pre_tokenizer'] = {
        type: 'Split',
        pattern: { Regex: '(?:a|a)+$' },
        behavior: 'Isolated',
        invert: false,
      };
    }),
  );
  const { value, ticks } = await whileTicking(() => ask(`${'a'.repeat(40)}b`));
  expect(ticks).toBeGreaterThan(20);
  expect(value.result).toMatchObject({
    ok: false,
    problem: { code: 'damaged-file', evidence: [{ cause: expect.stringContaining('tokenize') as string }] },
  });
  expect((await ask('Hello')).result.ok).toBe(true);
});

describe('a process that is killed', () => {
  test('four times in ten minutes is not started again before they are over', async () => {
    open(endless(good));
    const long = { ...greedy, maxNewTokens: 900 };
    for (let kill = 1; kill <= 4; kill += 1) {
      const { text, result } = await ask(question, () => processes.at(-1)?.kill(), long);
      expect(result).toMatchObject({ ok: false, problem: { code: 'not-enough-memory' } });
      expect(answer.startsWith(text) || text.startsWith(answer)).toBe(true);
      expect(text).not.toBe('');
      expect(engine.state()).toEqual({ kind: 'stopped' });
    }
    expect((await ask()).result).toMatchObject({ ok: false, problem: { code: 'engine-stopped' } });
    expect(processes).toHaveLength(4);
    time += 600_001;
    expect((await ask()).text.startsWith(answer)).toBe(true);
  });
});

test('an engine that is closed while its devices are measured starts no process that nobody would end', async () => {
  const { promise: asked, resolve: tellAsked } = Promise.withResolvers<undefined>();
  const { promise: plan, resolve: planned } = Promise.withResolvers<{ device: 'cpu'; why: 'only' }>();
  open(good, {
    plan() {
      tellAsked(undefined);
      return plan;
    },
    lost: () => undefined,
  });
  const answering = ask();
  await asked;
  engine.close();
  planned({ device: 'cpu', why: 'only' });
  expect((await answering).result).toMatchObject({ ok: false, problem: { code: 'cancelled' } });
  expect(processes).toEqual([]);
  expect(engine.state()).toEqual({ kind: 'stopped' });
  expect((await ask()).text).toBe(answer); // it can be asked again
});
