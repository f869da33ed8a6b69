import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { spawnStandin } from '../../standin/launch.ts';

const folder = mkdtempSync(join(tmpdir(), 'relaunch-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const app = join(import.meta.dirname, 'relaunchApp.ts');
const words = ['--data', '/a folder', 'latchkey://model/practice-labs/Keyhole-1', '--practice'];

describe('starting anew', () => {
  test('is asked of the system, with the same words but without a wish that was heard', async () => {
    const run = spawnStandin({ app, args: words });
    expect(await run.exited).toBe(0);
    const asked = JSON.parse(run.log().split('[stand-in] starts again ')[1] ?? '') as { args: readonly string[] };
    expect(asked.args.slice(-3)).toEqual(['--data', '/a folder', '--practice']);
  });

  test.runIf(process.platform === 'linux')('out of an AppImage waits until that one is gone', async () => {
    const image = join(folder, 'Latchkey and more.AppImage');
    const seen = join(folder, 'seen');
    // Written whole, then there at once.
    writeFileSync(
      image,
      `#!/bin/sh\nkill -0 $(cat "${folder}/pid") 2>/dev/null && echo too early > "${seen}.new"\nprintf '%s\\n' "$@" >> "${seen}.new"\nmv "${seen}.new" "${seen}"\n`,
      { mode: 0o755 },
    );
    const run = spawnStandin({ app, args: words, env: { APPIMAGE: image } });
    writeFileSync(join(folder, 'pid'), String(run.child.pid));
    expect(await run.exited).toBe(0);
    const started = (): readonly string[] => {
      try {
        return readFileSync(seen, 'utf8').trim().split('\n');
      } catch {
        return [];
      }
    };
    await expect.poll(() => started().slice(-3), { timeout: 10_000 }).toEqual(['--data', '/a folder', '--practice']);
    expect(started()).not.toContain('too early');
  });
});
