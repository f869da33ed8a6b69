/**
 * The bridge, two members wide. It checks nothing: it runs in the page's process, so every check is made in main, on
 * every message, against the table of the contract.
 */
import { contextBridge, ipcRenderer } from 'electron';
import type { Backend, BackendEvent } from '../../contract/ipc.ts';
import { eventChannel, requestChannel } from './channels.ts';

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
