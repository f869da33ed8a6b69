import { randomUUID } from 'node:crypto';
import { EventEmitter } from 'node:events';
import { readFileSync } from 'node:fs';
import { app, openWindows } from './app.ts';
import { openPage, setPermissions } from './browser.ts';
import { cancellable } from './cancellable.ts';
import { makeCodec } from './codec.ts';
import { isolatedWorld, mainWorld, worldLink } from './pageWorlds.ts';
import { records } from './records.ts';
import { shownUrl } from './schemes.ts';
import { WebContents } from './webContents.ts';

const worldName = 'Electron Isolated Context';

interface WebPreferences {
  readonly preload?: string;
  readonly sandbox?: boolean;
  readonly contextIsolation?: boolean;
  readonly nodeIntegration?: boolean;
}
interface WindowOptions {
  readonly x?: number;
  readonly y?: number;
  readonly width?: number;
  readonly height?: number;
  readonly show?: boolean;
  readonly title?: string;
  readonly webPreferences?: WebPreferences;
}

/** `BrowserWindow` of Electron: one page of the real browser, with the preload in an isolated world. */
export class BrowserWindow extends EventEmitter {
  static readonly #all = new Set<BrowserWindow>();
  static #count = 0;
  static getAllWindows(): BrowserWindow[] {
    return [...BrowserWindow.#all];
  }
  static fromWebContents(contents: WebContents): BrowserWindow | null {
    return BrowserWindow.getAllWindows().find((window) => window.webContents === contents) ?? null;
  }
  static getFocusedWindow(): BrowserWindow | null {
    return BrowserWindow.getAllWindows().at(-1) ?? null;
  }

  readonly webContents: WebContents;
  readonly id: number;
  readonly #options: WindowOptions;
  readonly #opened: Promise<void>;
  readonly #closer = (): Promise<void> => this.#close();
  #destroyed = false;
  #visible: boolean;
  #painted = false;
  #minimized = false;
  #maximized = false;
  #bounds: { x: number; y: number; width: number; height: number };
  /** What the dock or taskbar shows, -1 for nothing. */
  progress = -1;

  constructor(options: WindowOptions = {}) {
    super();
    if (!app.isReady()) throw new Error('Cannot create BrowserWindow before app is ready');
    const preferences = options.webPreferences ?? {};
    if (preferences.nodeIntegration || preferences.contextIsolation === false || preferences.sandbox === false) {
      throw new Error('The stand-in only has sandboxed, isolated pages.');
    }
    this.#options = options;
    this.#visible = options.show !== false;
    this.#bounds = {
      x: options.x ?? 400,
      y: options.y ?? 160,
      width: options.width ?? 800,
      height: options.height ?? 600,
    };
    this.id = ++BrowserWindow.#count;
    this.webContents = new WebContents(this.id);
    BrowserWindow.#all.add(this);
    openWindows.add(this.#closer);
    app.emit('browser-window-created', cancellable(), this);
    app.emit('web-contents-created', cancellable(), this.webContents);
    this.#opened = this.#open(preferences);
    this.#opened.catch((error: unknown) => records.pageErrors.push(String(error)));
  }

  async #open({ preload }: WebPreferences): Promise<void> {
    const contents = this.webContents;
    const { page, cdp } = await openPage(contents);
    contents.attach(page, cdp);
    await page.setViewportSize({ width: this.#options.width ?? 800, height: this.#options.height ?? 600 });
    page.on('console', (message) => {
      if (message.type() === 'error') records.pageErrors.push(message.text());
    });
    page.on('pageerror', (error) => records.pageErrors.push(String(error)));
    page.on('crash', () => contents.emit('render-process-gone', {}, { reason: 'crashed', exitCode: 1 }));
    page.on('close', () => this.#gone());
    const link = `standin-${randomUUID()}`;
    await cdp.send('Runtime.enable');
    await cdp.send('Page.enable');
    const { frameTree } = await cdp.send('Page.getFrameTree');
    cdp.on('Runtime.executionContextCreated', ({ context }) => {
      const { frameId } = (context.auxData ?? {}) as { frameId?: string };
      if (context.name === worldName && frameId === frameTree.frame.id) contents.setWorld(context.id);
    });
    cdp.on('Runtime.executionContextDestroyed', ({ executionContextId }) => {
      if (executionContextId === contents.world) contents.setWorld(undefined);
    });
    cdp.on('Runtime.bindingCalled', ({ name, executionContextId, payload }) => {
      if (name === 'standinSend' && executionContextId === contents.world) void contents.receive(payload);
    });
    await cdp.send('Runtime.addBinding', { name: 'standinSend', executionContextName: worldName });
    const data = (value: unknown): string => JSON.stringify(value);
    await cdp.send('Page.addScriptToEvaluateOnNewDocument', {
      source: `if (top === self) (${String(mainWorld)})(${data(link)}, ${String(worldLink)})`,
    });
    // ES module source would be a syntax error here, as it is in Electron's sandboxed preload.
    const source = preload === undefined ? '' : readFileSync(preload, 'utf8');
    const facts = { platform: process.platform, arch: process.arch, versions: process.versions };
    await cdp.send('Page.addScriptToEvaluateOnNewDocument', {
      worldName,
      source: `if (top === self) (${String(isolatedWorld)})(${data(link)}, ${String(worldLink)}, ${String(makeCodec)}, function (require, module, exports, process) {${source}\n}, ${data(facts)})`,
    });
  }

  async loadURL(url: string): Promise<void> {
    await this.#opened;
    const { page, cdp } = this.webContents;
    try {
      await this.webContents.load(async () => {
        await page?.goto(shownUrl(url), { waitUntil: 'load' });
        if (cdp) await setPermissions(this.webContents, cdp);
      });
    } catch (error) {
      const words = error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error);
      this.webContents.emit('did-fail-load', {}, -2, words, url);
      throw new Error(`ERR_FAILED (-2) loading '${url}': ${words}`, { cause: error });
    }
    this.webContents.emit('dom-ready');
    records.times.loaded ??= performance.now();
    this.webContents.emit('did-finish-load');
    this.#painted = true;
    this.emit('ready-to-show');
  }

  close(): void {
    void this.#close();
  }
  async #close(): Promise<void> {
    if (this.#destroyed) return;
    const event = cancellable();
    this.emit('close', event);
    if (event.defaultPrevented) return;
    await this.#opened.catch(() => undefined);
    await this.webContents.page?.close({ runBeforeUnload: false }).catch(() => undefined);
    this.#gone();
  }
  #gone(): void {
    if (this.#destroyed) return;
    this.#destroyed = true;
    BrowserWindow.#all.delete(this);
    openWindows.delete(this.#closer);
    this.webContents.destroy();
    this.emit('closed');
    if (BrowserWindow.#all.size === 0 && !app.quitting && !app.emit('window-all-closed')) app.quit();
  }

  isDestroyed(): boolean {
    return this.#destroyed;
  }
  show(): void {
    if (!this.#visible && !this.#painted) records.emptyWindows.push(this.id);
    this.#visible = true;
    this.emit('show');
  }
  isVisible(): boolean {
    return this.#visible;
  }
  focus(): void {
    this.emit('focus');
  }
  minimize(): void {
    this.#minimized = true;
  }
  restore(): void {
    this.#minimized = false;
  }
  maximize(): void {
    this.#maximized = true;
    this.emit('maximize');
  }
  unmaximize(): void {
    this.#maximized = false;
    this.emit('unmaximize');
  }
  isMaximized(): boolean {
    return this.#maximized;
  }
  /** Where the window is when it is neither maximized nor minimized. */
  getNormalBounds(): { x: number; y: number; width: number; height: number } {
    return { ...this.#bounds };
  }
  setBounds(bounds: { x?: number; y?: number; width?: number; height?: number }): void {
    this.#bounds = { ...this.#bounds, ...bounds };
    this.emit('resize');
    this.emit('move');
  }
  setProgressBar(progress: number): void {
    this.progress = progress;
  }
  isMinimized(): boolean {
    return this.#minimized;
  }
  getTitle(): string {
    return this.#options.title ?? '';
  }
}
