import { type BrowserWindow, ipcMain, type WebContents, type WebFrameMain } from 'electron';
import type { BackendEvent } from '../../contract/ipc.ts';
import { failed, type Result } from '../../contract/result.ts';
import { badRequest } from '../../services/explain.ts';
import { isOurPage } from './appOrigin.ts';
import { dropChannel, eventChannel, requestChannel } from './channels.ts';

/** Only the main frame of one of our windows, while it shows our own page, may speak. */
function isTrusted(sender: WebContents, frame: WebFrameMain | null, windows: readonly BrowserWindow[]): boolean {
  return (
    frame !== null &&
    frame.parent === null &&
    isOurPage(frame.url) &&
    windows.some((window) => !window.isDestroyed() && window.webContents === sender)
  );
}

/** Answers the page. The one request channel of the app; what may be asked is decided by the table of the contract. */
export function serveRequests(
  request: (name: unknown, input: unknown) => Promise<Result<unknown>>,
  windows: () => readonly BrowserWindow[],
): void {
  ipcMain.handle(requestChannel, async (event, name: unknown, input: unknown) =>
    isTrusted(event.sender, event.senderFrame, windows())
      ? request(name, input)
      : failed(badRequest('request from a page that is not ours')),
  );
}

/** Hears of what a person dropped on one of our windows. */
export function hearDrops(onDrop: (path: string) => void, windows: () => readonly BrowserWindow[]): void {
  ipcMain.on(dropChannel, (event, path: unknown) => {
    if (typeof path === 'string' && isTrusted(event.sender, event.senderFrame, windows())) onDrop(path);
  });
}

/** Tells every window. A page that is still loading misses it, and asks for everything when it starts. */
export function sendEvent(event: BackendEvent, windows: readonly BrowserWindow[]): void {
  for (const window of windows) if (!window.isDestroyed()) window.webContents.send(eventChannel, event);
}
