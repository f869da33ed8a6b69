import { mkdtempSync, readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type ChildProcess, fork, spawn } from 'node:child_process';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { LogEntry, WorkerProcess } from '../../electron/services/ports.ts';
import { connectWorker, type WorkerClient } from '../../electron/services/work/client.ts';
import type { InferWork } from '../../electron/services/work/protocol.ts';
import {
  convertedStories,
  expectedCases,
  greedy,
  removeFolders,
  storiesPresent,
} from '../services/inference/models.ts';

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

  it('refuses to run without a parent', async () => {
    connect();
    const alone = spawn(process.execPath, [entry], { stdio: ['ignore', 'ignore', 'pipe'] });
    let words = '';
    alone.stderr.on('data', (chunk: Buffer) => (words += chunk.toString()));
    const code = await new Promise((resolve) => alone.once('close', resolve));
    expect(code).not.toBe(0);
    expect(words).toContain('A worker has to be started by the app');
  });

  describe.skipIf(!storiesPresent)('with a real checkpoint (needs ../shared/models)', () => {
    const one = storiesPresent ? expectedCases()[0]! : undefined;
    let folder: string;
    beforeAll(async () => {
      folder = await convertedStories('fp32');
    });
    const load = (): Promise<unknown> => client.call('load', { folder, dtype: 'fp32', device: 'auto' });
    const ask = (text: string, maxNewTokens: number, options: Parameters<typeof client.call<'generate'>>[2] = {}) =>
      client.call(
        'generate',
        { cacheKey: 'chat', messages: [{ role: 'user', text }], sampling: { ...greedy, maxNewTokens } },
        options,
      );

    it('loads, writes in deltas, reuses the cache, checks itself and unloads', async () => {
      connect();
      expect(await load()).toMatchObject({
        ok: true,
        value: { device: 'cpu', contextLength: 512, instruct: false },
      });
      const deltas: string[] = [];
      const first = await ask(one!.prompt, 60, { onEvent: ({ text }) => deltas.push(text) });
      expect(first).toMatchObject({ ok: true, value: { finishReason: 'length', stats: { newTokens: 60 } } });
      expect(deltas.join('')).toBe(one!.new_text_only);
      expect(deltas.length).toBeGreaterThan(30);
      const again = await ask(one!.prompt + one!.new_text_only, 5);
      expect(again).toMatchObject({ ok: true });
      if (again.ok) expect(again.value.stats.reusedTokens).toBeGreaterThan(50);
      const check = await client.call('sanityCheck', { prompt: one!.prompt, maxNewTokens: 60 });
      expect(check).toMatchObject({ ok: true, value: { text: one!.new_text_only, tokens: 60 } });
      expect(await client.call('unload', undefined)).toMatchObject({ ok: true });
      expect(await ask('x', 1)).toMatchObject({ ok: false, problem: { code: 'engine-stopped' } });
      expect(await load()).toMatchObject({ ok: true });
      expect(await ask(one!.prompt, 3)).toMatchObject({ ok: true });
    });

    it('stops in the middle and keeps what was written', async () => {
      connect();
      await load();
      const abort = new AbortController();
      let text = '';
      const answer = await ask(one!.prompt, 500, {
        signal: abort.signal,
        onEvent: (event) => {
          text += event.text;
          if (text.length > 20) abort.abort();
        },
      });
      expect(answer).toMatchObject({ ok: true, value: { finishReason: 'stopped-by-person' } });
      if (answer.ok) expect(answer.value.stats.newTokens).toBeLessThan(400);
      expect(text.startsWith(one!.new_text_only.slice(0, 20))).toBe(true);
      expect(await ask(one!.prompt, 3)).toMatchObject({ ok: true, value: { finishReason: 'length' } });
    });

    it('answers a request that was cancelled while it waited for its turn', async () => {
      connect();
      await load();
      const abort = new AbortController();
      const running = ask(one!.prompt, 200);
      const waiting = ask('They went', 200, { signal: abort.signal });
      abort.abort();
      expect(await waiting).toMatchObject({
        ok: true,
        value: { finishReason: 'stopped-by-person', stats: { newTokens: 0 } },
      });
      expect(await running).toMatchObject({ ok: true, value: { finishReason: 'stop' } });
    });

    it('answers every waiting request when the process is killed', async () => {
      connect();
      await load();
      const running = ask(one!.prompt, 400, { onEvent: () => child.kill('SIGKILL') });
      const waiting = ask('They went', 5);
      expect(await running).toMatchObject({
        ok: false,
        problem: { code: 'engine-stopped', evidence: [{ cause: 'SIGKILL' }] },
      });
      expect(await waiting).toMatchObject({ ok: false, problem: { code: 'engine-stopped' } });
      expect(await ask('late', 5)).toMatchObject({ ok: false, problem: { code: 'engine-stopped' } });
    });

    it('leaves nothing of ONNX Runtime telemetry in the home folder', async () => {
      connect();
      await load();
      await ask(one!.prompt, 3);
      expect(readdirSync(home)).toEqual([]);
    });
  });
});
