import { mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type ChildProcess, fork, spawn } from 'node:child_process';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { LogEntry, WorkerProcess } from '../../electron/services/ports.ts';
import { connectWorker, type WorkerClient } from '../../electron/services/work/client.ts';
import type { Sampling } from '../../electron/contract/chat.ts';
import type { InferWork, PromptMessage } from '../../electron/services/work/protocol.ts';
import { convertedPractice, endless, greedy, removeFolders } from '../services/inference/models.ts';

const entry = fileURLToPath(new URL('../../electron/workers/infer.ts', import.meta.url));
const home = mkdtempSync(join(tmpdir(), 'latchkey-home-'));

/** The plain Node side of a pipe, as a host makes it; without the variable that the entry has to set itself. */
function start(): { child: ChildProcess; port: WorkerProcess } {
  const { ORT_DISABLE_TELEMETRY: _, ...env } = process.env;
  const child = fork(entry, [], {
    env: { ...env, HOME: home },
    execArgv: [],
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  return {
    child,
    port: {
      post: (message) => void child.send(message as object, () => undefined),
      onMessage: (listener) => void child.on('message', listener),
      onExit: (listener) => void child.once('exit', (code, signal) => listener({ code, ...(signal && { signal }) })),
      kill: () => void child.kill(),
    },
  };
}

describe('the inference process', () => {
  let child: ChildProcess;
  let client: WorkerClient<InferWork>;
  let logged: LogEntry[];
  const connect = (): void => {
    const started = start();
    child = started.child;
    logged = [];
    client = connectWorker<InferWork>(started.port, {
      explainExit: ({ code, signal }) => ({
        code: 'engine-stopped',
        title: 'ended',
        explanation: '',
        actions: [],
        evidence: [{ cause: signal ?? String(code) }],
      }),
      log: (entry) => logged.push(entry),
    });
  };
  afterEach(async () => {
    client.kill();
    await client.ended;
  });
  afterAll(removeFolders);

  it('answers, and says plainly that no model is loaded', async () => {
    connect();
    expect(await client.call('ping', undefined)).toMatchObject({ ok: true });
    const answer = await client.call('generate', {
      cacheKey: 'a',
      messages: [{ role: 'user', text: 'Hi' }],
      sampling: greedy,
    });
    expect(answer).toMatchObject({ ok: false, problem: { code: 'engine-stopped' } });
    const check = await client.call('sanityCheck', { prompt: 'Hi', maxNewTokens: 2 });
    expect(check).toMatchObject({ ok: false, problem: { code: 'engine-stopped' } });
    expect(await client.call('unload', undefined)).toMatchObject({ ok: true });
  });

  it('tells a folder without a model as a damaged one and stays alive', async () => {
    connect();
    const loaded = await client.call('load', { folder: home, dtype: 'q4', device: 'auto' });
    expect(loaded).toMatchObject({ ok: false, problem: { code: 'damaged-file' } });
    expect(await client.call('ping', undefined)).toMatchObject({ ok: true });
  });

  it('ends when its parent lets go of it', async () => {
    connect();
    await client.call('ping', undefined);
    child.disconnect();
    await client.ended;
    expect(child.exitCode).toBe(0);
  });

  it.runIf(process.platform === 'linux')('is the first that the system ends when memory runs out', async () => {
    connect();
    await client.call('ping', undefined);
    expect(readFileSync(`/proc/${child.pid}/oom_score_adj`, 'utf8').trim()).toBe('900');
    // The side of the app stays where it was.
    expect(Number(readFileSync('/proc/self/oom_score_adj', 'utf8'))).toBeLessThan(900);
  });

  it('refuses to run without a parent', async () => {
    connect();
    const alone = spawn(process.execPath, [entry], { stdio: ['ignore', 'ignore', 'pipe'] });
    let words = '';
    alone.stderr.on('data', (chunk: Buffer) => (words += chunk.toString()));
    const code = await new Promise((resolve) => alone.once('close', resolve));
    expect(code).not.toBe(0);
    expect(words).toContain('A worker has to be started by the app');
  });

  describe('with the practice model', () => {
    const question = 'What is an access token?';
    const long = { ...greedy, maxNewTokens: 900 }; // with the model that finds no end
    let folder: string;
    let withoutEnd: string;
    beforeAll(async () => {
      folder = await convertedPractice('q4');
      withoutEnd = endless(folder);
    });
    const load = (from = folder): Promise<unknown> =>
      client.call('load', { folder: from, dtype: 'q4', device: 'auto' });
    const ask = (
      messages: readonly PromptMessage[],
      sampling: Sampling,
      options: Parameters<typeof client.call<'generate'>>[2] = {},
    ) => client.call('generate', { cacheKey: 'chat', messages, sampling }, options);
    const user = (text: string): PromptMessage => ({ role: 'user', text });

    it('loads, writes in deltas, reuses the cache, checks itself, unloads and loads again', async () => {
      connect();
      expect(await load()).toMatchObject({ ok: true, value: { device: 'cpu', contextLength: 1024, instruct: true } });
      const deltas: string[] = [];
      const first = await ask([user(question)], greedy, { onEvent: ({ text }) => deltas.push(text) });
      expect(first).toMatchObject({ ok: true, value: { stats: { reusedTokens: 0, device: 'cpu' } } });
      expect(deltas.length).toBeGreaterThan(5);
      const turns = [user(question), { role: 'assistant' as const, text: deltas.join('') }, user('Thank you')];
      const again = await ask(turns, { ...greedy, maxNewTokens: 5 });
      expect(again).toMatchObject({ ok: true });
      if (again.ok && first.ok) {
        expect(again.value.stats.reusedTokens).toBeGreaterThanOrEqual(first.value.stats.promptTokens);
      }
      const prompt = 'Hello, I am a software engineer.';
      const check = await client.call('sanityCheck', { prompt, maxNewTokens: 12 });
      expect(check).toMatchObject({ ok: true, value: { prompt, tokens: 12 } });
      expect(await client.call('unload', undefined)).toMatchObject({ ok: true });
      expect(await ask([user('x')], greedy)).toMatchObject({ ok: false, problem: { code: 'engine-stopped' } });
      expect(await load()).toMatchObject({ ok: true });
      let text = '';
      await ask([user(question)], greedy, { onEvent: (event) => (text += event.text) });
      expect(text).toBe(deltas.join(''));
    });

    it('stops in the middle, keeps what was written, and goes on with the next question', async () => {
      connect();
      await load(withoutEnd);
      const abort = new AbortController();
      let text = '';
      const answer = await ask([user(question)], long, {
        signal: abort.signal,
        onEvent: (event) => {
          text += event.text;
          abort.abort();
        },
      });
      expect(answer).toMatchObject({ ok: true, value: { finishReason: 'stopped-by-person' } });
      if (answer.ok) expect(answer.value.stats.newTokens).toBeLessThan(long.maxNewTokens);
      expect(text.length).toBeGreaterThan(0);
      expect(await ask([user(question)], greedy)).toMatchObject({ ok: true, value: { finishReason: 'length' } });
    });

    it('answers a request that was cancelled while it waited for its turn', async () => {
      connect();
      await load(withoutEnd);
      const abort = new AbortController();
      const running = ask([user(question)], { ...long, maxNewTokens: 100 });
      const waiting = ask([user('Hi')], long, { signal: abort.signal });
      abort.abort();
      expect(await waiting).toMatchObject({
        ok: true,
        value: { finishReason: 'stopped-by-person', stats: { newTokens: 0 } },
      });
      expect(await running).toMatchObject({ ok: true });
    });

    it('refuses a chat that is longer than the context', async () => {
      connect();
      await load();
      const answer = await ask([user('word '.repeat(3000))], greedy);
      expect(answer).toMatchObject({ ok: false, problem: { code: 'prompt-too-long' } });
    });

    it('answers every waiting request when the process is killed', async () => {
      connect();
      await load(withoutEnd);
      const running = ask([user(question)], long, { onEvent: () => child.kill('SIGKILL') });
      const waiting = ask([user('Hi')], greedy);
      const ended = { ok: false, problem: { code: 'engine-stopped', evidence: [{ cause: 'SIGKILL' }] } };
      expect(await running).toMatchObject(ended);
      expect(await waiting).toMatchObject(ended);
      expect(await ask([user('late')], greedy)).toMatchObject(ended);
    });

    it('leaves nothing of the telemetry of ONNX Runtime in the home folder', async () => {
      connect();
      await load();
      await ask([user(question)], greedy);
      expect(readdirSync(home)).toEqual([]);
    });
  });
});
