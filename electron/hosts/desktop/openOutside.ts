import { execFile } from 'node:child_process';
import { shell } from 'electron';

/** A browser that is asked after is soon named, or there is something the matter. */
const patienceMilliseconds = 2000;

/**
 * Opens a web page in the person's browser; false when it may be that none came up. On Linux Electron starts `xdg-open` and
 * never learns what came of it, so the desktop is asked whether it knows a browser at all.
 */
export async function openPage(url: string): Promise<boolean> {
  const asked = process.platform === 'linux' ? knowsBrowser() : Promise.resolve(true);
  const opened = shell.openExternal(url).then(
    () => true,
    () => false,
  );
  return (await opened) && (await asked);
}

function knowsBrowser(): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  execFile(
    'xdg-settings',
    ['get', 'default-web-browser'],
    { timeout: patienceMilliseconds, encoding: 'utf8' },
    (error, name) => resolve(error === null && name.trim() !== ''),
  );
  return promise;
}

/** Shows a folder in the file manager. On Linux Electron never answers, so nobody waits there. */
export async function showFolder(folder: string): Promise<void> {
  const shown = shell.openPath(folder);
  if (process.platform !== 'linux') await shown;
}
