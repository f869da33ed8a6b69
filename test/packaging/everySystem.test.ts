/**
 * What would be packed on the other systems, packed here: the packages bring every system's natives, and electron-builder
 * lays out all of them anywhere. Signing and installers need the systems themselves.
 */
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { getRawHeader, listPackage } from '@electron/asar';
import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { inspect } from '../../build/inspectRelease.ts';
import { runtimeFolders, wantedIn } from '../../build/visualCpp.ts';
import type { System } from './makeDistribution.ts';
import { allowedFiles, pack, type Packed } from './packedApp.ts';

interface Place {
  readonly processor: 'x64' | 'arm64';
  /** In the release folder. */
  readonly folder: string;
  readonly program: string;
  readonly resources: string;
}

const windows = (processor: Place['processor'], folder: string): Place => ({
  processor,
  folder,
  program: 'Latchkey.exe',
  resources: 'resources',
});

describe.each<[System, readonly Place[]]>([
  ['win32', [windows('x64', 'win-unpacked'), windows('arm64', 'win-arm64-unpacked')]],
  [
    'darwin',
    [
      {
        processor: 'arm64',
        folder: 'mac-arm64',
        program: 'Latchkey.app/Contents/MacOS/Latchkey',
        resources: 'Latchkey.app/Contents/Resources',
      },
    ],
  ],
  ['linux', [{ processor: 'arm64', folder: 'linux-arm64-unpacked', program: 'latchkey', resources: 'resources' }]],
])('packed for %s', (system, places) => {
  let packed: Packed;
  beforeAll(async () => {
    // What Visual Studio has for who distributes programs.
    const redist = mkdtempSync(join(tmpdir(), 'redist-'));
    for (const processor of ['x64', 'arm64'])
      for (const name of [
        'msvcp140.dll',
        'msvcp140_1.dll',
        'msvcp140_atomic_wait.dll',
        'vcruntime140.dll',
        'vcruntime140_1.dll',
      ]) {
        mkdirSync(join(redist, processor), { recursive: true });
        writeFileSync(join(redist, processor, name), `${name} for ${processor}`);
      }
    process.env['VC_REDIST'] = redist;
    packed = await pack(
      system,
      places.map(({ processor }) => processor),
    );
  }, 300_000);
  afterAll(() => packed?.forget());

  test.each(places)('and $processor it is where the journey looks, and as it should be', async (place) => {
    const folder = join(packed.release, place.folder);
    expect(existsSync(join(folder, place.program))).toBe(true);
    // Fuses, budget, and natives for exactly this system and processor.
    expect(await inspect(folder)).toEqual([]);
    const inside = listPackage(join(folder, place.resources, 'app.asar'), { isPack: false })
      .map((file) => file.replace(/^[\\/]/, '').replaceAll('\\', '/'))
      .filter((file) => /\.\w+$/.test(file.split('/').at(-1) ?? '') && !/^node_modules(\/[\w-]+)?$/.test(file));
    const allowed = allowedFiles(system, place.processor);
    const folders = new Set(inside.map((file) => file.replace(/\/[^/]+$/, '')));
    expect(inside.filter((file) => !folders.has(file) && !allowed.some((pattern) => pattern.test(file)))).toEqual([]);
  });

  test.runIf(system === 'win32')('the program knows what its archive must hash to', () => {
    const folder = join(packed.release, 'win-unpacked');
    const header = getRawHeader(join(folder, 'resources/app.asar')).headerString;
    const hash = createHash('sha256').update(header).digest('hex');
    expect(readFileSync(join(folder, 'Latchkey.exe')).includes(hash)).toBe(true);
  });

  test.runIf(system === 'darwin')('the bundle opens links and models, from macOS 13 on', () => {
    const plist = readFileSync(join(packed.release, 'mac-arm64/Latchkey.app/Contents/Info.plist'), 'utf8');
    const value = (key: string): string => new RegExp(`<key>${key}</key>\\s*<string>([^<]*)<`).exec(plist)?.[1] ?? '';
    expect([value('CFBundleName'), value('CFBundleExecutable')]).toEqual(['Latchkey', 'Latchkey']);
    expect(value('LSMinimumSystemVersion')).toBe('13.0');
    expect(plist).toMatch(/CFBundleURLSchemes<\/key>\s*<array>\s*<string>latchkey</);
    expect(plist).toMatch(/CFBundleTypeExtensions<\/key>\s*<array>\s*<string>latchkey</);
    const header = getRawHeader(
      join(packed.release, 'mac-arm64/Latchkey.app/Contents/Resources/app.asar'),
    ).headerString;
    expect(plist).toContain(createHash('sha256').update(header).digest('hex'));
  });

  test.runIf(system === 'win32').each(places)(
    'the runtime of Visual C++ lies beside what wants it ($processor)',
    async (place) => {
      const unpacked = join(packed.release, place.folder, place.resources, 'app.asar.unpacked');
      const [bin = ''] = runtimeFolders(join(unpacked, '..'));
      const wanted = wantedIn(bin);
      expect(wanted).toContain('vcruntime140.dll');
      expect(readdirSync(bin)).toEqual(expect.arrayContaining([...wanted]));
      for (const name of wanted) expect(readFileSync(join(bin, name), 'utf8')).toBe(`${name} for ${place.processor}`);
      rmSync(join(bin, 'vcruntime140.dll'));
      expect(await inspect(join(packed.release, place.folder))).toEqual([
        'lacks vcruntime140.dll, which the runtime wants',
      ]);
    },
  );

  // Last: it breaks what was packed.
  test('and a native of another system, or none, is found', async () => {
    const [place] = places;
    if (!place) throw new Error('no place');
    const folder = join(packed.release, place.folder);
    const unpacked = join(folder, place.resources, 'app.asar.unpacked/node_modules');
    const natives = join(unpacked, 'keytar/prebuilds', `${system}-${place.processor}`);
    const head = system === 'linux' ? Buffer.from('MZ'.padEnd(2000, '\0')) : elfHead();
    writeFileSync(join(natives, 'keytar.node'), head);
    expect((await inspect(folder)).join()).toMatch(/keytar\.node is made for/);
    mkdirSync(join(packed.place, 'away'), { recursive: true });
    renameSync(join(natives, 'keytar.node'), join(packed.place, 'away/keytar.node'));
    expect((await inspect(folder)).join()).toMatch(/keytar\.node is only inside the archive/);
    expect(readdirSync(natives)).toEqual([]);
  });
});

/** The beginning of a program for Linux on x64. */
function elfHead(): Buffer {
  const head = Buffer.alloc(2000);
  head.writeUInt32BE(0x7f454c46, 0);
  head.writeUInt16LE(0x3e, 18);
  return head;
}
