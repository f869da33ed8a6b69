/** How the built desktop app starts and ends in the places where people start it. */
import { lstatSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Backend } from '../../../electron/contract/ipc.ts';
import { spawnStandin } from '../../standin/launch.ts';
import { type DesktopApp, ensureBuilt, launchDesktop, root } from '../launch.ts';

declare const window: Window & { readonly backend: Backend };

beforeAll(ensureBuilt);

test('a second desktop app ends at once', async () => {
  const data = mkdtempSync(join(tmpdir(), 'latchkey-'));
  const { exited } = spawnStandin({ app: root, args: ['--data', data], env: { STANDIN_LOCK_TAKEN: '1' } });
  expect(await exited).toBe(0);
  rmSync(data, { recursive: true });
});

describe('the desktop app from a stick, on a system without much', () => {
  let app: DesktopApp;
  const programs = mkdtempSync(join(tmpdir(), 'latchkey-'));
  beforeAll(async () => {
    writeFileSync(join(programs, 'xdg-settings'), '#!/bin/sh\n', { mode: 0o755 });
    app = await launchDesktop({
      app: root, // as if it were packed
      env: {
        STANDIN_NO_LINKS: '1',
        PORTABLE_EXECUTABLE_DIR: programs,
        PATH: `${programs}:${process.env['PATH']}`,
      },
    });
  });
  afterAll(async () => {
    await app.close();
    rmSync(programs, { recursive: true });
  });

  test('starts where the disk knows no symbolic links, and a second one still ends at once', async () => {
    await expect.poll(() => app.page.title()).toContain('Latchkey');
    const second = spawnStandin({ app: root, args: ['--data', app.data], env: { STANDIN_NO_LINKS: '1' } });
    expect(await second.exited).toBe(0);
    expect(second.log()).toContain('already running');
  });

  test('takes no links of models, which would lead to a file that goes with it', async () => {
    expect(await app.evaluate(({ standin }) => standin.protocols)).toEqual([]);
  });

  test.runIf(process.platform === 'linux')('shows the address of a page when no browser is known', async () => {
    const answer = await app.page.evaluate(() => window.backend.request('page.open', { page: 'tokens' }));
    expect(answer).toMatchObject({ ok: true, value: { opened: false } });
    await app.page.getByRole('navigation').getByRole('button', { name: 'Access' }).click();
    const button = app.page.getByTestId('page-tokens').first();
    await button.click();
    // Xdg-open was asked all the same, and is again when the person tries again.
    await app.page.getByText('https://huggingface.co/settings/tokens').first().waitFor();
    await button.click();
    await expect.poll(() => app.evaluate(({ standin }) => standin.openedExternal.length)).toBe(3);
  });
});

test('an installed desktop app takes the links of models; when a session of Windows ends, everything is put away', async () => {
  const app = await launchDesktop({ app: root });
  try {
    expect(await app.evaluate(({ standin }) => standin.protocols)).toEqual(['latchkey']);
    const lock = join(app.data, 'SingletonLock');
    const held = (): boolean => lstatSync(lock, { throwIfNoEntry: false }) !== undefined;
    expect(held()).toBe(true);
    // Nothing else is told.
    await app.evaluate(({ BrowserWindow }) => void BrowserWindow.getAllWindows()[0]?.emit('session-end', {}));
    await expect.poll(held).toBe(false); // the very last thing of all
  } finally {
    await app.close();
  }
});
