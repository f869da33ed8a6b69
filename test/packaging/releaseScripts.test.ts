/** The scripts that only the public workflows call, run as far as they go without the public. */
import { execFile } from 'node:child_process';
import { createHash, generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, test } from 'vitest';
import bundled from '../../build/bundled.json' with { type: 'json' };
import { startPracticeHub } from '../../electron/practice/hub/startPracticeHub.ts';
import { isSigned, type Release } from '../../electron/services/updates/signature.ts';
import { ensureBuilt } from '../hosts/launch.ts';

const root = resolve(import.meta.dirname, '../..');
const run = (script: string, args: readonly string[], env: Record<string, string> = {}) =>
  promisify(execFile)(process.execPath, [join(root, 'build', script), ...args], { env: { ...process.env, ...env } });

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'release-'))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test('the probe records every answer of a Hub, and no token', async () => {
  const hub = await startPracticeHub({ modelFolder: join(root, 'electron/practice/model') });
  try {
    const token = `hf_${'probe'.repeat(8)}`;
    await run('probeHub.ts', [folder], { LATCHKEY_PROBE_HUB: hub.endpoint, PROBE_READ_TOKEN: token });
    const files = readdirSync(folder);
    expect(files).toHaveLength(3 * 10); // nobody, the given token, a dead one
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
  await run('signUpdates.ts', [folder], { UPDATE_SIGNING_KEY: privateKey });
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
});
