import { createHash } from 'node:crypto';
import { readdir, readFile, stat } from 'node:fs/promises';
import { arch, cpus, platform, release } from 'node:os';
import { join } from 'node:path';

/** A file's text, or nothing. */
const textOf = (path: string): Promise<string> => readFile(path, 'utf8').catch(() => '');

/** When something in a folder was last put there or taken away. */
const changed = async (path: string): Promise<string> =>
  String((await stat(path).catch(() => undefined))?.mtimeMs ?? '');

/** Files by which the kernel of Linux, or Windows beneath it, offers a graphics card. */
const nodes = /^(?:renderD\d+|nvidia0|dxg)$/;

/** Whether there is a graphics card. Other systems have one as a rule, and say at the first try when they do not. */
export async function hasCard(): Promise<boolean> {
  if (platform() !== 'linux') return true;
  const names = await Promise.all(['/dev/dri', '/dev'].map((folder) => readdir(folder).catch(() => [])));
  return names.flat().some((name) => nodes.test(name));
}

/** The Vulkan drivers that are installed, as their manifests say, and the cards they are for. */
async function linuxParts(): Promise<string[]> {
  const manifests = '/usr/share/vulkan/icd.d';
  const names = await readdir(manifests).catch(() => []);
  const cards = (await readdir('/sys/class/drm').catch(() => [])).filter((name) => /^(?:card|renderD)\d+$/.test(name));
  return Promise.all([
    ...names.map(
      async (name) => `${name} ${await textOf(join(manifests, name))} ${await changed(join(manifests, name))}`,
    ),
    ...cards.map((name) => textOf(`/sys/class/drm/${name}/device/uevent`)),
    textOf('/proc/driver/nvidia/version'),
  ]);
}

/** Windows unpacks every driver it installs into a folder of this one. */
const windowsParts = async (): Promise<string[]> => [
  await changed(join(process.env['SystemRoot'] ?? 'C:\\Windows', 'System32', 'DriverStore', 'FileRepository')),
];

/** A name for the processor and how many of its threads this computer has. */
export function processorName(): string {
  return `${arch()} ${cpus()[0]?.model.trim() ?? ''} x ${cpus().length}`.slice(0, 200);
}

/**
 * A name for processor, graphics drivers and system together, without asking any of them to do something: it changes when
 * a driver is updated or a card is exchanged. What was measured or failed under one name is forgotten under the next.
 */
export async function driverName(): Promise<string> {
  const parts = platform() === 'linux' ? await linuxParts() : platform() === 'win32' ? await windowsParts() : [];
  const all = [platform(), arch(), release(), cpus()[0]?.model ?? '', ...parts.sort()];
  return createHash('sha256').update(JSON.stringify(all)).digest('hex').slice(0, 16);
}
