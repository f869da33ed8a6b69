import { spawn, spawnSync } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { AppInfo, Backend, BackendEvent } from '../../electron/contract/ipc.ts';
import type { Result } from '../../electron/contract/result.ts';
import { startNodeProcess } from '../../electron/hosts/nodeWorkers.ts';
import { engineExit } from '../../electron/services/generation/explain.ts';
import { connectWorker } from '../../electron/services/work/client.ts';
import type { InferWork } from '../../electron/services/work/protocol.ts';
import { greedy, removeFolders, unusualPractice } from '../services/inference/models.ts';
import {
  type DesktopApp,
  ensureBuilt,
  launchChromium,
  launchDesktop,
  launchWeb,
  root,
  startWeb,
  type WebApp,
} from './launch.ts';

declare const window: Window & { readonly backend: Backend };

beforeAll(ensureBuilt);

describe('the built desktop app', () => {
  let app: DesktopApp;
  beforeAll(async () => {
    app = await launchDesktop({ env: { HF_TOKEN: 'hf_canarycanary' } });
  });
  afterAll(() => app?.close());

  const info = () => app.page.evaluate(() => window.backend.request('app.info', undefined));

  test('shows the page, without an error and without a request outside', async () => {
    await expect.poll(() => app.page.title()).toContain('Latchkey');
    await expect.poll(() => app.page.evaluate(() => document.body.innerText.length)).toBeGreaterThan(20);
    const seen = await app.evaluate(({ standin }) => ({ errors: standin.pageErrors, blocked: standin.blocked }));
    expect(seen).toEqual({ errors: [], blocked: [] });
    expect(await app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.isVisible())).toBe(true);
    expect(await app.evaluate(({ standin }) => standin.emptyWindows)).toEqual([]);
  });

  test('answers who it is', async () => {
    expect(await info()).toMatchObject({
      ok: true,
      value: { host: 'desktop', practice: false, hubEndpoint: 'https://huggingface.co' } satisfies Partial<AppInfo>,
    });
  });

  test('refuses what is not in the table, and malformed input', async () => {
    const answers = await app.page.evaluate(async () => [
      await window.backend.request('__proto__' as 'app.info', undefined),
      await window.backend.request('app.setPractice', { on: 'yes' } as never),
      await window.backend.request('app.setPractice', { on: true, extra: 1 } as never),
    ]);
    for (const answer of answers) expect(answer).toMatchObject({ ok: false, problem: { code: 'bad-request' } });
  });

  test('changes to practice mode and back, from the menu and from the page, and tells the page each time', async () => {
    await app.page.evaluate(() => {
      const heard: BackendEvent['type'][] = [];
      Object.assign(window, { heard });
      window.backend.subscribe((event) => heard.push(event.type));
    });
    const restarts = () =>
      app.page.evaluate(
        () => (window as unknown as { heard: string[] }).heard.filter((type) => type === 'app.restarted').length,
      );
    const checked = () => app.evaluate(({ Menu }) => Menu.getApplicationMenu()?.getMenuItemById('practice')?.checked);
    expect(await checked()).toBe(false);
    await app.evaluate(({ Menu }) => Menu.getApplicationMenu()?.getMenuItemById('practice')?.click());
    await expect.poll(restarts).toBe(1);
    const practice = await info();
    expect(practice).toMatchObject({ ok: true, value: { practice: true } });
    expect(practice.ok && practice.value.hubEndpoint).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    await expect.poll(checked).toBe(true);
    expect(await readdir(app.data)).toContain('practice');
    await app.page.evaluate(() => window.backend.request('app.setPractice', { on: false }));
    await expect.poll(restarts).toBe(2);
    expect(await info()).toMatchObject({ ok: true, value: { practice: false } });
    await expect.poll(checked).toBe(false);
  });

  test.each(['infer', 'convert'])('starts its %s worker in a utility process', async (name) => {
    const heard = await app.evaluate(
      async ({ utilityProcess }, entry) => {
        const child = utilityProcess.fork(entry, [], { env: { ORT_DISABLE_TELEMETRY: '1' } });
        const first = await new Promise((resolve) => child.once('message', resolve));
        child.kill();
        return first;
      },
      join(root, 'dist/electron', `${name}.js`),
    );
    expect(heard).toEqual({ ready: true });
  });

  test('opens pages of the Hub in the browser, by name', async () => {
    const answer = await app.page.evaluate(() => window.backend.request('page.open', { page: 'tokens' }));
    expect(answer).toMatchObject({ ok: true, value: { opened: true } });
    expect(await app.evaluate(({ standin }) => standin.openedExternal)).toEqual([
      'https://huggingface.co/settings/tokens',
    ]);
  });

  test('shows itself when it is started again', async () => {
    await app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.minimize());
    await app.evaluate(({ app: electron }) => electron.emit('second-instance', {}, [], ''));
    expect(await app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.isMinimized())).toBe(false);
  });

  test('leaves the folder alone when another Latchkey has it, and makes that one show itself', async () => {
    await app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.minimize());
    await expect(startWeb({ data: app.data })).rejects.toThrow('Latchkey is already running');
    await expect
      .poll(() => app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.isMinimized()))
      .toBe(false);
  });

  test('ends with code 0 when its window is closed, and leaves no token behind', async () => {
    await app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.close());
    expect(await app.exited).toBe(0);
    for (const entry of await readdir(app.data, { recursive: true, withFileTypes: true })) {
      if (!entry.isFile()) continue;
      expect(await readFile(join(entry.parentPath, entry.name), 'latin1')).not.toContain('hf_canarycanary');
    }
  });
});

describe('the built workers', () => {
  const words = [
    ['infer', { seq: 1, request: 'ping', input: undefined }, { seq: 1, result: { ok: true } }],
    [
      'convert',
      { seq: 1, request: 'convert', input: { source: '/nonexistent', output: '/nonexistent/out', dtype: 'fp32' } },
      { seq: 1, result: { ok: false } },
    ],
  ] as const;

  test.each(words)('%s answers as a Node process, and ends when it is told to', async (name, question, answer) => {
    const worker = startNodeProcess(join(root, 'dist/electron', `${name}.js`));
    const heard: unknown[] = [];
    const { promise: ended, resolve } = Promise.withResolvers<unknown>();
    worker.onMessage((message) => heard.push(message));
    worker.onExit(resolve);
    worker.post(question);
    await expect
      .poll(() => heard, { timeout: 20_000 })
      .toEqual([
        { ready: true },
        expect.objectContaining({ seq: 1, result: expect.objectContaining(answer.result) as unknown }),
      ]);
    worker.kill();
    expect(await ended).toEqual({ code: null, signal: 'SIGKILL' });
  });

  const alone = spawnSync('unshare', ['-rn', 'true']).status === 0; // not every container may
  test.runIf(alone)(
    'infer lets transformers.js write out of the bundle, with nothing but itself on the network',
    { timeout: 60_000 },
    async () => {
      const folder = await unusualPractice('q4');
      const child = spawn('unshare', ['-rn', process.execPath, join(root, 'dist/electron/infer.js')], {
        stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
      });
      const worker = connectWorker<InferWork>(
        {
          post: (message) => void child.send(message as object),
          onMessage: (listener) => void child.on('message', listener),
          onExit: (listener) => void child.once('exit', (code) => listener({ code })),
          kill: () => void child.kill('SIGKILL'),
        },
        { explainExit: engineExit, log: () => undefined },
      );
      try {
        const loaded = await worker.call('load', { folder, dtype: 'q4', device: 'auto' });
        expect(loaded).toMatchObject({ ok: true, value: { generic: true, instruct: true } });
        let text = '';
        const answer = await worker.call(
          'generate',
          { cacheKey: 'c', messages: [{ role: 'user', text: 'What is an access token?' }], sampling: greedy },
          { onEvent: (event) => (text += event.text) },
        );
        expect(answer).toMatchObject({ ok: true, value: { finishReason: 'stop', stats: { device: 'cpu' } } });
        expect(text).toMatch(/^An access token is /);
      } finally {
        worker.kill();
        await worker.ended;
        removeFolders();
      }
    },
  );

  test('a worker that is not there ends with a code, and takes nobody with it', async () => {
    const worker = startNodeProcess(join(root, 'dist/electron/nothing.js'));
    const { promise: ended, resolve } = Promise.withResolvers<unknown>();
    worker.onExit(resolve);
    worker.post({ seq: 1, request: 'ping' });
    expect(await ended).toEqual({ code: 1 });
  });
});

describe('the built web host', () => {
  let app: WebApp;
  const errors: string[] = [];
  beforeAll(async () => {
    app = await launchWeb();
    app.page.on('console', (message) => void (message.type() === 'error' && errors.push(message.text())));
    app.page.on('pageerror', (error) => void errors.push(String(error)));
    await app.page.reload();
  });
  afterAll(() => app?.close());

  /** A request as the page makes it, with the secret that the page was given. */
  const ask = async (name: string, input?: unknown): Promise<Result<AppInfo>> => {
    const { origin, hash } = new URL(app.url);
    const headers = { authorization: `Bearer ${hash.slice(1)}`, origin, 'content-type': 'application/json' };
    const answer = await fetch(`${origin}/request/${name}`, {
      method: 'POST',
      headers,
      body: JSON.stringify(input ?? null),
    });
    return (await answer.json()) as Result<AppInfo>;
  };

  test('shows the same page, without an error, and cleans the address of the secret', async () => {
    await expect.poll(() => app.page.title()).toContain('Latchkey');
    await expect.poll(() => app.page.evaluate(() => document.body.innerText.length)).toBeGreaterThan(20);
    expect(app.page.url()).not.toContain('#');
    expect(errors).toEqual([]);
    expect(await app.page.context().cookies()).toEqual([]);
  });

  test('answers who it is', async () => {
    expect(await ask('app.info')).toMatchObject({ ok: true, value: { host: 'web', practice: false } });
  });

  test('changes to practice mode while it runs, and the page follows', async () => {
    expect(await ask('app.setPractice', { on: true })).toMatchObject({ ok: true });
    await expect.poll(async () => (await ask('app.info')).ok).toBe(true);
    await expect
      .poll(async () => {
        const answer = await ask('app.info');
        return answer.ok && answer.value.practice;
      })
      .toBe(true);
  });

  test('gives nothing to a page that points its own name at this computer', async () => {
    const { port } = new URL(app.url);
    // Newer browsers ask a person before a page reaches this computer; what is tested is the host without that help.
    const browser = await launchChromium([
      '--host-resolver-rules=MAP evil.example 127.0.0.1',
      '--disable-features=LocalNetworkAccessChecks',
    ]);
    try {
      const page = await browser.newPage();
      // The attacker's page was loaded from the attacker; from then on its name means this computer.
      const home = `http://evil.example:${port}/`;
      await page.route(home, (route) => route.fulfill({ contentType: 'text/html', body: '<title>evil</title>' }));
      await page.goto(home);
      const inner = await page.evaluate(async () => {
        const headers = { 'content-type': 'application/json' };
        const replies = [
          await fetch('/request/app.info', { method: 'POST', headers }),
          await fetch('/index.html'),
          await fetch('/events'),
        ];
        return Promise.all(replies.map(async (reply) => [reply.status, await reply.text()]));
      });
      expect(inner).toEqual([
        [403, ''],
        [403, ''],
        [403, ''],
      ]);
      // The right name, from the wrong page: the browser itself keeps the answer from it.
      const across = await page.evaluate(
        (own) => fetch(`${own}/index.html`).then(String, (error: Error) => error.name),
        new URL(app.url).origin,
      );
      expect(across).toBe('TypeError');
    } finally {
      await browser.close();
    }
  });

  test('ends with code 0 on Ctrl+C', async () => {
    process.kill(app.pid, 'SIGINT');
    expect(await app.exited).toBe(0);
  });
});

test.each([
  [['--prctice'], "Unknown option '--prctice'"],
  [['--port', 'x'], '--port wants a number'],
])('the web host refuses %j with a sentence', async (args, sentence) => {
  await expect(startWeb({ args })).rejects.toThrow(sentence);
});

test('the web host starts in practice mode when asked', async () => {
  const host = await startWeb({ args: ['--practice'] });
  try {
    expect(await readdir(host.data)).toContain('practice');
    expect(await readdir(host.data)).not.toContain('chats.sqlite');
  } finally {
    await host.close();
  }
});

test.runIf(process.platform === 'linux')('the desktop app finds the keyring of its session', async () => {
  const app = await launchDesktop({ keyring: true });
  try {
    const answer = await app.page.evaluate(() => window.backend.request('signIn.get', undefined));
    expect(answer).toMatchObject({ ok: true, value: { vault: 'empty' } });
  } finally {
    await app.close();
  }
});

test('without a keyring the app says that there is none', async () => {
  const app = await launchDesktop();
  try {
    const answer = await app.page.evaluate(() => window.backend.request('signIn.get', undefined));
    expect(answer).toMatchObject({ ok: true, value: { vault: 'absent' } });
  } finally {
    await app.close();
  }
});
