/**
 * The Visual C++ runtime, which ONNX Runtime wants and a fresh Windows has not. Microsoft permits laying its files beside
 * the program that uses them; they come from the Visual Studio of the machine that packs.
 */
import { copyFileSync, existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const visualStudio = 'C:\\Program Files\\Microsoft Visual Studio';

/** The runtime's files that a program or library names, lower-case: read from its bytes, where they stand as text. */
export function runtimeFilesOf(native: string): readonly string[] {
  const text = readFileSync(native).toString('latin1');
  return [...new Set([...text.matchAll(/\b(?:msvcp|vcruntime)140[\w]*\.dll\b/gi)].map(([name]) => name.toLowerCase()))];
}

/** Natives directly in `folder` and what they want of the runtime. */
export function wantedIn(folder: string): readonly string[] {
  const natives = readdirSync(folder).filter(
    (name) => /\.(?:node|dll)$/i.test(name) && !/^(?:msvcp|vcruntime)/i.test(name),
  );
  return [...new Set(natives.flatMap((name) => runtimeFilesOf(join(folder, name))))].sort();
}

/** What of it is not there. */
export function missingIn(folder: string): readonly string[] {
  const there = new Set(readdirSync(folder).map((name) => name.toLowerCase()));
  return wantedIn(folder).filter((name) => !there.has(name));
}

/** Where the inference runtime lies in a packed app: one folder for each version of Node's interface. */
export function runtimeFolders(resources: string): readonly string[] {
  const bin = join(resources, 'app.asar.unpacked', 'node_modules', 'onnxruntime-node', 'bin');
  return inside(bin)
    .flatMap((version) => inside(join(version, 'win32')))
    .filter((folder) => readdirSync(folder).length > 0);
}

const inside = (folder: string): readonly string[] =>
  existsSync(folder) ? readdirSync(folder).map((name) => join(folder, name)) : [];

/** Folders that hold the runtime's files for a processor, the newest version first. VC_REDIST names another one. */
function places(processor: string): readonly string[] {
  const named = process.env['VC_REDIST'];
  if (named !== undefined) return [join(named, processor)];
  const versions = inside(visualStudio)
    .flatMap(inside)
    .flatMap((edition) => inside(join(edition, 'VC', 'Redist', 'MSVC')));
  return versions
    .sort((one, other) => other.localeCompare(one, 'en', { numeric: true }))
    .flatMap((version) => inside(join(version, processor)))
    .filter((folder) => /Microsoft\.VC\d+\.CRT$/.test(folder));
}

/**
 * Lays what the natives in `folder` want beside them. Throws on Windows when something cannot be found; elsewhere it says so,
 * because what is packed there is only looked at.
 */
export function layRuntime(folder: string, processor: string): void {
  for (const name of missingIn(folder)) {
    const found = places(processor)
      .map((place) => join(place, name))
      .find(existsSync);
    if (found !== undefined) copyFileSync(found, join(folder, name));
    else if (process.platform === 'win32')
      throw new Error(`${name} for ${processor} is not in Visual Studio's redistributables.`);
    else
      console.warn(`${name} is not there: this package is no use on a fresh Windows. VC_REDIST can name its folder.`);
  }
}
