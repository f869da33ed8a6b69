import { EventEmitter } from 'node:events';
import { protocol } from './schemes.ts';
import type { WebContents } from './webContents.ts';

interface RequestDetails {
  readonly url: string;
  readonly resourceType: string;
  readonly method: string;
}
type BeforeRequest = (details: RequestDetails, answer: (verdict: { cancel?: boolean }) => void) => void;
type PermissionHandler = (contents: WebContents, permission: string, answer: (granted: boolean) => void) => void;

class Session extends EventEmitter {
  readonly protocol = protocol;
  #beforeRequest: BeforeRequest | undefined;
  #permission: PermissionHandler | undefined;
  readonly webRequest = {
    onBeforeRequest: (...values: readonly unknown[]): void => {
      this.#beforeRequest = values.at(-1) as BeforeRequest | undefined;
    },
  };

  setPermissionRequestHandler(handler: PermissionHandler | null): void {
    this.#permission = handler ?? undefined;
  }
  setPermissionCheckHandler(): void {}
  setDevicePermissionHandler(): void {}

  /** Whether the app lets a request pass. */
  passes(details: RequestDetails): Promise<boolean> {
    const handler = this.#beforeRequest;
    if (!handler) return Promise.resolve(true);
    return new Promise((resolve) => handler(details, (verdict) => resolve(verdict.cancel !== true)));
  }

  /** What the app would say to a page that asks; Electron grants everything when nobody was asked. */
  grants(contents: WebContents, permission: string): Promise<boolean> {
    const handler = this.#permission;
    if (!handler) return Promise.resolve(true);
    return new Promise((resolve) => handler(contents, permission, resolve));
  }
}

/** `session` of Electron. Pages live in the default one. */
const partitions = new Map<string, Session>();
export const session = {
  defaultSession: new Session(),
  fromPartition(name: string): Session {
    const known = partitions.get(name) ?? new Session();
    partitions.set(name, known);
    return known;
  },
};
