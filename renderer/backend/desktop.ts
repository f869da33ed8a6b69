import type { Backend } from '../../electron/contract/ipc.ts';

declare global {
  interface Window {
    /** Put there by the preload script of the desktop app; absent in a browser. */
    readonly backend?: Backend;
  }
}

/** The bridge of the desktop app, or undefined in a browser. */
export function desktopBackend(page: Window): Backend | undefined {
  return page.backend;
}
