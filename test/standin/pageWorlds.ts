/**
 * Source that is put into the page. `mainWorld` runs in the page's own world, `isolatedWorld` in an isolated world of the
 * browser, which is what Electron's context isolation uses. The two talk by DOM events with a random name: the browser
 * clones `detail` between worlds synchronously, so exposed functions can answer synchronously, as in Electron.
 * Every function here is self-contained, because only its text travels.
 */
import type { Codec } from './codec.ts';

/** A value on its way between worlds: functions and promises become numbers. */
interface Parcel {
  call?: number;
  promise?: number;
  error?: string;
  list?: Parcel[];
  object?: Record<string, Parcel>;
  value?: unknown;
}

interface Reply {
  refused?: string;
  parcel?: Parcel;
}

type Handler = (body: never) => Reply;

export interface WorldLink {
  pack(value: unknown, depth?: number): Parcel;
  unpack(parcel: Parcel, freeze: boolean): unknown;
  ask(operation: string, body: object): Reply;
  readonly handlers: Record<string, Handler>;
}

/** One end of the bridge between the two worlds of a page. */
export function worldLink(name: string, side: 'main' | 'isolated'): WorldLink {
  const other = side === 'main' ? 'isolated' : 'main';
  const functions = new Map<number, (...values: unknown[]) => unknown>();
  const waiting = new Map<number, { resolve(value: unknown): void; reject(error: Error): void }>();
  let next = 0;
  let reply: Reply | undefined;
  const words = (error: unknown): string => (error instanceof Error ? error.message : String(error));

  const ask = (operation: string, body: object): Reply => {
    reply = undefined;
    document.dispatchEvent(new CustomEvent(`${name}-${other}`, { detail: { operation, body } }));
    const answer = reply as Reply | undefined;
    reply = undefined;
    return answer ?? {};
  };
  const pack = (value: unknown, depth = 0): Parcel => {
    if (depth > 1000) throw new Error('Electron contextBridge recursion depth exceeded.');
    if (typeof value === 'symbol') throw new Error('An object could not be cloned.');
    if (typeof value === 'function') {
      const call = ++next;
      functions.set(call, value as (...values: unknown[]) => unknown);
      return { call };
    }
    if (value instanceof Promise) {
      const promise = ++next;
      value.then(
        (settled) => ask('settle', { promise, parcel: pack(settled) }),
        (error: unknown) => ask('settle', { promise, refused: words(error) }),
      );
      return { promise };
    }
    if (value instanceof Error) return { error: value.message };
    if (Array.isArray(value)) return { list: value.map((inner) => pack(inner, depth + 1)) };
    const prototype: unknown = typeof value === 'object' && value !== null ? Object.getPrototypeOf(value) : undefined;
    if (typeof value === 'object' && value !== null && (prototype === Object.prototype || prototype === null)) {
      const entries = Object.entries(value).map(([key, inner]) => [key, pack(inner, depth + 1)] as const);
      return { object: Object.fromEntries(entries) };
    }
    return { value };
  };
  const unpack = (parcel: Parcel, freeze: boolean): unknown => {
    const { call, promise, error, list, object } = parcel;
    if (call !== undefined) {
      return (...values: unknown[]) => {
        const answer = ask('call', { call, values: values.map((value) => pack(value)) });
        if (answer.refused !== undefined) throw new Error(answer.refused);
        return unpack(answer.parcel ?? {}, false);
      };
    }
    if (promise !== undefined) return new Promise((resolve, reject) => waiting.set(promise, { resolve, reject }));
    if (error !== undefined) return new Error(error);
    if (list) return list.map((inner) => unpack(inner, freeze));
    if (!object) return parcel.value;
    const made: Record<string, unknown> = {};
    for (const [key, inner] of Object.entries(object)) made[key] = unpack(inner, freeze);
    return freeze ? Object.freeze(made) : made;
  };
  const handlers: Record<string, Handler> = {
    call: ({ call, values }: { call: number; values: Parcel[] }) => {
      try {
        return { parcel: pack(functions.get(call)?.(...values.map((value) => unpack(value, false)))) };
      } catch (error) {
        return { refused: words(error) };
      }
    },
    settle: ({ promise, parcel, refused }: { promise: number } & Reply) => {
      const waiter = waiting.get(promise);
      waiting.delete(promise);
      if (refused !== undefined) waiter?.reject(new Error(refused));
      else waiter?.resolve(unpack(parcel ?? {}, false));
      return {};
    },
  };
  document.addEventListener(`${name}-${side}`, (event) => {
    const { operation, body } = (event as CustomEvent<{ operation: string; body: never }>).detail;
    const answer = handlers[operation]?.(body) ?? {};
    document.dispatchEvent(new CustomEvent(`${name}-${other}-reply`, { detail: answer }));
  });
  document.addEventListener(`${name}-${side}-reply`, (event) => {
    reply = (event as CustomEvent<Reply>).detail;
  });
  return { pack, unpack, ask, handlers };
}

/** The page's own world: shows what the preload exposes, frozen, and nothing else. */
export function mainWorld(name: string, link: typeof worldLink): void {
  const ends = link(name, 'main');
  ends.handlers['expose'] = ({ key, parcel }: { key: string; parcel: Parcel }) => {
    if (key in window) return { refused: 'Cannot bind an API on top of an existing property on the window object' };
    const value = ends.unpack(parcel, true);
    Object.defineProperty(window, key, { value, writable: false, configurable: false, enumerable: true });
    return {};
  };
}

type Listener = (event: object, ...values: unknown[]) => void;
type FromMain =
  | { kind: 'answer'; id: number; value?: unknown; refused?: string }
  | { kind: 'event'; channel: string; values: unknown[] };
type Preload = (require: (id: string) => unknown, module: object, exports: object, process: object) => void;

/** The preload's world: a sandboxed preload sees the DOM, `require('electron')` and a frozen, thin `process`. */
export function isolatedWorld(
  name: string,
  link: typeof worldLink,
  codec: () => Codec,
  preload: Preload,
  facts: { platform: string; arch: string; versions: object },
): void {
  const ends = link(name, 'isolated');
  const { encode, decode } = codec();
  const doors = globalThis as unknown as {
    standinSend?: (text: string) => void;
    standinReceive?: (text: string) => void;
    standinDropped?: readonly { readonly name: string; readonly stamp: number; readonly path: string }[];
  };
  const raw = doors.standinSend;
  delete doors.standinSend;
  const send = (message: object): void => raw?.(encode(message));
  const calls = new Map<number, { resolve(value: unknown): void; reject(error: Error): void }>();
  const listeners = new Map<string, Listener[]>();
  let next = 0;
  const listen = (channel: string, listener: Listener): object => {
    listeners.set(channel, [...(listeners.get(channel) ?? []), listener]);
    return ipcRenderer;
  };
  const forget = (channel: string, listener: Listener): object => {
    listeners.set(
      channel,
      (listeners.get(channel) ?? []).filter((other) => other !== listener),
    );
    return ipcRenderer;
  };
  const ipcRenderer = {
    invoke(channel: string, ...values: unknown[]): Promise<unknown> {
      const id = ++next;
      try {
        send({ kind: 'invoke', id, channel, values });
      } catch (error) {
        return Promise.reject(error instanceof Error ? error : new Error(String(error)));
      }
      return new Promise((resolve, reject) => calls.set(id, { resolve, reject }));
    },
    send: (channel: string, ...values: unknown[]) => send({ kind: 'send', channel, values }),
    sendSync: () => {
      throw new Error('The stand-in has no sendSync: on Electron it blocks the page.');
    },
    on: listen,
    addListener: listen,
    once: (channel: string, listener: Listener) => {
      const wrapped: Listener = (event, ...values) => {
        forget(channel, wrapped);
        listener(event, ...values);
      };
      return listen(channel, wrapped);
    },
    off: forget,
    removeListener: forget,
    removeAllListeners: (channel: string) => void listeners.delete(channel),
  };
  const contextBridge = {
    exposeInMainWorld(key: string, api: unknown): void {
      const { refused } = ends.ask('expose', { key, parcel: ends.pack(api) });
      if (refused !== undefined) throw new Error(refused);
    },
  };
  /** Files that a hand dropped have a path; files that a page made have none. Main says beforehand which are dropped. */
  const webUtils = {
    getPathForFile(file: unknown): string {
      if (!(file instanceof File)) throw new TypeError('getPathForFile wants a File');
      return (
        doors.standinDropped?.find(({ name, stamp }) => name === file.name && stamp === file.lastModified)?.path ?? ''
      );
    },
  };
  doors.standinReceive = (text) => {
    const message = decode(text) as FromMain;
    if (message.kind === 'event') {
      for (const listener of listeners.get(message.channel) ?? []) listener({ sender: ipcRenderer }, ...message.values);
      return;
    }
    const call = calls.get(message.id);
    calls.delete(message.id);
    if (message.refused !== undefined) call?.reject(new Error(message.refused));
    else call?.resolve(message.value);
  };
  const require = (id: string): unknown => {
    if (id === 'electron' || id === 'electron/renderer') return { contextBridge, ipcRenderer, webUtils };
    throw new Error(`module not found: ${id}`);
  };
  const process = Object.freeze({
    ...facts,
    type: 'renderer',
    sandboxed: true,
    contextIsolated: true,
    env: {},
    argv: [],
  });
  const module = { exports: {} };
  try {
    preload(require, module, module.exports, process);
  } catch (error) {
    send({ kind: 'preload-error', text: error instanceof Error ? (error.stack ?? error.message) : String(error) });
  }
}
