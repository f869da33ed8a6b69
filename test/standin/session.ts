import { EventEmitter } from 'node:events';
import { app } from './app.ts';
import { records } from './records.ts';
import { protocol } from './schemes.ts';
import type { WebContents } from './webContents.ts';

interface RequestDetails {
  readonly url: string;
  readonly resourceType: string;
  readonly method: string;
}
type BeforeRequest = (details: RequestDetails, answer: (verdict: { cancel?: boolean }) => void) => void;
type PermissionHandler = (contents: WebContents, permission: string, answer: (granted: boolean) => void) => void;

/** What a certificate verify procedure is asked, as far as the app reads it. */
export interface VerifyRequest {
  readonly hostname: string;
  readonly certificate: { readonly issuerName: string; readonly issuer: { readonly organizations: readonly string[] } };
  readonly verificationResult: string;
  readonly errorCode: number;
}
type VerifyProc = (request: VerifyRequest, answer: (verdict: number) => void) => void;

const loopback = (host: string): boolean => host === 'localhost' || host === '[::1]' || host.startsWith('127.');

export class Session extends EventEmitter {
  readonly protocol = protocol;
  #verify: VerifyProc | undefined;
  #beforeRequest: BeforeRequest | undefined;
  #permission: PermissionHandler | undefined;
  readonly webRequest = {
    onBeforeRequest: (...values: readonly unknown[]): void => {
      this.#beforeRequest = values.at(-1) as BeforeRequest | undefined;
    },
  };

  /**
   * Where the system has no dictionaries of its own, Electron begins to fetch one as soon as a session is named for the
   * first time, whether spelling is checked or not. Only an empty list, said in the same turn, stops it.
   */
  readonly #dictionary =
    process.platform === 'darwin' ? undefined : setImmediate(() => records.dictionaries.push(app.getLocale()));
  setSpellCheckerLanguages(languages: readonly string[]): void {
    if (languages.length === 0) clearImmediate(this.#dictionary);
  }
  setSpellCheckerEnabled(): void {}

  setPermissionRequestHandler(handler: PermissionHandler | null): void {
    this.#permission = handler ?? undefined;
  }
  setPermissionCheckHandler(): void {}
  setDevicePermissionHandler(): void {}

  setCertificateVerifyProc(proc: VerifyProc | null): void {
    this.#verify = proc ?? undefined;
  }
  /** What the app says of a certificate: -3 keeps Chromium's own verdict. */
  verify(request: VerifyRequest): Promise<number> {
    const proc = this.#verify;
    return proc ? new Promise((resolve) => proc(request, resolve)) : Promise.resolve(-3);
  }

  /**
   * The system's proxy settings, played by STANDIN_PROXY as a PAC file would say it ("PROXY 127.0.0.1:3128"). Chromium
   * reaches this computer without a proxy, unless a rule takes that away (STANDIN_PROXY_LOOPBACK=1).
   */
  async resolveProxy(url: string): Promise<string> {
    const proxy = process.env['STANDIN_PROXY'] ?? '';
    const direct = loopback(new URL(url).hostname) && process.env['STANDIN_PROXY_LOOPBACK'] !== '1';
    return proxy === '' || direct ? 'DIRECT' : proxy;
  }

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
let usual: Session | undefined;
export const session = {
  get defaultSession(): Session {
    return (usual ??= new Session());
  },
  fromPartition(name: string): Session {
    const known = partitions.get(name) ?? new Session();
    partitions.set(name, known);
    return known;
  },
};
