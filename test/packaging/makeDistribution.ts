/**
 * A folder shaped like an unpacked Electron for Linux, for packaging where the real one cannot be had: the files that
 * electron-builder moves and renames, and a program that holds a fuse wire with Electron's own defaults. It runs nothing.
 */
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Electron's wire: a marker, the wire's version, its length, one byte a fuse ('0' off, '1' on). Source: @electron/fuses. */
const wire = Buffer.concat([
  Buffer.from('dL7pKGdnNz796PbbjQWNKmHXBZaB9tsX'),
  Buffer.from([1, 9]),
  Buffer.from('101100011'),
]);

export async function makeDistribution(folder: string, version: string): Promise<void> {
  const program = Buffer.concat([Buffer.from('#!/bin/sh\nexit 1\n'), Buffer.alloc(4096), wire, Buffer.alloc(4096)]);
  const files: Readonly<Record<string, string | Buffer>> = {
    electron: program,
    version,
    LICENSE: 'licence of Electron',
    'LICENSES.chromium.html': '<p>licences of Chromium</p>',
    'chrome-sandbox': '',
    chrome_crashpad_handler: '',
    'resources.pak': '',
    'locales/en-US.pak': '',
    'locales/de.pak': '',
  };
  for (const [name, content] of Object.entries(files)) {
    await mkdir(join(folder, name, '..'), { recursive: true });
    await writeFile(join(folder, name), content);
  }
  for (const name of ['electron', 'chrome-sandbox', 'chrome_crashpad_handler']) await chmod(join(folder, name), 0o755);
}

if (process.argv[1] === import.meta.filename) {
  const [folder = '', version = ''] = process.argv.slice(2);
  if (folder === '' || version === '') throw new Error('makeDistribution.ts FOLDER VERSION');
  await makeDistribution(folder, version);
}
