import { BrowserWindow, nativeTheme } from 'electron';
import { appOrigin } from './appOrigin.ts';
import { spellsHere } from './spelling.ts';
import type { WindowPlace } from './windowPlace.ts';

/** Paper and ink of the page, so that nothing flashes before the first paint. */
const background = { light: '#ffffff', dark: '#16181d' } as const;

/** A page that dies again and again is not loaded for ever. */
const reloads = { most: 3, withinMilliseconds: 60_000 };

/**
 * Opens a window on our page, where `place` says (screen pixels). Its web preferences are the strictest Electron has.
 * `onDead` hears of a page that died so often that loading it again helps nobody, `onHung` of one that does not answer, with
 * a signal for the moment when it does; it settles when that is dealt with.
 */
export function openWindow({
  preload,
  place,
  onDead,
  onHung,
}: {
  readonly preload: string;
  readonly place: WindowPlace;
  readonly onDead: () => void;
  readonly onHung: (signal: AbortSignal) => Promise<void>;
}): BrowserWindow {
  const { maximized, ...bounds } = place;
  const window = new BrowserWindow({
    ...bounds,
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
      spellcheck: spellsHere,
      // A chat must go on being written while the window is behind another.
      backgroundThrottling: false,
    },
  });
  window.once('ready-to-show', () => {
    if (maximized) window.maximize();
    window.show();
  });
  // A page process that died is loaded again; the page asks for everything when it starts, so nothing is lost.
  let deaths: readonly number[] = [];
  window.webContents.on('render-process-gone', (_event, details) => {
    if (details.reason === 'clean-exit' || window.isDestroyed()) return;
    const now = Date.now();
    deaths = [...deaths.filter((at) => now - at < reloads.withinMilliseconds), now];
    if (deaths.length > reloads.most) onDead();
    else window.webContents.reload();
  });
  let hung: AbortController | undefined;
  window.on('unresponsive', () => {
    if (hung) return;
    hung = new AbortController();
    void onHung(hung.signal).finally(() => (hung = undefined));
  });
  window.on('responsive', () => hung?.abort());
  void window.loadURL(`${appOrigin}/`).catch(() => undefined);
  return window;
}

/** Brings the app to the front, as a second start should. */
export function showWindow(window: BrowserWindow): void {
  if (window.isMinimized()) window.restore();
  window.show();
  window.focus();
}
