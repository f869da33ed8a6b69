import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { makeFolder, removeTree, replaceFile } from '../../services/durable/files.ts';

/** Long enough for a cold browser; after it, the address in the terminal is the way in. */
const keepMilliseconds = 60_000;

function opener(platform: NodeJS.Platform, url: string): readonly [string, readonly string[]] {
  if (platform === 'darwin') return ['open', [url]];
  if (platform === 'win32') return ['rundll32', ['url.dll,FileProtocolHandler', url]];
  return ['xdg-open', [url]];
}

/** Whether there is a screen to open a browser on. */
export function hasScreen(env: Readonly<Record<string, string | undefined>>, platform: NodeJS.Platform): boolean {
  return platform === 'darwin' || platform === 'win32' || Boolean(env['DISPLAY'] || env['WAYLAND_DISPLAY']);
}

/**
 * Opens the person's browser by way of a file that only they can read: an address on a command line, with its secret, is
 * visible to every account of the computer. Answers how to take the file away again; it goes by itself after a minute.
 */
export async function openBrowser(address: string, folder: string): Promise<() => Promise<void>> {
  await makeFolder(folder);
  const path = join(folder, `open-${randomBytes(8).toString('hex')}.html`);
  const page = `<!doctype html><meta charset="utf-8"><meta name="referrer" content="no-referrer"><title>Latchkey</title>
<meta http-equiv="refresh" content="0;url=${address}"><p><a href="${address}">Open Latchkey</a>`;
  await replaceFile(path, page);
  const remove = (): Promise<void> => removeTree(path);
  setTimeout(() => void remove(), keepMilliseconds).unref();
  const [command, args] = opener(process.platform, pathToFileURL(path).href);
  const child = spawn(command, args, { stdio: 'ignore', detached: true });
  child.on('error', () => undefined); // no opener installed: the address was printed
  child.unref();
  return remove;
}
