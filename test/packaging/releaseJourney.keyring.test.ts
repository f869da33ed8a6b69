/** How the release workflow starts the journey on a packed program: with a screen, with a keyring, and never with nothing. */
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

const root = resolve(import.meta.dirname, '../..');
let place: string;
beforeEach(() => (place = mkdtempSync(join(tmpdir(), 'release-journey-'))));
afterEach(() => rmSync(place, { recursive: true, force: true }));

describe.runIf(process.platform === 'linux')('releaseJourney.sh', () => {
  const journey = (folder: string, env: Record<string, string | undefined>) =>
    promisify(execFile)('bash', [join(root, 'build/releaseJourney.sh'), folder], { env: { ...process.env, ...env } });

  test('gives the program a screen and an unlocked keyring', async () => {
    const put = (path: string, script: string): void => {
      mkdirSync(join(place, path, '..'), { recursive: true });
      writeFileSync(join(place, path), `#!/bin/bash\n${script}\n`, { mode: 0o755 });
    };
    put('release/linux-unpacked/latchkey', 'true');
    put('release/linux-unpacked/chrome-sandbox', 'true');
    put('bin/sudo', 'echo "sudo $*" >>"$SEEN"');
    put('bin/xvfb-run', '[ "$1" = --auto-servernum ] && shift; DISPLAY=:77 exec "$@"');
    put(
      'bin/node',
      `printf '%s\\n' "$DISPLAY" "$LATCHKEY_PROGRAM" "$*" >>"$SEEN"
       gdbus call --session --dest org.freedesktop.secrets --object-path /org/freedesktop/secrets/collection/login \\
         --method org.freedesktop.DBus.Properties.Get org.freedesktop.Secret.Collection Locked >>"$SEEN"`,
    );
    const SEEN = join(place, 'seen');
    const PATH = `${join(place, 'bin')}:${process.env['PATH']}`;
    await journey(join(place, 'release'), { PATH, SEEN, WITH_KEYRING_INSIDE: undefined });
    const helper = join(place, 'release/linux-unpacked/chrome-sandbox');
    expect(readFileSync(SEEN, 'utf8').trim().split('\n')).toEqual([
      `sudo chown root:root ${helper}`,
      `sudo chmod 4755 ${helper}`,
      ':77',
      join(place, 'release/linux-unpacked/latchkey'),
      'node_modules/vitest/vitest.mjs run --config build/vitest.config.ts test/journeys/journey -t electron host',
      '(<false>,)',
    ]);
  });

  test('without a program says so', async () => {
    mkdirSync(join(place, 'release'));
    await expect(journey(join(place, 'release'), { LATCHKEY_PROGRAM: undefined })).rejects.toThrow(
      /there is no packed program/,
    );
  });
});

test('a run that was meant for a packed program does not pass without it', async () => {
  const { realElectron } = await import('../hosts/launchElectron.ts');
  const before = process.env['LATCHKEY_PROGRAM'];
  process.env['LATCHKEY_PROGRAM'] = join(place, 'nothing');
  try {
    expect(() => realElectron()).toThrow(/does not run as root|There is no/);
  } finally {
    if (before === undefined) delete process.env['LATCHKEY_PROGRAM'];
    else process.env['LATCHKEY_PROGRAM'] = before;
  }
});
