import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { makeCodec } from './codec.ts';
import { launchStandin, spawnStandin, type StandinApp } from './launch.ts';

const demo = join(import.meta.dirname, 'demo', 'main.ts');

/** What the demo's preload exposes. */
interface DemoWindow {
  readonly demo: {
    readonly seen: string;
    call(channel: string, ...values: unknown[]): Promise<never>;
    addOne(number: number): number;
  };
  readonly ticks: readonly string[];
}

describe('a page on the stand-in', () => {
  let app: StandinApp;
  let page: Page;
  beforeAll(async () => {
    app = await launchStandin({ app: demo });
    page = app.page;
  });
  afterAll(() => app?.close());

  test('a session that is not left without languages at once would fetch a dictionary', async () => {
    expect(await app.evaluate(({ standin }) => standin.dictionaries)).toEqual(
      process.platform === 'darwin' ? [] : ['en-US'],
    );
  });

  test('a place that does not exist is refused, as the documentation says', async () => {
    const setting = app.evaluate(({ app: electron }) => electron.setPath('logs', '/there/is/nothing'));
    await expect(setting).rejects.toThrow(/does not exist/);
  });

  const call = (channel: string, value?: unknown): Promise<unknown> =>
    page.evaluate(
      async ([name, input]) =>
        (window as unknown as DemoWindow).demo.call(name as string, input).catch((error: Error) => error.message),
      [channel, value],
    );

  test('has no Node, and sees only what the preload exposed, frozen', async () => {
    const seen = await page.evaluate(() => {
      const global = window as unknown as Record<string, unknown>;
      return [
        ...['require', 'process', 'module', 'standinSend', 'standinReceive', 'fromPreload'].map(
          (key) => typeof global[key],
        ),
        Object.isFrozen(global['demo']),
      ];
    });
    expect(seen).toEqual([...Array<string>(6).fill('undefined'), true]);
  });

  test('has a preload that sees electron and nothing of Node', async () => {
    const seen = await page.evaluate(() => (window as unknown as DemoWindow).demo.seen);
    expect(seen).toBe('string,undefined,true,module not found: node:fs');
  });

  test('gets answers of exposed functions synchronously', async () => {
    expect(await page.evaluate(() => (window as unknown as DemoWindow).demo.addOne(41))).toBe(42);
  });

  test('exchanges structured clones with main', async () => {
    const kept = await page.evaluate(async () => {
      const sent = {
        date: new Date(5),
        map: new Map([[1, 2n]]),
        set: new Set(['x']),
        none: undefined,
        bytes: new Float32Array([1.5]),
      };
      const back = (await (window as unknown as DemoWindow).demo.call('echo', sent)) as typeof sent;
      return [back.date.getTime(), String(back.map.get(1)), back.set.has('x'), 'none' in back, back.bytes[0]];
    });
    expect(kept).toEqual([5, '2', true, true, 1.5]);
  });

  test.each([
    ['fail', "Error invoking remote method 'fail': TypeError: bad thing"],
    ['uncloneable', "Error invoking remote method 'uncloneable': Error: An object could not be cloned."],
    ['missing', "Error invoking remote method 'missing': Error: No handler registered for 'missing'"],
  ])('gets the failure of %s in the words of Electron', async (channel, words) => {
    expect(await call(channel)).toBe(words);
  });

  test('is known to main by the address of the app, not by the one the browser was shown', async () => {
    expect(await call('sender')).toEqual({ url: 'app://demo/', origin: 'app://demo' });
  });

  test('loses what was sent before its preload ran', async () => {
    await app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.webContents.send('tick', 'in time'));
    await expect.poll(() => page.evaluate(() => (window as unknown as DemoWindow).ticks)).toEqual(['in time']);
    expect(await app.evaluate(({ standin }) => standin.lost)).toEqual(['tick']);
  });

  test('reaches a utility process that has a parent port, its own environment, and no Node channel', async () => {
    expect(await call('work', { n: [1, 2] })).toEqual({
      echo: { n: [1, 2] },
      send: 'undefined',
      mark: 'only this',
      path: undefined,
      ownProcess: true,
    });
  });

  // On Linux and macOS, what `waitpid` says: the bare number of a signal. V8's last words come first.
  test.runIf(process.platform !== 'win32').each([
    ['end', [false, 3]],
    ['kill', [9]],
    ['abort', ['FatalError', 6]],
    ['wait', [0]], // main ended it
  ])('is told how a utility process ended (%s), and nothing reaches it afterwards', async (way, ending) => {
    expect(await call('ending', way)).toEqual([...ending, 'gone', false]);
  });

  test('cannot reach the network', async () => {
    const answer = await page.evaluate(() => fetch('https://example.org/').then(String, (error: Error) => error.name));
    expect(answer).toBe('TypeError');
  });

  test('is asked about navigation and windows, and stays where it is', async () => {
    await page.evaluate(() => Object.assign(window, { stays: true }));
    await page.click('#popup');
    await page.click('#away', { noWaitAfter: true });
    await expect
      .poll(() => app.evaluate(({ standin }) => standin.popups))
      .toEqual([{ url: 'https://example.org/popup', action: 'deny' }]);
    await expect.poll(() => app.evaluate(({ standin }) => standin.blocked)).toContain('https://example.org/');
    await expect.poll(() => page.evaluate(() => 'stays' in window)).toBe(true);
  });

  test('is loaded again when main says so, also while main loads it already, and nobody calls that navigating', async () => {
    await app.evaluate(async ({ BrowserWindow }) => {
      const window = BrowserWindow.getAllWindows()[0];
      void window?.loadURL('app://demo/');
      await new Promise((settle) => setTimeout(settle, 0));
      window?.webContents.reload();
    });
    const requests = () =>
      app.evaluate(({ standin }) => standin.requested.filter((url) => url === 'app://demo/').length);
    await expect.poll(requests).toBe(3); // the first start, the address, the reload
    await expect.poll(() => page.evaluate(() => 'stays' in window)).toBe(false);
    expect(await app.evaluate(({ standin }) => standin.blocked)).not.toContain('app://demo/');
  });

  test('has every permission when the app says nothing, as on Electron', async () => {
    expect(await permission(page, 'geolocation')).toBe('granted');
  });
});

async function permission(page: Page, name: string): Promise<string> {
  return page.evaluate(async (wanted) => (await navigator.permissions.query({ name: wanted as 'midi' })).state, name);
}

test('permissions follow the handler of the app', async () => {
  const app = await launchStandin({ app: demo, args: ['--permissions'] });
  try {
    expect([await permission(app.page, 'midi'), await permission(app.page, 'geolocation')]).toEqual([
      'granted',
      'denied',
    ]);
  } finally {
    await app.close();
  }
});

test.each([
  ['--early-window', 70, 'before app is ready'],
  ['--early-protocol', 70, 'after app is ready'],
  ['--early-worker', 70, 'before app is ready'],
  ['--wait-at-top', 71, 'waits for ready at its top level'],
])('a main module with %s ends with code %i', async (flag, code, words) => {
  const { exited, log } = spawnStandin({ app: demo, args: [flag] });
  expect(await exited).toBe(code);
  expect(log()).toContain(words);
});

test('the codec keeps what a structured clone keeps', () => {
  const { encode, decode } = makeCodec();
  const shared = { name: 'shared' };
  const value = {
    shared: [shared, shared],
    numbers: [0, -0, NaN, Infinity, 1.5],
    big: 2n ** 70n,
    missing: undefined,
    nothing: null,
    pattern: /a+/gi,
    view: new Uint16Array([1, 65535]),
    error: new RangeError('far'),
  };
  const back = decode(encode(value)) as typeof value;
  expect(back).toEqual(value);
  expect(back.shared[0]).toBe(back.shared[1]);
  expect(back.error).toBeInstanceOf(RangeError);
});

test.each([[() => 1], [Symbol('x')], [{ deep: [() => 1] }]])('the codec refuses %o', (value) => {
  expect(() => makeCodec().encode(value)).toThrow('An object could not be cloned.');
});
