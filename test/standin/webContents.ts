import { EventEmitter } from 'node:events';
import { statSync } from 'node:fs';
import { basename } from 'node:path';
import type { CDPSession, Page } from 'playwright-core';
import type { Cancellable } from './cancellable.ts';
import { makeCodec } from './codec.ts';
import { ipcMain } from './ipcMain.ts';
import { records } from './records.ts';
import { realUrl } from './schemes.ts';
import { session } from './session.ts';

const { encode, decode } = makeCodec();

type FromPage =
  | { kind: 'invoke'; id: number; channel: string; values: unknown[] }
  | { kind: 'send'; channel: string; values: unknown[] }
  | { kind: 'preload-error'; text: string };

interface Frame {
  readonly url: string;
  readonly origin: string;
  readonly parent: null;
}

type OpenHandler = (details: { url: string; disposition: string }) => { action: string };

/** `webContents` of a window: what main says to a page and hears from it. */
export class WebContents extends EventEmitter {
  readonly id: number;
  readonly session = session.defaultSession;
  /** Main itself loads a page, so what is asked for now is not the page navigating. */
  loading = false;
  /** The end of the last load that main asked for. */
  #loads: Promise<void> = Promise.resolve();
  openHandler: OpenHandler | undefined;
  page: Page | undefined;
  #cdp: CDPSession | undefined;
  /** The isolated world of the page now shown; absent between pages and before a preload ran. */
  #world: number | undefined;
  #destroyed = false;
  readonly mainFrame: Frame;

  constructor(id: number) {
    super();
    this.id = id;
    const url = (): string => this.getURL();
    this.mainFrame = {
      get url() {
        return url();
      },
      get origin() {
        return /^[a-z]+:\/\/[^/]+/.exec(url())?.[0] ?? 'null';
      },
      parent: null,
    };
  }

  /**
   * One load of main's own after the other: the browser's driver fails both when one begins during another, and Electron
   * shows the later one.
   */
  load(run: () => Promise<unknown>): Promise<void> {
    const load = this.#loads.then(async () => {
      this.loading = true;
      try {
        await run();
      } finally {
        this.loading = false;
      }
    });
    this.#loads = load.catch(() => undefined);
    return load;
  }

  attach(page: Page, cdp: CDPSession): void {
    this.page = page;
    this.#cdp = cdp;
  }
  get cdp(): CDPSession | undefined {
    return this.#cdp;
  }
  setWorld(world: number | undefined): void {
    this.#world = world;
  }
  get world(): number | undefined {
    return this.#world;
  }

  send(channel: string, ...values: unknown[]): void {
    if (this.#destroyed) throw new TypeError('Object has been destroyed');
    this.#deliver({ kind: 'event', channel, values }, channel);
  }
  #deliver(message: object, name: string): void {
    const text = encode(message); // throws here, in main, when something cannot be cloned
    if (this.#world === undefined || !this.#cdp) {
      records.lost.push(name);
      return;
    }
    void this.#cdp
      .send('Runtime.callFunctionOn', {
        functionDeclaration: 'function (text) { globalThis.standinReceive(text) }',
        arguments: [{ value: text }],
        executionContextId: this.#world,
      })
      .catch(() => records.lost.push(name));
  }

  /** A message from the preload of this page. */
  async receive(text: string): Promise<void> {
    const message = decode(text) as FromPage;
    const event = { sender: this, senderFrame: this.mainFrame, frameId: 1, processId: 1, type: 'frame' };
    if (message.kind === 'preload-error') {
      records.pageErrors.push(message.text);
      this.emit('preload-error', {}, '', new Error(message.text));
    } else if (message.kind === 'send') {
      if (!ipcMain.emit(message.channel, event, ...message.values)) records.unheard.push(message.channel);
    } else {
      const answer = await ipcMain.answer(message.channel, event, message.values);
      const reply = { kind: 'answer', id: message.id };
      try {
        this.#deliver({ ...reply, ...answer }, 'answer');
      } catch (error) {
        const words = error instanceof Error ? error.message : String(error);
        this.#deliver(
          { ...reply, refused: `Error invoking remote method '${message.channel}': Error: ${words}` },
          'answer',
        );
      }
    }
  }

  /** A hand drops files or folders in the middle of the page: a real drag of the browser. */
  async drop(paths: readonly string[]): Promise<void> {
    if (!this.#cdp || this.#world === undefined) throw new Error('The window has no page to drop on.');
    const dropped = paths.map((path) => ({
      path,
      name: basename(path),
      stamp: Math.floor(statSync(path).mtimeMs),
    }));
    await this.#cdp.send('Runtime.callFunctionOn', {
      functionDeclaration: 'function (text) { globalThis.standinDropped = JSON.parse(text) }',
      arguments: [{ value: JSON.stringify(dropped) }],
      executionContextId: this.#world,
    });
    const data = { items: [], files: [...paths], dragOperationsMask: 1 };
    for (const type of ['dragEnter', 'dragOver', 'drop'] as const) {
      await this.#cdp.send('Input.dispatchDragEvent', { type, x: 200, y: 200, data });
    }
  }

  /** The page wants to go somewhere; answers whether the app lets it. */
  mayNavigate(url: string, event: Cancellable & { url: string }): boolean {
    this.emit('will-frame-navigate', event);
    this.emit('will-navigate', event, url);
    return !event.defaultPrevented;
  }

  setWindowOpenHandler(handler: OpenHandler): void {
    this.openHandler = handler;
  }
  getURL(): string {
    return realUrl(this.page?.url() ?? '');
  }
  isDestroyed(): boolean {
    return this.#destroyed;
  }
  destroy(): void {
    this.#destroyed = true;
    this.#world = undefined;
    this.emit('destroyed');
  }
  /** The page's process is not killed here; what the app hears of it, and then does, is the same. */
  forcefullyCrashRenderer(): void {
    this.#world = undefined;
    this.emit('render-process-gone', {}, { reason: 'killed', exitCode: 9 });
  }
  reload(): void {
    void this.load(async () => this.page?.reload()).catch(() => undefined);
  }
}
