/**
 * `net` of Electron: requests of the main process through Chromium's network stack. Here they travel through Node, with
 * Electron's own manners: nothing before ready, lower-case header names, `redirect` modes, no event after `abort`, and an
 * error when a body ends before its Content-Length; told to the request and to the reader of its answer alike. A session's
 * proxy, its `webRequest` and its judge of certificates hold here, too. STANDIN_SYSTEM_CA is a certificate that the
 * system trusts.
 */
import { EventEmitter } from 'node:events';
import { readFileSync } from 'node:fs';
import { Agent, type IncomingMessage, request as plain, type RequestOptions } from 'node:http';
import { Agent as SecureAgent, request as secure } from 'node:https';
import { PassThrough } from 'node:stream';
import tls, { type PeerCertificate, type TLSSocket } from 'node:tls';
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib';
import { app } from './app.ts';
import { Session, session as sessions } from './session.ts';

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
  readonly session?: Session;
  readonly partition?: string;
}

/** Errors have Chromium's names, not Node's. */
const chromiumNames: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'net::ERR_CONNECTION_REFUSED',
  ECONNRESET: 'net::ERR_CONNECTION_RESET',
  ENOTFOUND: 'net::ERR_NAME_NOT_RESOLVED',
  EAI_AGAIN: 'net::ERR_NAME_NOT_RESOLVED',
  ETIMEDOUT: 'net::ERR_CONNECTION_TIMED_OUT',
  ENETUNREACH: 'net::ERR_INTERNET_DISCONNECTED',
  ERR_PROXY_TUNNEL: 'net::ERR_TUNNEL_CONNECTION_FAILED',
  CERT_HAS_EXPIRED: 'net::ERR_CERT_DATE_INVALID',
  ERR_TLS_CERT_ALTNAME_INVALID: 'net::ERR_CERT_COMMON_NAME_INVALID',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'net::ERR_CERT_AUTHORITY_INVALID',
  SELF_SIGNED_CERT_IN_CHAIN: 'net::ERR_CERT_AUTHORITY_INVALID',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'net::ERR_CERT_AUTHORITY_INVALID',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'net::ERR_CERT_AUTHORITY_INVALID',
  EPROTO: 'net::ERR_SSL_PROTOCOL_ERROR',
};
const chromiumError = (error: NodeJS.ErrnoException): Error =>
  new Error(chromiumNames[error.code ?? ''] ?? 'net::ERR_FAILED');

/** What the system trusts: the usual roots, and the one that a test installed. */
function trusted(): readonly string[] {
  const extra = process.env['STANDIN_SYSTEM_CA'];
  return [...tls.rootCertificates, ...(extra ? [readFileSync(extra, 'utf8')] : [])];
}

/** The way to an address, as the session's proxy settings name it. */
function agentFor(
  secureWay: boolean,
  proxy: string,
  trust: tls.SecureContextOptions & { rejectUnauthorized?: boolean },
) {
  const [kind = '', place = ''] = (proxy.split(';')[0] ?? '').trim().split(/\s+/);
  const proxyEnv = kind === 'DIRECT' ? {} : { HTTP_PROXY: `http://${place}`, HTTPS_PROXY: `http://${place}` };
  return secureWay ? new SecureAgent({ proxyEnv, ...trust }) : new Agent({ proxyEnv });
}

const organisations = ({ issuer }: PeerCertificate): readonly string[] =>
  issuer.O === undefined ? [] : [issuer.O].flat();

/** A compressed body arrives decoded, its headers as they were sent. */
const decoders: Readonly<Record<string, () => NodeJS.ReadWriteStream>> = {
  gzip: createGunzip,
  deflate: createInflate,
  br: createBrotliDecompress,
};

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
  readonly #session: Session;
  #answer: Answer | undefined;

  constructor(options: Options | string) {
    super();
    if (!app.isReady()) throw new Error('net module can only be used after app is ready');
    this.#options = typeof options === 'string' ? { url: options } : options;
    const { session, partition } = this.#options;
    if (session !== undefined && !(session instanceof Session))
      throw new TypeError('`session` should be an instance of the Session class');
    this.#session = session ?? (partition ? sessions.fromPartition(partition) : sessions.defaultSession);
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
    // A reader in the middle of the body finds it closed.
    this.#answer?.destroy();
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
    void this.#start(url, method).catch((error: unknown) => this.#fail(chromiumError(error as NodeJS.ErrnoException)));
  }
  async #start(url: URL, method: string): Promise<void> {
    // Handlers of a session see what the main process asks, too.
    if (!(await this.#session.passes({ url: url.href, method, resourceType: 'other' })))
      return this.#fail(new Error('net::ERR_BLOCKED_BY_CLIENT'));
    const proxy = await this.#session.resolveProxy(url.href);
    if (this.#aborted) return;
    const secureWay = url.protocol === 'https:';
    const options: RequestOptions = {
      method,
      headers: Object.fromEntries(this.#headers) as Record<string, string>,
      agent: agentFor(secureWay, proxy, { ca: [...trusted()] }),
    };
    const sent = (secureWay ? secure : plain)(url, options);
    this.#current = sent;
    sent.on('error', (error: NodeJS.ErrnoException) => {
      const named = chromiumError(error);
      const unreachable = named.message === 'net::ERR_CONNECTION_REFUSED' && proxy !== 'DIRECT';
      if (unreachable) return this.#fail(new Error('net::ERR_PROXY_CONNECTION_FAILED'));
      if (!named.message.startsWith('net::ERR_CERT_')) return this.#fail(named);
      void this.#judge(url, proxy, named.message).then(() => this.#fail(named));
    });
    sent.on('response', (answer) => this.#hear(answer, url, method));
    sent.end(Buffer.concat(this.#body));
  }

  /** Shows a refused certificate to the app's own judge. One that would accept it is an error here: ours never may. */
  async #judge(url: URL, proxy: string, verificationResult: string): Promise<void> {
    const certificate = await new Promise<PeerCertificate | undefined>((resolve) => {
      const agent = agentFor(true, proxy, { rejectUnauthorized: false });
      const look = secure(url, { method: 'HEAD', agent });
      look.once('error', () => resolve(undefined));
      look.once('response', (answer) => {
        resolve((answer.socket as TLSSocket).getPeerCertificate());
        look.destroy();
      });
      look.end();
    });
    if (!certificate) return;
    const verdict = await this.#session.verify({
      hostname: url.hostname,
      certificate: {
        issuerName: [certificate.issuer.CN].flat()[0] ?? '',
        issuer: { organizations: organisations(certificate) },
      },
      verificationResult,
      errorCode: -202,
    });
    if (verdict !== -3) throw new Error('The app judged a certificate by itself; the stand-in does not play that.');
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
    this.#answer = body;
    this.emit('response', body);
    answer.on('error', () => this.#fail(new Error('net::ERR_CONTENT_LENGTH_MISMATCH'), body));
    answer.on('aborted', () => this.#fail(new Error('net::ERR_CONTENT_LENGTH_MISMATCH'), body));
    answer.on('end', () => this.emit('close'));
    const decoder = decoders[answer.headers['content-encoding'] ?? ''];
    if (!decoder || method === 'HEAD') return void answer.pipe(body);
    const decoded = decoder();
    decoded.on('error', () => this.#fail(new Error('net::ERR_CONTENT_DECODING_FAILED'), body));
    answer.pipe(decoded).pipe(body);
  }

  #fail(error: Error, body?: Answer): void {
    if (this.#aborted) return;
    this.#aborted = true;
    body?.destroy(error);
    this.emit('error', error);
    this.emit('close');
  }
}

/** `net` of Electron, as far as the app uses it. */
export const net = { request: (options: Options | string): ClientRequest => new ClientRequest(options), online: true };
