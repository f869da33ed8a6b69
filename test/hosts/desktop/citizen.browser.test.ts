import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { SetupState } from '../../../electron/contract/setup.ts';
import { type DesktopApp, ensureBuilt, launchDesktop } from '../launch.ts';

/** What a stand-in window knows beyond Electron's own. */
interface Window {
  readonly progress: number;
}

let data: string;
beforeAll(async () => {
  await ensureBuilt();
  data = await mkdtemp(join(tmpdir(), 'latchkey-citizen-'));
}, 120_000);
afterAll(() => rm(data, { recursive: true, force: true }));

/** A second start by the system, with these words on its command line. */
const startAgain = (app: DesktopApp, words: string[]) =>
  app.evaluate(({ app: electron }, given) => void electron.emit('second-instance', {}, given, ''), words);
const chooseInMenu = (app: DesktopApp, id: string) =>
  app.evaluate(({ Menu }, given) => {
    const item = Menu.getApplicationMenu()?.getMenuItemById(given);
    if (!item) throw new Error(`the menu has no ${given}`);
    item.click();
  }, id);

describe('links', () => {
  let app: DesktopApp;
  beforeAll(async () => {
    app = await launchDesktop({ args: ['--practice', 'latchkey://model/practice-labs/Keyhole-1'] });
  }, 60_000);
  afterAll(() => app?.close());

  test('on the command line of the first start are asked about, and no means no', async () => {
    const sheet = app.page.getByRole('dialog');
    await sheet.waitFor();
    expect(await sheet.innerText()).toContain('practice-labs/Keyhole-1');
    await app.page.getByTestId('link-no').click();
    await sheet.waitFor({ state: 'detached' });
    expect(await app.page.locator('[data-step]').filter({ hasText: 'Keyhole' }).count()).toBe(0);
  });

  test('of a second start set the model up after a yes', async () => {
    await startAgain(app, ['/usr/bin/latchkey', 'latchkey://model/practice-labs/Doorstep-Instruct']);
    await app.page.getByTestId('link-yes').click();
    await app.page.getByRole('heading', { name: /Doorstep/ }).waitFor();
  });

  test('from macOS arrive as an event', async () => {
    const prevented = await app.evaluate(({ app: electron }) => {
      let stopped = false;
      electron.emit('open-url', { preventDefault: () => (stopped = true) }, 'latchkey://model/practice-labs/Keyhole-1');
      return stopped;
    });
    expect(prevented).toBe(true);
    await app.page.getByTestId('link-no').click();
  });

  test('that are anything else are not even asked about', async () => {
    await startAgain(app, ['latchkey://model/../../x', 'latchkey://run/rm', 'latchkey://model/a/b?x=1']);
    await chooseInMenu(app, 'settings');
    await app.page.getByRole('heading', { name: 'Settings' }).waitFor();
    expect(await app.page.getByRole('dialog').count()).toBe(0);
  });
});

describe('the system around the app', () => {
  let app: DesktopApp;
  beforeAll(async () => {
    app = await launchDesktop({ data, args: ['--practice'] });
  }, 60_000);
  afterAll(() => app?.close());

  test('the menu has the usual commands with the usual keys', async () => {
    const keys = await app.evaluate(({ Menu }) => {
      const item = (id: string) => Menu.getApplicationMenu()?.getMenuItemById(id) as { accelerator?: string } | null;
      return [item('new-chat')?.accelerator, item('settings')?.accelerator];
    });
    expect(keys).toEqual(['CmdOrCtrl+N', 'CmdOrCtrl+,']);
    await chooseInMenu(app, 'settings');
    await app.page.getByRole('heading', { name: 'Settings' }).waitFor();
    await chooseInMenu(app, 'show-data');
    expect(await app.evaluate(({ standin }) => standin.openedPaths)).toEqual([data]);
    await app.page.getByRole('button', { name: 'Open data folder' }).click();
    await expect.poll(() => app.evaluate(({ standin }) => standin.openedPaths.length)).toBe(2);
    // The page is answered, which Electron on Linux does not do for what main asks of it.
    const asked = app.page.evaluate(() => window.backend?.request('app.showFolder', { folder: 'data' }));
    expect(await asked).toEqual({ ok: true, value: undefined });
  });

  test('a right click offers what can be done there', async () => {
    const menus = await app.evaluate(({ BrowserWindow, standin }) => {
      const contents = BrowserWindow.getAllWindows()[0]?.webContents;
      const none = { canUndo: true, canRedo: true, canCut: true, canCopy: true, canPaste: true, canSelectAll: true };
      const at = {
        isEditable: false,
        selectionText: '',
        editFlags: none,
        dictionarySuggestions: [],
        misspelledWord: '',
      };
      contents?.emit('context-menu', {}, at);
      contents?.emit('context-menu', {}, { ...at, selectionText: 'words' });
      contents?.emit(
        'context-menu',
        {},
        { ...at, isEditable: true, misspelledWord: 'teh', dictionarySuggestions: ['the'] },
      );
      return standin.popupMenus;
    });
    expect(menus).toHaveLength(2);
    expect(menus[0]).toEqual(['copy']);
    expect(menus[1]?.[0]).toBe('the');
    expect(menus[1]).toEqual(expect.arrayContaining(['cut', 'copy', 'paste']));
  });

  test('a model being set up shows on the icon and keeps the computer awake, and nothing does afterwards', async () => {
    // Everything the system saw while it went on, caught at the source.
    await app.evaluate(({ BrowserWindow, standin }) => {
      const window = BrowserWindow.getAllWindows()[0] as unknown as { setProgressBar(value: number): void };
      const seen: [number, number][] = [];
      const before = window.setProgressBar.bind(window);
      window.setProgressBar = (value) => {
        before(value);
        setImmediate(() => seen.push([value, standin.awake.size]));
      };
      Object.assign(globalThis, { seen });
    });
    await app.page.getByRole('button', { name: 'Models', exact: true }).click();
    await app.page.getByTestId('paste-model').fill('open-practice/Doorstep-Instruct');
    await app.page.getByTestId('add-model').click();
    await app.page.getByRole('button', { name: 'Start download' }).click();
    await app.page.getByTestId('start-chatting').waitFor({ timeout: 50_000 });
    await expect
      .poll(() => app.evaluate(({ BrowserWindow }) => (BrowserWindow.getAllWindows()[0] as unknown as Window).progress))
      .toBe(-1);
    const seen = await app.evaluate(() => (globalThis as unknown as { seen: [number, number][] }).seen);
    expect(seen.some(([value, awake]) => value >= 0 && awake === 1)).toBe(true);
    expect(await app.evaluate(({ standin }) => standin.awake.size)).toBe(0);
  }, 60_000);

  test('an exported model comes back by a drop on the window, or by opening the file beside it', async () => {
    const stick = join(data, 'stick');
    await mkdir(stick);
    await app.evaluate(({ dialog }, folder) => {
      dialog.showOpenDialog = async () => ({ canceled: false, filePaths: [folder] as never });
    }, stick);
    await app.page.getByRole('button', { name: 'Storage' }).click();
    await app.page
      .getByTestId('stored-model')
      .getByRole('button', { name: /Export/ })
      .click();
    await app.page.getByText(/Exported to/).waitFor();
    const [model = ''] = await readdir(stick);
    const sheet = app.page.getByRole('dialog');
    const look = async (): Promise<void> => {
      await sheet.getByText(/Import .*Doorstep-Instruct\?/).waitFor();
      await sheet.getByRole('button', { name: 'Cancel' }).click();
      await sheet.waitFor({ state: 'detached' });
    };
    await app.evaluate(
      async ({ BrowserWindow }, path) => {
        const contents = BrowserWindow.getAllWindows()[0]?.webContents as unknown as { drop(paths: string[]): unknown };
        await contents.drop([path]);
      },
      join(stick, model),
    );
    await look();
    const file = join(stick, model, 'Doorstep-Instruct.latchkey');
    await startAgain(app, ['/usr/bin/latchkey', file]);
    await look();
    const prevented = await app.evaluate(({ app: electron }, path) => {
      let stopped = false;
      electron.emit('open-file', { preventDefault: () => (stopped = true) }, path);
      return stopped;
    }, file);
    expect(prevented).toBe(true);
    await look();
  });

  test('what holds no model is answered with a sentence, and a drop that the page made up is not heard', async () => {
    await app.page.evaluate(() => {
      const dataTransfer = new DataTransfer();
      dataTransfer.items.add(new File(['x'], 'x.latchkey'));
      window.dispatchEvent(new DragEvent('drop', { dataTransfer, bubbles: true, cancelable: true }));
    });
    const empty = join(data, 'empty');
    await mkdir(empty);
    await app.evaluate(async ({ BrowserWindow }, path) => {
      const contents = BrowserWindow.getAllWindows()[0]?.webContents as unknown as { drop(paths: string[]): unknown };
      await contents.drop([path]);
    }, empty);
    const problems = app.page.getByTestId('problem');
    await problems.first().waitFor();
    expect(await problems.count()).toBe(1);
    expect(await problems.textContent()).toContain('It holds no model');
    expect(await app.page.getByRole('dialog').count()).toBe(0);
  });

  test('the tray is for who asks for it; then a closed window leaves the app running', async () => {
    const trays = () => app.evaluate(({ standin }) => standin.trays.size);
    expect(await trays()).toBe(0);
    await chooseInMenu(app, 'settings');
    const tray = app.page.getByRole('switch', { name: 'Stay in the tray' });
    await tray.check();
    await expect.poll(trays).toBe(1);
    await tray.uncheck();
    await expect.poll(trays).toBe(0);
    await tray.check();
    await expect.poll(trays).toBe(1);
    await app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.close());
    await expect.poll(() => app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows().length)).toBe(0);
    // Twice in a moment, while where it stood is still being read.
    await app.evaluate(({ standin }) => {
      for (let click = 0; click < 2; click += 1) [...standin.trays][0]?.menu?.items[0]?.click();
    });
    await expect.poll(() => app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows().length)).toBe(1);
    await new Promise((settle) => setTimeout(settle, 300)); // time for a second one
    expect(await app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows().length)).toBe(1);
    await app.close();
    app = await launchDesktop({ data, args: ['--practice'], env: { STANDIN_ACCENT: '00ff88ff' } });
    await expect.poll(trays).toBe(1);
  });

  test("the system's accent colour rings what has the focus, dark enough to be seen", async () => {
    const ring = () =>
      app.page.evaluate(() => getComputedStyle(document.documentElement).getPropertyValue('accent-color'));
    await expect.poll(ring).toMatch(/^oklch\(0\.55 /);
    await app.evaluate(({ systemPreferences }) => {
      process.env['STANDIN_ACCENT'] = '203040ff';
      (systemPreferences as unknown as { emit(name: string): void }).emit('accent-color-changed');
    });
    await expect.poll(ring).toMatch(/^oklch\(0\.[123]/);
  });

  test('a page that dies is loaded again, three times; then the person is asked', async () => {
    const asked = await app.evaluate(async ({ BrowserWindow, dialog }) => {
      const contents = BrowserWindow.getAllWindows()[0]?.webContents;
      let reloads = 0;
      let questions = 0;
      if (contents) contents.reload = () => void (reloads += 1);
      dialog.showMessageBox = async () => {
        questions += 1;
        return { response: 0, checkboxChecked: false };
      };
      const counts: [number, number][] = [];
      for (let death = 1; death <= 4; death += 1) {
        contents?.emit('render-process-gone', {}, { reason: 'crashed', exitCode: 1 });
        await new Promise((settle) => setTimeout(settle, 20));
        counts.push([reloads, questions]);
      }
      return counts;
    });
    expect(asked).toEqual([
      [1, 0],
      [2, 0],
      [3, 0],
      [4, 1],
    ]);
  });

  test('a page that does not answer is asked about; the question goes away when it does, or the page is loaded again', async () => {
    // The window of the test before has died too often to be loaded again.
    await app.close();
    app = await launchDesktop({ data, args: ['--practice'] });
    await app.page.evaluate(() => Object.assign(globalThis, { before: true }));
    const asked = await app.evaluate(async ({ BrowserWindow, dialog }) => {
      const window = BrowserWindow.getAllWindows()[0] as unknown as { emit(name: string): void };
      const questions: { signal?: AbortSignal; buttons?: string[] }[] = [];
      const answers: ((button: number) => void)[] = [];
      dialog.showMessageBox = async (_window: unknown, question: { signal?: AbortSignal }) => {
        questions.push(question);
        const response = await new Promise<number>((settle) => {
          answers.push(settle);
          question.signal?.addEventListener('abort', () => settle(0)); // as Electron: the answer of cancelId
        });
        return { response, checkboxChecked: false };
      };
      const settled = () => new Promise((done) => setTimeout(done, 20));
      window.emit('unresponsive');
      window.emit('unresponsive'); // asked once
      await settled();
      const first = questions.length;
      window.emit('responsive');
      await settled();
      const takenBack = questions[0]?.signal?.aborted;
      window.emit('unresponsive');
      await settled();
      answers[1]?.(1);
      await settled();
      return [first, takenBack, questions.length, questions[0]?.buttons];
    });
    expect(asked).toEqual([1, true, 2, ['Wait', 'Load again']]);
    await expect.poll(() => app.page.evaluate(() => 'before' in globalThis)).toBe(false);
    await app.page.getByRole('navigation').first().waitFor();
  });

  test('the window comes back where it was', async () => {
    await app.evaluate(({ BrowserWindow }) => {
      const window = BrowserWindow.getAllWindows()[0] as unknown as { setBounds(bounds: object): void };
      window.setBounds({ x: 300, y: 200, width: 1000, height: 700 });
    });
    await app.close();
    app = await launchDesktop({ data, args: ['--practice'] });
    const bounds = await app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.getNormalBounds());
    expect(bounds).toEqual({ x: 300, y: 200, width: 1000, height: 700 });
  });

  test('reset forgets the set-ups and keeps the models', async () => {
    await chooseInMenu(app, 'settings');
    await app.page.getByTestId('reset').click();
    await app.page.getByRole('dialog').getByRole('button', { name: 'Reset Latchkey' }).click();
    await expect
      .poll(() =>
        app.page.evaluate(async () => {
          const { backend } = window as unknown as {
            backend: { request(name: string, input?: unknown): Promise<{ value: SetupState[] }> };
          };
          const [setups, models] = [
            await backend.request('setup.list', undefined),
            await backend.request('models.list', undefined),
          ];
          return [setups.value.length, models.value.length];
        }),
      )
      .toEqual([0, 1]);
  });
});
