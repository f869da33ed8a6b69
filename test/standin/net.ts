/**
 * `net` of Electron: requests of the main process through Chromium's network stack. Here they travel through Node, with
 * Electron's own manners: nothing before ready, lower-case header names, `redirect` modes, no event after `abort`, and an
 * error when a body ends before its Content-Length.
 */
import { EventEmitter } from 'node:events';
import { type IncomingMessage, request as plain, type RequestOptions } from 'node:http';
import { request as secure } from 'node:https';
import { PassThrough } from 'node:stream';
import { app } from './app.ts';

interface Options {
  readonly url?: string;
  readonly method?: string;
  readonly protocol?: string;
  readonly hostname?: string;
  readonly host?: string;
  readonly port?: number | string;
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
  readonly redirect?: 'follow' | 'error' | 'manual';
}

/** Errors have Chromium's names, not Node's. */
const chromiumNames: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'net::ERR_CONNECTION_REFUSED',
  ECONNRESET: 'net::ERR_CONNECTION_RESET',
  ENOTFOUND: 'net::ERR_NAME_NOT_RESOLVED',
  EAI_AGAIN: 'net::ERR_NAME_NOT_RESOLVED',
};
const chromiumError = (error: NodeJS.ErrnoException): Error =>
  new Error(chromiumNames[error.code ?? ''] ?? 'net::ERR_FAILED');

class Answer extends PassThrough {
  readonly statusCode: number;
  readonly statusMessage: string;
  readonly headers: Readonly<Record<string, string | string[]>>;
  readonly httpVersion = '1.1';
  constructor(from: IncomingMessage) {
    super();
    this.statusCode = from.statusCode ?? 0;
    this.statusMessage = from.statusMessage ?? '';
    this.headers = Object.fromEntries(
      Object.entries(from.headersDistinct).map(([name, values = []]) => [
        name,
        name === 'set-cookie' ? values : values.join(', '),
      ]),
    );
  }
}

class ClientRequest extends EventEmitter {
  readonly #options: Options;
  readonly #headers = new Map<string, string | readonly string[]>();
  readonly #body: Buffer[] = [];
  #aborted = false;
  #current: ReturnType<typeof plain> | undefined;
  #follow: (() => void) | undefined;

  constructor(options: Options | string) {
    super();
    if (!app.isReady()) throw new Error('net module can only be used after app is ready');
    this.#options = typeof options === 'string' ? { url: options } : options;
    for (const [name, value] of Object.entries(this.#options.headers ?? {})) this.setHeader(name, value);
  }

  setHeader(name: string, value: string | readonly string[]): void {
    // Chromium sets these itself and refuses whoever tries.
    if (
      ['content-length', 'host', 'trailer', 'te', 'upgrade', 'cookie2', 'keep-alive', 'transfer-encoding'].includes(
        name.toLowerCase(),
      )
    )
      throw new Error('net::ERR_INVALID_ARGUMENT');
    this.#headers.set(name, value);
  }
  write(chunk: string | Uint8Array): boolean {
    this.#body.push(Buffer.from(chunk));
    return true;
  }
  end(chunk?: string | Uint8Array): this {
    if (chunk !== undefined) this.write(chunk);
    const { url, protocol = 'http:', hostname, host, port, path = '/' } = this.#options;
    const target = url ?? `${protocol}//${hostname ?? host ?? 'localhost'}${port ? `:${port}` : ''}${path}`;
    this.#send(new URL(target), this.#options.method ?? 'GET');
    return this;
  }
  abort(): void {
    if (this.#aborted) return;
    this.#aborted = true;
    this.#current?.destroy();
    queueMicrotask(() => {
      this.emit('abort');
      this.emit('close');
    });
  }
  followRedirect(): void {
    if (!this.#follow) throw new Error('followRedirect() called, but was not waiting for a redirect');
    this.#follow();
    this.#follow = undefined;
  }

  #send(url: URL, method: string): void {
    const options: RequestOptions = { method, headers: Object.fromEntries(this.#headers) as Record<string, string> };
    const sent = (url.protocol === 'https:' ? secure : plain)(url, options);
    this.#current = sent;
    sent.on('error', (error) => this.#fail(chromiumError(error)));
    sent.on('response', (answer) => this.#hear(answer, url, method));
    sent.end(Buffer.concat(this.#body));
  }

  #hear(answer: IncomingMessage, url: URL, method: string): void {
    if (this.#aborted) return;
    const { location } = answer.headers;
    if ([301, 302, 303, 307, 308].includes(answer.statusCode ?? 0) && location !== undefined) {
      const next = new URL(location, url);
      answer.resume();
      const go = (): void => this.#send(next, answer.statusCode === 303 ? 'GET' : method);
      const { redirect = 'follow' } = this.#options;
      if (redirect === 'error') return this.#fail(new Error("Attempted to redirect, but redirect policy was 'error'"));
      if (redirect === 'manual') this.#follow = go;
      this.emit('redirect', answer.statusCode, method, next.href, answer.headersDistinct);
      if (redirect === 'follow') return go();
      // Nobody followed while the event was told: Chromium gives the request up.
      if (this.#follow && !this.#aborted) this.#fail(new Error('Redirect was cancelled'));
      return;
    }
    const body = new Answer(answer);
    this.emit('response', body);
    answer.on('error', () => this.#fail(new Error('net::ERR_CONTENT_LENGTH_MISMATCH'), body));
    answer.on('aborted', () => this.#fail(new Error('net::ERR_CONTENT_LENGTH_MISMATCH'), body));
    answer.on('end', () => this.emit('close'));
    answer.pipe(body);
  }

  #fail(error: Error, body?: Answer): void {
    if (this.#aborted) return;
    this.#aborted = true;
    if (body) body.destroy(error);
    else this.emit('error', error);
    this.emit('close');
  }
}

/** `net` of Electron, as far as the app uses it. */
export const net = { request: (options: Options | string): ClientRequest => new ClientRequest(options), online: true };
