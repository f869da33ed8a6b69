/** The scripts that only the public workflows call, run as far as they go without the public. */
import { execFile } from 'node:child_process';
import { createHash, generateKeyPairSync } from 'node:crypto';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import about from '../../package.json' with { type: 'json' };
import bundled from '../../build/bundled.json' with { type: 'json' };
import { startPracticeHub } from '../../electron/practice/hub/startPracticeHub.ts';
import { isSigned, type Release } from '../../electron/services/updates/signature.ts';
import { ensureBuilt } from '../hosts/launch.ts';

const root = resolve(import.meta.dirname, '../..');
const { version } = about;
const run = (script: string, args: readonly string[], env: Record<string, string> = {}) =>
  promisify(execFile)(process.execPath, [join(root, 'build', script), ...args], { env: { ...process.env, ...env } });

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'release-'))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test('the probe records every answer of a Hub, and no token', async () => {
  const hub = await startPracticeHub({ modelFolder: join(root, 'electron/practice/model') });
  try {
    const token = `hf_${'probe'.repeat(8)}`;
    await run('probeHub.ts', [folder], {
      LATCHKEY_PROBE_HUB: hub.endpoint,
      PROBE_READ_TOKEN: token,
      // A secret that nobody stored.
      PROBE_BOXLESS_TOKEN: '',
      PROBE_DEAD_TOKEN: '',
    });
    const files = readdirSync(folder);
    expect(files).toHaveLength(3 * 11); // nobody, the given token, a dead one
    const answers = files.map((file) => readFileSync(join(folder, file), 'utf8'));
    expect(answers.filter((text) => text.includes(token))).toEqual([]);
    const dead = JSON.parse(readFileSync(join(folder, 'whoami-v2.dead.json'), 'utf8')) as { status: number };
    expect(dead.status).toBe(401);
  } finally {
    await hub.close();
  }
});

test('release files are signed as the app wants them, unless they say what is not true', async () => {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519', {
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  });
  const program = Buffer.from('program');
  writeFileSync(join(folder, 'Latchkey-1.0.0.AppImage'), program);
  const sha512 = createHash('sha512').update(program).digest('base64');
  const yml = join(folder, 'latest-linux.yml');
  writeFileSync(
    yml,
    `version: 1.0.0\nfiles:\n  - url: Latchkey-1.0.0.AppImage\n    sha512: ${sha512}\n    size: 7\nreleaseNotes: |\n  - One\n  - Two\n`,
  );
  const other = generateKeyPairSync('ed25519', {
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  });
  await expect(run('signUpdates.ts', [folder], { UPDATE_PUBLIC_KEY: publicKey })).rejects.toThrow('is not set');
  await expect(
    run('signUpdates.ts', [folder], { UPDATE_SIGNING_KEY: privateKey, UPDATE_PUBLIC_KEY: other.publicKey }),
  ).rejects.toThrow('not the other half');
  await run('signUpdates.ts', [folder], { UPDATE_SIGNING_KEY: privateKey, UPDATE_PUBLIC_KEY: publicKey });
  const signed = JSON.parse(readFileSync(yml, 'utf8')) as Release & { latchkeySignature: string };
  expect(isSigned(signed, signed.latchkeySignature, publicKey)).toBe(true);
  writeFileSync(join(folder, 'Latchkey-1.0.0.AppImage'), 'other');
  await expect(run('signUpdates.ts', [folder], { UPDATE_SIGNING_KEY: privateKey })).rejects.toThrow('not true');
});

test('every package whose code is in a bundle is named', async () => {
  await ensureBuilt();
  const folder = join(root, 'dist/electron');
  const found = readdirSync(folder).flatMap((file) =>
    [...readFileSync(join(folder, file), 'utf8').matchAll(/^\/\/ .*node_modules\/((?:@[^/]+\/)?[^/]+)\//gm)].map(
      ([, name = '']) => name,
    ),
  );
  expect(found).toContain('electron-updater');
  expect([...new Set(found)].filter((name) => !bundled.includes(name))).toEqual([]);
}, 120_000);

test('checksums are what sha256sum reads, and the bill of materials is CycloneDX', async () => {
  writeFileSync(join(folder, 'Latchkey.AppImage'), 'program');
  await run('sbom.js', [join(folder, 'latchkey.cdx.json')]);
  await run('checksums.js', [folder]);
  const [sums = ''] = readdirSync(folder).filter((name) => name.startsWith('SHA256SUMS-'));
  const wanted = createHash('sha256').update('program').digest('hex');
  expect(readFileSync(join(folder, sums), 'utf8')).toContain(`${wanted}  Latchkey.AppImage\n`);
  const bill = JSON.parse(readFileSync(join(folder, 'latchkey.cdx.json'), 'utf8')) as {
    bomFormat: string;
    components: { name: string; version: string; purl: string }[];
  };
  expect(bill.bomFormat).toBe('CycloneDX');
  const { devDependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    devDependencies: Record<string, string>;
  };
  for (const name of ['electron', 'svelte', 'electron-updater'])
    expect(bill.components.find((one) => one.name === name)?.version, name).toBe(devDependencies[name]);
}, 120_000);

/** A program that stands first on the path and writes down how it was called. */
function recorder(name: string, script: string): string {
  writeFileSync(join(folder, name), `#!/bin/bash\n${script}\n`, { mode: 0o755 });
  return `${folder}:${process.env['PATH']}`;
}
const bash = (script: string, args: readonly string[], env: Record<string, string | undefined>) =>
  promisify(execFile)('bash', [resolve(root, 'build', script), ...args], { env: { ...process.env, ...env } });

describe.runIf(process.platform !== 'win32')('packageRelease.sh', () => {
  const seen = `printf '%s\\n' "$*" "CSC_LINK=\${CSC_LINK-none}" "WIN=\${WIN_CSC_LINK-none}" "ID=\${APPLE_API_KEY_ID-none}" \\
    "TEXT=\${APPLE_API_KEY_TEXT-none}" "FILE=\$([ -z "\$APPLE_API_KEY" ] || cat "\$APPLE_API_KEY")" >"$SEEN"`;
  /** In a project of its own: a key in the real one would get into whatever is packed at the same time. */
  const call = async (env: Record<string, string>): Promise<string[]> => {
    const PATH = recorder('npm', seen);
    const SEEN = join(folder, 'seen');
    mkdirSync(join(folder, 'build/resources'), { recursive: true });
    const script = join(folder, 'build/packageRelease.sh');
    copyFileSync(join(root, 'build/packageRelease.sh'), script);
    await bash(script, ['--mac', '--arm64'], { ...env, PATH, SEEN, RUNNER_TEMP: folder });
    return readFileSync(SEEN, 'utf8').trim().split('\n');
  };
  const publicKey = (): string => join(folder, 'build/resources/update-key.pem');

  test('hands no empty secret on: electron-builder would take it for a broken key', async () => {
    const empty = {
      CSC_LINK: '',
      WIN_CSC_LINK: '',
      APPLE_API_KEY_ID: '',
      APPLE_API_KEY_TEXT: '',
      UPDATE_PUBLIC_KEY: '',
    };
    expect(await call(empty)).toEqual([
      'run package -- --mac --arm64',
      'CSC_LINK=none',
      'WIN=none',
      'ID=none',
      'TEXT=none',
      'FILE=',
    ]);
    expect(existsSync(publicKey())).toBe(false);
  });

  test('makes files of what must be files, and leaves no private one behind', async () => {
    const given = {
      CSC_LINK: 'certificate',
      APPLE_API_KEY_ID: 'id',
      APPLE_API_KEY_TEXT: 'notary',
      UPDATE_PUBLIC_KEY: 'pem',
    };
    expect(await call(given)).toEqual([
      'run package -- --mac --arm64',
      'CSC_LINK=certificate',
      'WIN=none',
      'ID=id',
      'TEXT=none',
      'FILE=notary',
    ]);
    expect(existsSync(join(folder, 'notary.p8'))).toBe(false);
    expect(readFileSync(publicKey(), 'utf8')).toBe('pem\n');
  });
});

describe('the draft of a release', () => {
  test.runIf(process.platform !== 'win32')('holds every file and the words of the changelog', async () => {
    const PATH = recorder('gh', `printf '%s\\n' "$@" >"$SEEN"; cat "\${@: -1}" >>"$SEEN"`);
    const SEEN = join(folder, '..', `${basename(folder)}.seen`);
    writeFileSync(join(folder, 'a.deb'), '');
    try {
      await bash('draftRelease.sh', [`v${version}`, folder], { PATH, SEEN });
      const seen = readFileSync(SEEN, 'utf8');
      expect(seen.split('\n').slice(0, 4)).toEqual(['release', 'create', `v${version}`, join(folder, 'a.deb')]);
      expect(seen).toContain('--draft\n');
      expect(seen).not.toContain('--prerelease');
      expect(seen).toMatch(/^- New: /m);
    } finally {
      rmSync(SEEN, { force: true });
    }
    // An early version is not the package's here, so the notes stop it; that is the other promise.
    await expect(bash('draftRelease.sh', [`v${version}-beta.1`, folder], { PATH, SEEN })).rejects.toThrow(/is not v\d/);
  });

  test('has notes only for the version that is built', async () => {
    expect((await run('releaseNotes.js', [`v${version}`])).stdout).toMatch(/^- New: /);
    await expect(run('releaseNotes.js', ['v9.9.9'])).rejects.toThrow(/The tag v9\.9\.9 is not/);
  });
});
