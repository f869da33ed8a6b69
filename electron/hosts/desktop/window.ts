import { BrowserWindow, nativeTheme } from 'electron';
import { appOrigin } from './appOrigin.ts';

/** Paper and ink of the page, so that nothing flashes before the first paint. */
const background = { light: '#ffffff', dark: '#16181d' } as const;

/** Opens a window on our page. Its web preferences are the strictest Electron has. */
export function openWindow({ preload }: { readonly preload: string }): BrowserWindow {
  const window = new BrowserWindow({
    width: 1120,
    height: 760,
    minWidth: 480,
    minHeight: 420,
    show: false,
    title: 'Latchkey',
    backgroundColor: nativeTheme.shouldUseDarkColors ? background.dark : background.light,
    webPreferences: {
      preload,
      sandbox: true,
      contextIsolation: true,
      nodeIntegration: false,
      nodeIntegrationInWorker: false,
      nodeIntegrationInSubFrames: false,
      webSecurity: true,
      webviewTag: false,
      navigateOnDragDrop: false,
      // The dictionaries come from the network, which only main may use.
      spellcheck: false,
      // A chat must go on being written while the window is behind another.
      backgroundThrottling: false,
    },
  });
  window.once('ready-to-show', () => window.show());
  // A page process that died is loaded again; the page asks for everything when it starts, so nothing is lost.
  window.webContents.on('render-process-gone', (_event, details) => {
    if (details.reason !== 'clean-exit' && !window.isDestroyed()) window.webContents.reload();
  });
  void window.loadURL(`${appOrigin}/`).catch(() => undefined);
  return window;
}

/** Brings the app to the front, as a second start should. */
export function showWindow(window: BrowserWindow): void {
  if (window.isMinimized()) window.restore();
  window.show();
  window.focus();
}
