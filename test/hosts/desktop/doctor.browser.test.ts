/** `latchkey doctor`: the installed program in a terminal. */
import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type PracticeHub } from '../../../electron/practice/hub/practiceHub.ts';
import { startPracticeHub } from '../../../electron/practice/hub/startPracticeHub.ts';
import { ensureBuilt, launchDesktop, root } from '../launch.ts';

const gated = 'practice-labs/Keyhole-1-Instruct';
const place = mkdtempSync(join(tmpdir(), 'desktop-doctor-'));
let hub: PracticeHub;
beforeAll(async () => {
  await ensureBuilt();
  hub = await startPracticeHub({ modelFolder: join(root, 'electron/practice/model') });
}, 120_000);
afterAll(async () => {
  await hub.close();
  rmSync(place, { recursive: true, force: true });
});

/** The program's own words and end. A packed program has no word before `doctor`, one from source has the project's folder. */
function latchkey(
  words: readonly string[],
  packaged: boolean,
): Promise<{ readonly code: number; readonly text: string }> {
  const home = join(place, packaged ? 'packed' : 'source');
  const temporary = join(home, 'tmp');
  mkdirSync(temporary, { recursive: true });
  const { PATH, CHROMIUM_PATH } = process.env;
  const standin = ['--import', join(root, 'test/standin/register.ts'), join(root, 'test/standin/run.ts'), root];
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [...standin, ...words],
      {
        env: {
          PATH,
          CHROMIUM_PATH,
          HOME: home,
          TMPDIR: temporary,
          LANG: 'C.UTF-8',
          HF_ENDPOINT: hub.endpoint,
          STANDIN_APP_ROOT: root,
          ...(packaged && { STANDIN_PACKAGED: '1' }),
        },
      },
      (error, stdout, stderr) =>
        resolve({ code: typeof error?.code === 'number' ? error.code : 0, text: stdout + stderr }),
    );
  });
}

test.each([true, false])(
  'says what is true of a model, and its exit code says it too (packed: %s)',
  async (packaged) => {
    // On Windows some places cannot be removed before the next time; a living process keeps its own.
    const kept = `latchkey-doctor-${process.pid}`;
    const temporary = join(place, packaged ? 'packed' : 'source', 'tmp');
    for (const name of [kept, 'latchkey-doctor-4194999', 'latchkey-unfinished-4194999'])
      mkdirSync(join(temporary, name, 'Cache'), { recursive: true });
    const { code, text } = await latchkey(['doctor', '--json', gated], packaged);
    expect(text).toMatch(/^\{/);
    const found = JSON.parse(text) as { trouble: string; exitCode: number };
    expect(found).toMatchObject({ trouble: 'token', exitCode: 11 });
    expect(code).toBe(11);
    // Neither a data folder nor Chromium's own files stay behind.
    const home = join(place, packaged ? 'packed' : 'source');
    expect(existsSync(join(home, '.local/share/Latchkey'))).toBe(false);
    expect(readdirSync(temporary).filter((name) => name.startsWith('latchkey'))).toEqual([kept]);
  },
  60_000,
);

test('explains itself in its own name, and refuses what it does not understand', async () => {
  const help = await latchkey(['doctor', '--help'], true);
  expect(help.code).toBe(0);
  expect(help.text).toContain('latchkey doctor OWNER/NAME');
  expect((await latchkey(['doctor', '--quick'], true)).code).toBe(2);
}, 60_000);

test('works beside a Latchkey that is running, which does not notice', async () => {
  const app = await launchDesktop({ env: { HF_ENDPOINT: hub.endpoint } });
  try {
    const { code, text } = await latchkey(['doctor', '--data', app.data], true);
    expect(code).not.toBe(2);
    expect(text).toMatch(/runtime +The inference runtime loads/);
    expect(await app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows().length)).toBe(1);
  } finally {
    await app.close();
  }
}, 60_000);
