/** The packages for Linux, by the real electron-builder and dpkg-deb; between them stands a stand-in for fpm. */
import { execFile, execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { load } from 'js-yaml';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import about from '../../package.json' with { type: 'json' };
import { makeDistribution } from './makeDistribution.ts';
import { alone } from './packedApp.ts';

const root = resolve(import.meta.dirname, '../..');
const { version } = about;
/** electron-builder packs archives with 7-Zip and would fetch its own; without one of the system the archive is left out. */
const sevenZip = ['/usr/bin/7za', '/usr/bin/7z'].find((path) => existsSync(path));
const kinds = ['deb', 'rpm', ...(sevenZip ? ['tar.gz'] : [])];

describe.runIf(process.platform === 'linux')('packages for Linux', () => {
  let place: string;
  let release: string;
  beforeAll(async () => {
    place = mkdtempSync(join(tmpdir(), 'latchkey-linux-'));
    release = join(place, 'release');
    await makeDistribution(join(place, 'electron'), '45.0.0');
    const fpm = join(place, 'fpm');
    writeFileSync(fpm, `#!/bin/sh\nexec "${process.execPath}" "${join(import.meta.dirname, 'fpm.ts')}" "$@"\n`, {
      mode: 0o755,
    });
    await alone(() =>
      promisify(execFile)(
        process.execPath,
        [
          join(root, 'build/package.js'),
          ...['--linux', ...kinds, '--x64', '--dist', join(place, 'electron'), '--out', release],
        ],
        {
          cwd: root,
          env: {
            ...process.env,
            CUSTOM_FPM_PATH: fpm,
            ELECTRON_BUILDER_7ZIP_PATH: sevenZip,
            ELECTRON_BUILDER_COMPRESSION_LEVEL: '1', // nobody downloads it
          },
        },
      ),
    ).catch((error: Error & { readonly stdout?: string }) => {
      throw new Error(`${error.message}\n${error.stdout ?? ''}`);
    });
  }, 300_000);
  afterAll(() => rmSync(place, { recursive: true, force: true }));

  const named = (ending: string): string => {
    const found = readdirSync(release).filter((name) => name.endsWith(ending));
    expect(found).toHaveLength(1);
    return join(release, found[0] ?? '');
  };

  test('a deb says what it needs, whose it is and where it comes from', () => {
    const field = (name: string): string =>
      execFileSync('dpkg-deb', ['-f', named('.deb'), name], { encoding: 'utf8' }).trim();
    expect([field('Package'), field('Version'), field('Architecture')]).toEqual(['latchkey', version, 'amd64']);
    expect(field('Depends').split(', ')).toEqual(expect.arrayContaining(['libsecret-1-0', 'libnss3', 'libgtk-3-0']));
    expect(field('Recommends')).toContain('gnome-keyring');
    expect(field('Homepage')).toMatch(/^https:/);
    expect(field('Description')).toContain('Chat with gated models, offline');
  });

  test('a deb puts the program, its entry in the menu, its icons and its file type in their places', () => {
    const files = execFileSync('dpkg-deb', ['-c', named('.deb')], { encoding: 'utf8' });
    for (const path of [
      './opt/Latchkey/latchkey',
      './opt/Latchkey/resources/app.asar',
      './usr/share/applications/latchkey.desktop',
      './usr/share/icons/hicolor/512x512/apps/latchkey.png',
      './usr/share/mime/packages/latchkey.xml',
    ])
      expect(files).toContain(`${path}\n`);
    const script = execFileSync('dpkg-deb', ['-I', named('.deb'), 'postinst'], { encoding: 'utf8' });
    expect(script).toContain('chrome-sandbox');
    expect(script).toContain('/opt/Latchkey');
  });

  test('an rpm takes nothing away after an update, everything at the end, and shares no links with other programs', () => {
    const part = (name: string): string => execFileSync('tar', ['-xOf', named('.rpm'), name], { encoding: 'utf8' });
    expect(part('./.defines')).toBe('_build_id_links none');
    const script = join(place, 'postun');
    writeFileSync(script, part('./.postun'));
    const programs = join(place, 'programs');
    mkdirSync(programs);
    for (const name of ['update-alternatives', 'rm'])
      writeFileSync(join(programs, name), `#!/bin/sh\necho ${name} "$@"\n`, { mode: 0o755 });
    const env = { PATH: `${programs}:${process.env['PATH']}` };
    const said = (left: string): string => execFileSync('bash', [script, left], { env, encoding: 'utf8' });
    expect(said('1')).toBe('');
    expect(said('0')).toContain('update-alternatives --remove latchkey /opt/Latchkey/latchkey');
  });

  test('every kind knows which kind it is: else it could not be replaced by a newer one', () => {
    const inside = './opt/Latchkey/resources/package-type';
    const deb = execFileSync('sh', ['-c', `dpkg-deb --fsys-tarfile "$0" | tar -xO ${inside}`, named('.deb')]);
    const rpm = execFileSync('tar', ['-xOf', named('.rpm'), inside]);
    expect([deb.toString(), rpm.toString()]).toEqual(['deb', 'rpm']);
  });

  test.runIf(sevenZip)('an archive holds the program in one folder, and does not take itself for a package', () => {
    const files = execFileSync('tar', ['-tf', named('.tar.gz')], { encoding: 'utf8' })
      .trim()
      .split('\n');
    expect(new Set(files.map((path) => path.replace(/^\.\//, '').split('/')[0]))).toEqual(
      new Set([`Latchkey-${version}-linux-x64`]),
    );
    for (const ending of ['/latchkey', '/chrome-sandbox', '/READ ME FIRST.txt', '/resources/app.asar'])
      expect(files.filter((path) => path.endsWith(ending))).toHaveLength(1);
    expect(files.filter((path) => path.endsWith('package-type'))).toEqual([]);
  });

  test('one list of the newest names them all', () => {
    const list = load(readFileSync(join(release, 'latest-linux.yml'), 'utf8')) as {
      version: string;
      files: { url: string }[];
    };
    expect(list.version).toBe(version);
    expect(list.files.map(({ url }) => url.split('.').at(-1)).sort()).toEqual(['deb', 'rpm']);
  });
});

test('two systems at once are refused: each has files of its own', async () => {
  const packing = promisify(execFile)(process.execPath, [join(root, 'build/package.js'), '--linux', '--win', '--dir']);
  await expect(packing).rejects.toThrow(/One system at a time/);
}, 60_000);
