/**
 * A folder shaped like an unpacked Electron, for packaging where the real one cannot be had: the files that
 * electron-builder moves, renames and edits, and a program that holds a fuse wire with Electron's own defaults. It runs
 * nothing.
 */
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';

export type System = 'linux' | 'win32' | 'darwin';

/** Electron's wire: a marker, the wire's version, its length, one byte a fuse ('0' off, '1' on). Source: @electron/fuses. */
const wire = Buffer.concat([
  Buffer.from('dL7pKGdnNz796PbbjQWNKmHXBZaB9tsX'),
  Buffer.from([1, 9]),
  Buffer.from('101100011'),
]);
const wired = Buffer.concat([Buffer.alloc(4096), wire, Buffer.alloc(4096)]);

interface Windows {
  readonly NtExecutable: {
    createEmpty(is32Bit: boolean, isDll: boolean): { setExtraData(data: Buffer): void; generate(): ArrayBuffer };
  };
  readonly NtExecutableResource: {
    from(of: unknown): { readonly entries: unknown[]; outputResource(of: unknown): void };
  };
  readonly Resource: {
    readonly VersionInfo: {
      createEmpty(): {
        setStringValues(of: { lang: number; codepage: number }, values: Record<string, string>): void;
        outputToResourceEntries(entries: unknown[]): void;
      };
    };
  };
}

/** electron-builder writes names, an icon and the archive's hash into a Windows program, so this is a real one, of no code. */
function windowsProgram(): Buffer {
  const own = createRequire(import.meta.url);
  const builder = createRequire(createRequire(own.resolve('electron-builder')).resolve('app-builder-lib'));
  const { NtExecutable, NtExecutableResource, Resource } = builder('resedit') as Windows;
  const program = NtExecutable.createEmpty(false, false);
  const resources = NtExecutableResource.from(program);
  const version = Resource.VersionInfo.createEmpty();
  version.setStringValues({ lang: 1033, codepage: 1200 }, { ProductName: 'Electron', FileDescription: 'Electron' });
  version.outputToResourceEntries(resources.entries);
  resources.outputResource(program);
  program.setExtraData(wired);
  return Buffer.from(program.generate());
}

const plist = (name: string): string => `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0"><dict>
  <key>CFBundleExecutable</key><string>${name}</string>
  <key>CFBundleIdentifier</key><string>com.github.Electron</string>
  <key>CFBundleName</key><string>${name}</string>
  <key>CFBundleVersion</key><string>1</string>
</dict></plist>
`;

/** The bundle, with the helpers that electron-builder renames. */
function macFiles(): Record<string, string | Buffer> {
  const app = 'Electron.app/Contents';
  const framework = `${app}/Frameworks/Electron Framework.framework`;
  const helpers = ['', ' (GPU)', ' (Plugin)', ' (Renderer)'].flatMap((kind) => {
    const helper = `Electron Helper${kind}`;
    const inside = `${app}/Frameworks/${helper}.app/Contents`;
    return [
      [`${inside}/Info.plist`, plist(helper)],
      [`${inside}/MacOS/${helper}`, ''],
    ] as const;
  });
  return {
    [`${app}/Info.plist`]: plist('Electron'),
    [`${app}/PkgInfo`]: 'APPL????',
    [`${app}/MacOS/Electron`]: '',
    [`${app}/Resources/electron.icns`]: '',
    [`${app}/Resources/en.lproj/locale.txt`]: '',
    [`${app}/Resources/de.lproj/locale.txt`]: '',
    [`${framework}/Electron Framework`]: wired,
    [`${framework}/Resources/en.lproj/locale.pak`]: '',
    [`${framework}/Versions/A/Resources/en.lproj/locale.pak`]: '',
    ...Object.fromEntries(helpers),
  };
}

const others = (): Record<string, string> => ({
  'resources.pak': '',
  'locales/en-US.pak': '',
  'locales/de.pak': '',
});

const filesOf: Readonly<Record<System, () => Record<string, string | Buffer>>> = {
  linux: () => ({
    electron: Buffer.concat([Buffer.from('#!/bin/sh\nexit 1\n'), wired]),
    'chrome-sandbox': '',
    chrome_crashpad_handler: '',
    ...others(),
  }),
  win32: () => ({ 'electron.exe': windowsProgram(), ...others() }),
  darwin: macFiles,
};

export async function makeDistribution(folder: string, version: string, system: System = 'linux'): Promise<void> {
  const files = {
    ...filesOf[system](),
    version,
    LICENSE: 'licence of Electron',
    'LICENSES.chromium.html': '<p>licences of Chromium</p>',
  };
  for (const [name, content] of Object.entries(files)) {
    await mkdir(join(folder, name, '..'), { recursive: true });
    await writeFile(join(folder, name), content);
    if (/(^|\/)(electron|chrome-sandbox|chrome_crashpad_handler|MacOS\/[^/]+)$/.test(name))
      await chmod(join(folder, name), 0o755);
  }
}

if (process.argv[1] === import.meta.filename) {
  const [folder = '', version = '', system = 'linux'] = process.argv.slice(2);
  if (folder === '' || version === '' || !(system in filesOf))
    throw new Error('makeDistribution.ts FOLDER VERSION [linux|win32|darwin]');
  await makeDistribution(folder, version, system as System);
}
