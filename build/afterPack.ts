/**
 * After electron-builder has laid the app out and before anything is signed: sets Electron's fuses and reads them back.
 * What a fuse switches off cannot be switched on again by an environment variable or a flag. On Linux the desktop entry is
 * laid beside the app as well, for people who unpack the archive.
 */
import { writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { type AfterPackContext, Arch } from 'electron-builder';
import { flipFuses, FuseV1Options, FuseVersion, getCurrentFuseWire } from '@electron/fuses';
import { layRuntime, runtimeFolders } from './visualCpp.ts';

/** Every fuse this Electron knows, with a decision: a new one in a later version stops the packaging until it has one. */
export const fuses = {
  [FuseV1Options.RunAsNode]: false,
  [FuseV1Options.EnableCookieEncryption]: true,
  [FuseV1Options.EnableNodeOptionsEnvironmentVariable]: false,
  [FuseV1Options.EnableNodeCliInspectArguments]: false,
  [FuseV1Options.EnableEmbeddedAsarIntegrityValidation]: true,
  [FuseV1Options.OnlyLoadAppFromAsar]: true,
  [FuseV1Options.LoadBrowserProcessSpecificV8Snapshot]: false,
  [FuseV1Options.GrantFileProtocolExtraPrivileges]: false,
  [FuseV1Options.WasmTrapHandlers]: true,
};

/** electron-builder's own parts are its dependencies, not ours. */
const requireFromBuilder = createRequire(createRequire(import.meta.url).resolve('electron-builder'));

/** How a wire writes a fuse that is off and one that is on. */
const written = { off: 0x30, on: 0x31 };

/** Sets the fuses of a program and reads them back. Rejects when one reads otherwise, or when there is no wire. */
export async function setFuses(program: string): Promise<void> {
  await flipFuses(program, { version: FuseVersion.V1, strictlyRequireAllFuses: true, ...fuses });
  const wire: Readonly<Record<string, unknown>> = { ...(await getCurrentFuseWire(program)) };
  for (const [fuse, on] of Object.entries(fuses)) {
    const state = wire[fuse];
    if (state !== (on ? written.on : written.off))
      throw new Error(`Fuse ${FuseV1Options[Number(fuse)]} reads ${String(state)} after it was set to ${on}.`);
  }
}

/** For people who unpack the archive: a package is allowed what an unpacked program is not. */
const sandboxNote = (executable: string): string => `Latchkey, unpacked by hand

Ubuntu from 23.10 on, and others, let a program like this one start only with a helper that belongs to root.
In this folder, once:

  sudo chown root:root chrome-sandbox
  sudo chmod 4755 chrome-sandbox

Then start ./${executable}. The .deb, .rpm and AppImage need none of this.
`;

/** The hook that electron-builder calls; it looks for a default export. */
export default async function afterPack({
  appOutDir,
  arch,
  electronPlatformName,
  packager,
}: AfterPackContext): Promise<void> {
  const name = packager.appInfo.productFilename;
  // Programs on Linux have a name of their own.
  const executable = 'executableName' in packager ? String(packager.executableName) : name;
  const programs: Readonly<Record<string, string>> = {
    darwin: join(appOutDir, `${name}.app`),
    win32: join(appOutDir, `${name}.exe`),
    linux: join(appOutDir, executable),
  };
  const program = programs[electronPlatformName];
  if (!program) throw new Error(`No fuses known for ${electronPlatformName}`);
  await setFuses(program);
  if (electronPlatformName === 'win32')
    for (const folder of runtimeFolders(join(appOutDir, 'resources'))) layRuntime(folder, Arch[arch]);
  if (electronPlatformName !== 'linux') return;
  await writeFile(join(appOutDir, 'READ ME FIRST.txt'), sandboxNote(executable));
  const { LinuxTargetHelper } = requireFromBuilder('app-builder-lib/out/targets/LinuxTargetHelper.js') as {
    LinuxTargetHelper: new (of: unknown) => { computeDesktopEntry(options: unknown, exec: string): Promise<string> };
  };
  const entry = await new LinuxTargetHelper(packager).computeDesktopEntry(
    packager.platformSpecificBuildOptions,
    `${executable} %U`,
  );
  await writeFile(join(appOutDir, `${executable}.desktop`), entry);
}
