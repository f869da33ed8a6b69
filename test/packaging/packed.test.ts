import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { getCurrentFuseWire, FuseV1Options } from '@electron/fuses';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { fuses, setFuses } from '../../build/afterPack.ts';
import { budgets } from '../../build/inspectRelease.ts';
import { makeDistribution } from './makeDistribution.ts';
import { allowedFiles, type PackedApp, packApp } from './packedApp.ts';

const root = join(import.meta.dirname, '../..');
const resources = join(root, 'build/resources');

let packed: PackedApp;
let files: readonly string[];
beforeAll(async () => {
  packed = await packApp();
  files = listFiles(packed.app);
}, 180_000);
afterAll(() => packed?.forget());

function listFiles(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)).split(sep).join('/'))
    .sort();
}

describe('the packed app', () => {
  test('holds what it runs on and nothing else', () => {
    const allowed = allowedFiles('linux', 'x64');
    expect(files.filter((file) => !allowed.some((pattern) => pattern.test(file)))).toEqual([]);
    // Whatever was bundled, but for the two programs that only plain Node could start.
    const bundled = listFiles(join(root, 'dist/electron')).filter((file) => !/^(web|doctor)\.js$/.test(file));
    expect(files.filter((file) => file.startsWith('dist/electron/'))).toEqual(
      bundled.map((file) => `dist/electron/${file}`),
    );
    for (const needed of ['dist/electron/main.js', 'dist/preload/preload.cjs', 'dist/renderer/index.html'])
      expect(files).toContain(needed);
  });

  test('keeps within its budget', () => {
    const bytes = (folder: string): number =>
      listFiles(folder).reduce((sum, file) => sum + statSync(join(folder, file)).size, 0);
    const resourcesFolder = join(packed.folder, 'resources');
    expect(bytes(resourcesFolder)).toBeGreaterThan(20_000_000);
    expect(bytes(resourcesFolder)).toBeLessThan(budgets.linux);
    expect(budgets.linux).toBeLessThanOrEqual(60_000_000);
  });

  test('holds no source map, test, fixture, secret or trace of the machine that built it', () => {
    expect(
      files.filter((file) => /\.(map|ts|svelte|test\.\w+)$|(^|\/)(tests?|fixtures?|__\w+__)\//.test(file)),
    ).toEqual([]);
    for (const file of files.filter((each) => /\.(js|cjs|json|html|css)$/.test(each))) {
      const content = readFileSync(join(packed.app, file), 'utf8');
      expect(content, file).not.toMatch(/hf_[A-Za-z0-9]{30,}/);
      if (file.startsWith('dist/')) expect(content, file).not.toMatch(/^\/\/# sourceMappingURL=/m);
      expect(content, file).not.toContain(root);
    }
  });

  test('has natives outside the archive, where the system can load them', () => {
    const unpacked = listFiles(join(packed.folder, 'resources/app.asar.unpacked'));
    const natives = files.filter((file) => /\.(node|so(\.\d+)*)$/.test(file));
    expect(natives.length).toBeGreaterThanOrEqual(3);
    for (const native of natives) expect(unpacked).toContain(native);
  });

  test('carries the licences of what is inside', () => {
    const notices = readFileSync(join(packed.folder, 'resources/third-party-notices.txt'), 'utf8');
    for (const name of ['svelte', 'onnxruntime-node', 'onnxruntime-common', 'keytar', '@huggingface/transformers'])
      expect(notices).toMatch(new RegExp(`^${name} \\d+\\.\\d+`, 'm'));
    expect(readFileSync(join(packed.folder, 'resources/LICENSE'), 'utf8')).toContain('Apache License');
  });

  test('has a desktop entry that opens links, with icons made from the drawing', () => {
    const entry = readFileSync(join(packed.folder, 'latchkey.desktop'), 'utf8').split('\n');
    expect(entry).toEqual(
      expect.arrayContaining(['Name=Latchkey', 'Icon=latchkey', 'Exec=latchkey %U', 'Terminal=false']),
    );
    const types = entry
      .find((line) => line.startsWith('MimeType='))
      ?.slice('MimeType='.length)
      .split(';');
    expect(types).toEqual(expect.arrayContaining(['x-scheme-handler/latchkey', 'application/x-latchkey-model']));
  });
});

describe('fuses', () => {
  const stateOf = async (program: string): Promise<Record<string, boolean>> => {
    const wire = { ...(await getCurrentFuseWire(program)) } as Readonly<Record<string, unknown>>;
    return Object.fromEntries(
      Object.keys(fuses).map((fuse) => [String(FuseV1Options[Number(fuse)]), wire[fuse] === 0x31]),
    );
  };
  const wanted = {
    RunAsNode: false,
    EnableCookieEncryption: true,
    EnableNodeOptionsEnvironmentVariable: false,
    EnableNodeCliInspectArguments: false,
    EnableEmbeddedAsarIntegrityValidation: true,
    OnlyLoadAppFromAsar: true,
    LoadBrowserProcessSpecificV8Snapshot: false,
    GrantFileProtocolExtraPrivileges: false,
    WasmTrapHandlers: true,
  };

  test('of the packed program are set, and were not before', async () => {
    expect(await stateOf(join(packed.folder, 'latchkey'))).toEqual(wanted);
    const before = join(packed.app, '..', 'untouched');
    await makeDistribution(before, '0.0.0');
    expect(await stateOf(join(before, 'electron'))).not.toEqual(wanted);
  });

  test('of a program without a wire stop the packaging', async () => {
    await expect(setFuses(join(packed.app, 'package.json'))).rejects.toThrow(/sentinel/);
  });
});

describe('icons', () => {
  test('were made from the drawing as it is', () => {
    const drawing = readFileSync(join(resources, 'icon.svg'));
    expect(readFileSync(join(resources, 'icon.sha256'), 'utf8').trim()).toBe(
      createHash('sha256').update(drawing).digest('hex'),
    );
  });

  test.each([16, 24, 32, 48, 64, 128, 256, 512])('has a picture of %i pixels for Linux', (size) => {
    const picture = readFileSync(join(resources, 'icons', `${size}x${size}.png`));
    expect(picture.subarray(1, 4).toString()).toBe('PNG');
    expect([picture.readUInt32BE(16), picture.readUInt32BE(20)]).toEqual([size, size]);
  });

  test('for Windows and macOS hold the sizes those systems ask for', () => {
    const ico = readFileSync(join(resources, 'icon.ico'));
    const sizes = Array.from({ length: ico.readUInt16LE(4) }, (_, at) => ico.readUInt8(6 + 16 * at) || 256);
    expect(sizes).toEqual([16, 24, 32, 48, 64, 128, 256]);
    const icns = readFileSync(join(resources, 'icon.icns'));
    const names: string[] = [];
    for (let at = 8; at < icns.length; at += icns.readUInt32BE(at + 4)) names.push(icns.toString('latin1', at, at + 4));
    expect(names).toEqual(expect.arrayContaining(['ic07', 'ic08', 'ic09', 'ic10', 'ic13', 'ic14']));
    expect(icns.readUInt32BE(4)).toBe(icns.length);
  });
});
