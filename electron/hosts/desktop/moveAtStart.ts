import { BaseWindow, dialog } from 'electron';
import { finishMove } from '../../services/dataHome/rest.ts';
import { lockFolder } from '../folderLock.ts';

/** Chats and settings take a moment; only kept caches on a slow disk take long enough to wonder. */
const silentMilliseconds = 1500;

/**
 * Finishes a move of everything, in a process that has nothing of it open. False when another Latchkey has one of the
 * folders. How it ended, the next start tells.
 */
export async function moveAtStart(usual: string, folder: string): Promise<boolean> {
  for (const each of new Set([usual, folder])) {
    // Held until this process ends, which is soon.
    if (!(await lockFolder(each, { onKnock: () => undefined }))) return false;
  }
  const over = new AbortController();
  const soon = setTimeout(() => {
    const box: Electron.MessageBoxOptions = {
      type: 'info',
      message: 'Latchkey is moving its data',
      detail:
        'Chats, settings and kept caches are copied and proved before anything is removed. The window opens then.',
      buttons: ['OK'],
      signal: over.signal,
    };
    // Without a window, macOS would stop everything in this process until the person answers.
    if (process.platform === 'darwin') void dialog.showMessageBox(new BaseWindow({ width: 460, height: 140 }), box);
    else void dialog.showMessageBox(box);
  }, silentMilliseconds);
  try {
    await finishMove(usual, { now: Date.now });
  } finally {
    clearTimeout(soon);
    over.abort();
  }
  return true;
}
