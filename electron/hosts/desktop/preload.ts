/**
 * The bridge, two members wide. It checks nothing: it runs in the page's process, so every check is made in main, on
 * every message, against the table of the contract.
 */
import { contextBridge, ipcRenderer, webUtils } from 'electron';
import type { Backend, BackendEvent } from '../../contract/ipc.ts';
import { dropChannel, eventChannel, requestChannel } from './channels.ts';

const backend: Backend = {
  // The answer's type belongs to `name`: main and page compile against one table.
  request: (name, input) => ipcRenderer.invoke(requestChannel, name, input) as Promise<never>,
  subscribe(listener) {
    const forward = (_: unknown, event: BackendEvent): void => listener(event);
    ipcRenderer.on(eventChannel, forward);
    return () => void ipcRenderer.off(eventChannel, forward);
  },
};

contextBridge.exposeInMainWorld('backend', backend);

// The page never learns a path. Only what a hand dropped counts: an event that the page made itself is not trusted.
window.addEventListener(
  'drop',
  (event) => {
    if (!event.isTrusted) return;
    for (const file of event.dataTransfer?.files ?? []) {
      const path = webUtils.getPathForFile(file);
      if (path !== '') ipcRenderer.send(dropChannel, path);
    }
  },
  true,
);
