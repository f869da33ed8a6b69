import { app, type BrowserWindow, dialog } from 'electron';

/** Asks what to do with a page that died so often that loading it again by ourselves would go on for ever. */
export async function offerReload(window: BrowserWindow): Promise<void> {
  // A page that never came up has not shown its window, and nobody could answer there.
  window.show();
  const { response } = await dialog.showMessageBox(window, {
    type: 'error',
    message: 'The window of Latchkey stopped working again and again',
    detail: 'Chats, downloads and models are on disk. Loading the window again may help; so may a restart.',
    buttons: ['Load again', 'Quit'],
  });
  if (response !== 0) app.quit();
  else if (!window.isDestroyed()) window.webContents.reload();
}

/** Asks what to do with a page that hears nobody. `signal` takes the question back: it heard after all. */
export async function offerWait(window: BrowserWindow, signal: AbortSignal): Promise<void> {
  const { response } = await dialog.showMessageBox(window, {
    type: 'warning',
    message: 'The window of Latchkey does not answer',
    detail:
      'Downloads and answers go on meanwhile. Loading the window again loses nothing but a question not yet sent.',
    buttons: ['Wait', 'Load again'],
    defaultId: 0,
    cancelId: 0,
    signal,
  });
  // Its end makes the window load the page again (window.ts).
  if (response === 1 && !window.isDestroyed()) window.webContents.forcefullyCrashRenderer();
}
