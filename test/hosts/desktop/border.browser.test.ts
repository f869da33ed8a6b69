import { execFileSync } from 'node:child_process';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Backend, BackendEvent } from '../../../electron/contract/ipc.ts';
import { guardHeaders } from '../../../electron/hosts/contentPolicy.ts';
import { launchStandin, type StandinApp } from '../../standin/launch.ts';

/** The page's window, with the bridge that the preload puts there. */
declare const window: Window & { readonly backend: Backend };

/** What app.ts leaves for us in the main process. */
interface Host {
  readonly asked: { readonly name: unknown; readonly input: unknown }[];
  readonly practice: boolean[];
  readonly work: string[];
  hear(event: object): void;
  emit(): void;
  notify(note: { title: string; text: string }): void;
  askAs(url: string, given?: { parent?: object; sender?: unknown }): unknown;
}
declare const host: Host;

const root = resolve(import.meta.dirname, '../../..');
let app: StandinApp;

beforeAll(async () => {
  execFileSync(process.execPath, [join(root, 'build/build.js'), 'preload'], { cwd: root });
  app = await launchStandin({
    app: join(import.meta.dirname, 'app.ts'),
    env: { HF_TOKEN: 'hf_canary', MY_SECRET: 'x' },
  });
});
afterAll(() => app?.close());

describe('the page on the desktop', () => {
  test('loads over our own scheme and runs its script', async () => {
    await expect.poll(() => app.page.title()).toBe('The script ran');
    const requested = await app.evaluate(({ standin }) => standin.requested);
    expect(requested.slice(0, 2)).toEqual(['app://latchkey/', 'app://latchkey/page.js']);
  });

  test('comes with every guarding header', async () => {
    const headers = await app.page.evaluate(async () => Object.fromEntries((await fetch('/index.html')).headers));
    expect(headers).toMatchObject({ ...guardHeaders, 'content-type': 'text/html; charset=utf-8' });
  });

  test('has no Node and no bridge but `backend`, which is two members wide and frozen', async () => {
    const seen = await app.page.evaluate(() => [
      ...['require', 'process', 'module', 'electron', 'ipcRenderer'].map((name) => name in window),
      Object.keys(window.backend),
      Object.isFrozen(window.backend),
    ]);
    expect(seen).toEqual([false, false, false, false, false, ['request', 'subscribe'], true]);
  });

  test('asks and gets the answer', async () => {
    const answer = await app.page.evaluate(() => window.backend.request('app.setPractice', { on: true }));
    expect(answer).toEqual({ ok: true, value: 'answer' });
    expect(await app.evaluate(() => host.asked.at(-1))).toEqual({ name: 'app.setPractice', input: { on: true } });
  });

  test('hears events until it stops listening', async () => {
    await app.page.evaluate(() => {
      const heard: BackendEvent[] = [];
      const stop = window.backend.subscribe((event) => heard.push(event));
      Object.assign(window, { heard, stop });
    });
    const heard = () => app.page.evaluate(() => (window as unknown as { heard: BackendEvent[] }).heard);
    await app.evaluate(() => host.emit());
    await expect.poll(heard).toEqual([{ type: 'app.restarted' }]);
    await app.page.evaluate(() => (window as unknown as { stop(): void }).stop());
    await app.evaluate(() => host.emit());
    await app.page.evaluate(() => window.backend.request('app.info', undefined));
    expect(await heard()).toHaveLength(1);
  });

  test('reaches a worker in a utility process, which has no token in its environment', async () => {
    const answer = await app.page.evaluate(() => window.backend.request('test.echo' as 'app.info', { n: 1 } as never));
    expect(answer).toMatchObject({
      ok: true,
      value: {
        answers: [{ seq: 1, event: { message: { n: 1 }, seen: [], heap: 2, telemetry: '1' } }],
        exit: { code: null, signal: 'SIGKILL' },
      },
    });
  });

  const endOf = (message: string) =>
    app.page.evaluate((word) => window.backend.request('test.echo' as 'app.info', word as never), message);

  test('hears that a worker died of itself, and the app lives on', async () => {
    const exit = { code: null, signal: 'SIGABRT' };
    expect(await endOf('abort')).toEqual({ ok: true, value: { answers: [], exit } });
  });

  test('can end a worker that is only being started', async () => {
    const exit = { code: null, signal: 'SIGKILL' };
    expect(await endOf('nothing')).toEqual({ ok: true, value: { answers: [], exit } });
  });

  test('hears of a worker that lost its way, which does not live on as if nothing had been', async () => {
    const lost = await endOf('reject');
    expect(lost).toMatchObject({ ok: true, value: { exit: { code: 1 } } });
  });
});

describe('the page cannot', () => {
  test('open a window', async () => {
    await app.page.click('#popup');
    await app.page.evaluate(() => void window.open('https://example.org/opened'));
    const popups = () => app.evaluate(({ standin }) => standin.popups.map(({ action }) => action));
    await expect.poll(popups).toContain('deny');
    expect(await popups()).not.toContain('allow');
    expect(
      await app.evaluate(({ standin, BrowserWindow }) => [
        standin.openedExternal,
        BrowserWindow.getAllWindows().length,
      ]),
    ).toEqual([[], 1]);
  });

  test.each(['https://example.org/', 'app://latchkey/other.html', 'http://127.0.0.1:9/'])(
    'navigate to %s',
    async (url) => {
      // The stand-in shows app:// to the browser under another name; from the page's side that is "/other.html".
      const target = url.replace('app://latchkey', '');
      await app.page.evaluate((to) => {
        Object.assign(window, { stays: to });
        location.href = to;
      }, target);
      await expect.poll(() => app.evaluate(({ standin }) => standin.blocked)).toContain(url);
      await expect.poll(() => app.page.evaluate(() => (window as { stays?: string }).stays)).toBe(target);
    },
  );

  test.each(['https://example.org/x', 'http://127.0.0.1:9/x', 'file:///etc/passwd'])('fetch %s', async (url) => {
    expect(await app.page.evaluate((to) => fetch(to).then(String, (error: Error) => error.name), url)).toBe(
      'TypeError',
    );
  });

  test.each(['/../desktop/app.ts', '/..%2fdesktop%2fapp.ts', '/%2e%2e/desktop/app.ts', '/nothing.js', '/page.js?x'])(
    'read %s from the folder of the page',
    async (path) => {
      const status = await app.page.evaluate(async (to) => (await fetch(to)).status, path);
      expect(status).toBe(path === '/page.js?x' ? 200 : 404);
    },
  );

  test.each(['geolocation', 'notifications', 'camera', 'microphone', 'midi', 'clipboard-read', 'idle-detection'])(
    'use %s',
    async (name) => {
      const state = await app.page.evaluate(
        async (wanted) => (await navigator.permissions.query({ name: wanted as PermissionName })).state,
        name,
      );
      expect(state).toBe('denied');
    },
  );

  test('run a script that was written into it', async () => {
    const ran = await app.page.evaluate(() => {
      const script = document.createElement('script');
      try {
        script.text = 'window.injected = true';
        document.body.append(script);
      } catch {
        return 'refused';
      }
      return 'injected' in window;
    });
    expect(ran).toBe('refused');
    const written = await app.page.evaluate(() => {
      try {
        document.body.insertAdjacentHTML('beforeend', '<img src=x onerror="window.injected = true">');
        return 'written';
      } catch {
        return 'refused';
      }
    });
    expect(written).toBe('refused');
  });
});

test('a copy button may write to the clipboard', async () => {
  const state = await app.page.evaluate(
    async () => (await navigator.permissions.query({ name: 'clipboard-write' as PermissionName })).state,
  );
  expect(state).toBe('granted');
});

describe('a request is refused', () => {
  const trusted = { ok: true, value: 'answer' };
  const refused = { ok: false, problem: { code: 'bad-request' } };

  test.each([
    ['our page', 'app://latchkey/index.html', trusted],
    ['no frame', '', refused],
    ['about:blank', 'about:blank', refused],
    ['another scheme', 'https://latchkey/', refused],
    ['another host of our scheme', 'app://other/', refused],
    ['a host that begins like ours', 'app://latchkey.evil/', refused],
    ['a file', 'file:///latchkey/', refused],
    ['our scheme without a path', 'app://latchkey', refused],
  ])('or not, from %s', async (_what, url, expected) => {
    expect(await app.evaluate((_modules, from) => host.askAs(from), url)).toMatchObject(expected);
  });

  test('from a frame inside our page', async () => {
    expect(await app.evaluate(() => host.askAs('app://latchkey/', { parent: {} }))).toMatchObject(refused);
  });

  test('from contents that are not a window of ours', async () => {
    expect(await app.evaluate(() => host.askAs('app://latchkey/', { sender: {} }))).toMatchObject(refused);
  });
});

test('the menu switches practice mode', async () => {
  const checked = await app.evaluate(({ Menu }) => {
    const item = Menu.getApplicationMenu()?.getMenuItemById('practice');
    item?.click();
    return [item?.label, item?.checked, [...host.practice]];
  });
  expect(checked).toEqual(['Practice without an account', true, [true]]);
});

test('a notification is shown, and a click on it comes back', async () => {
  const shown = await app.evaluate(({ standin }) => {
    host.practice.length = 0;
    host.notify({ title: 'Access granted', text: 'The download begins.' });
    standin.notifications[0]?.click();
    return [standin.notifications[0]?.title, standin.notifications[0]?.body, host.practice.length];
  });
  expect(shown).toEqual(['Access granted', 'The download begins.', 1]);
});

test('a page that lost its process is loaded again', async () => {
  const loads = () =>
    app.evaluate(({ standin }) => standin.requested.filter((url) => url === 'app://latchkey/').length);
  const before = await loads();
  await app.evaluate(({ BrowserWindow }) =>
    BrowserWindow.getAllWindows()[0]?.webContents.emit('render-process-gone', {}, { reason: 'crashed', exitCode: 5 }),
  );
  await expect.poll(loads).toBe(before + 1);
  await expect.poll(() => app.page.title()).toBe('The script ran');
});

describe('when the computer sleeps', () => {
  test('downloads pause and go on afterwards; what the person paused, or what only waits, is left alone', async () => {
    const asked = await app.evaluate(({ powerMonitor }) => {
      const tell = (repo: string, step: string, kind: string): void =>
        host.hear({ type: 'setup.changed', setup: { repo, step, activity: { kind } } });
      tell('a/moving', 'download', 'working');
      tell('a/paused', 'download', 'paused');
      tell('a/waiting', 'access', 'waiting');
      tell('a/preparing', 'prepare', 'working');
      powerMonitor.emit('suspend');
      const before = [...host.work];
      powerMonitor.emit('resume');
      powerMonitor.emit('resume');
      return [before, host.work];
    });
    expect(asked).toEqual([['setup.pause a/moving'], ['setup.pause a/moving', 'setup.start a/moving']]);
  });
});
