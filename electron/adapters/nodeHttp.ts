/**
 * The network door for every host that has Node: one keep-alive pool for all requests, bytes handed on as they arrive.
 * It decides nothing about redirects, access tokens or retries of refused requests; the Hub client does.
 */
import http from 'node:http';
import https from 'node:https';
import type { Socket } from 'node:net';
import tls from 'node:tls';
import { afterSilence } from '../services/afterSilence.ts';
import { isLoopback } from '../services/hub/loopback.ts';
import type { HttpAnswer, HttpPort, HttpRequest } from '../services/ports.ts';
import { environmentProxy } from './environmentProxy.ts';
import { directAgent } from './reusingAgent.ts';
import { isUntrusted, issuerBehind, trustSystemCertificates } from './nodeNetwork.ts';

export interface NodeHttpOptions {
  /** Time until the connection stands, TLS included. 10 s by default. */
  readonly connectTimeoutMs?: number;
  /** Where HTTP_PROXY, HTTPS_PROXY and NO_PROXY are read from; the process environment by default. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Certificates to trust besides the bundled and the system ones, in PEM. */
  readonly extraCertificates?: readonly string[];
}

/** What a failed connection carries; `issuer` says who signed a certificate that was refused. */
export interface ConnectionError extends Error {
  code?: string;
  issuer?: string;
}

interface Pools {
  readonly kept: http.Agent;
  /** A connection of its own, for the retry after a kept one turned out to be dead. */
  readonly fresh: http.Agent;
  /** For looking at a certificate that was refused; no request of a caller ever uses it. */
  readonly looking: http.Agent;
}

/**
 * Makes the port over node:http and node:https. Rejects with the system's own error (`code`), with ETIMEDOUT when no
 * connection stands in time, ERR_PROXY_UNREACHABLE for a proxy that is not there, or with an AbortError. Redirects and compressed bodies are passed on untouched.
 */
export function createNodeHttp(options: NodeHttpOptions = {}): HttpPort {
  const connectTimeoutMs = options.connectTimeoutMs ?? 10_000;
  const proxyEnv = options.env ?? process.env;
  const pools = new Map<string, Pools>();

  function poolsFor(url: URL): Pools {
    const secure = url.protocol === 'https:';
    // A proxy is never asked to reach this very computer: the practice Hub lives there.
    const direct = isLoopback(url.hostname);
    const key = `${String(secure)} ${String(direct)}`;
    const known = pools.get(key);
    if (known) return known;
    if (secure) trustSystemCertificates();
    const extra = options.extraCertificates;
    const made = (keepAlive: boolean, trust: https.AgentOptions): http.Agent => {
      const agentOptions = { keepAlive, maxFreeSockets: 32, ...trust };
      if (direct || !namesProxy(proxyEnv)) return directAgent(secure, agentOptions);
      // Node before 24.5 ignores proxyEnv and connects directly.
      const through = { ...agentOptions, proxyEnv: { ...proxyEnv } };
      return secure ? new https.Agent(through) : new http.Agent(through);
    };
    const trust = extra ? { ca: [...trustedCertificates(), ...extra] } : {};
    const looking = made(false, { rejectUnauthorized: false });
    const pair = { kept: made(true, trust), fresh: made(false, trust), looking };
    pools.set(key, pair);
    return pair;
  }

  return async (request, { signal }) => {
    const url = new URL(request.url);
    const { kept, fresh, looking } = poolsFor(url);
    try {
      return await exchange(request, { url, agent: kept, connectTimeoutMs, signal });
    } catch (error) {
      if (error instanceof DeadConnection)
        return await exchange(request, { url, agent: fresh, connectTimeoutMs, signal });
      if (!isUntrusted(error)) throw environmentProxy(request.url, proxyEnv) ? proxyAway(error) : error;
      const issuer = await issuerBehind(url, looking);
      throw issuer === undefined ? error : Object.assign(error, { issuer });
    }
  };
}

const unreachable = ['ECONNREFUSED', 'ENOTFOUND', 'EHOSTUNREACH', 'ETIMEDOUT'];

/** Behind a proxy only the proxy itself can be unreachable; for the server, the proxy answers. */
function proxyAway(error: unknown): unknown {
  if (!(error instanceof Error) || !('code' in error) || !unreachable.includes(String(error.code))) return error;
  return Object.assign(error, { code: 'ERR_PROXY_UNREACHABLE' });
}

function namesProxy(env: Readonly<Record<string, string | undefined>>): boolean {
  return Object.entries(env).some(
    ([name, value]) => /^https?_proxy$/i.test(name) && value !== undefined && value !== '',
  );
}

/** The server closed a kept connection just as we used it: nothing was answered, so a repeat is safe for GET and HEAD. */
class DeadConnection extends Error {}

interface Wire {
  readonly url: URL;
  readonly agent: http.Agent;
  readonly connectTimeoutMs: number;
  readonly signal: AbortSignal | undefined;
}

function exchange(request: HttpRequest, { url, agent, connectTimeoutMs, signal }: Wire): Promise<HttpAnswer> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) {
      reject(aborted());
      return;
    }
    const secure = url.protocol === 'https:';
    const call = (secure ? https : http).request(url, {
      method: request.method,
      headers: bodyHeaders(request),
      agent,
      ...(signal ? { signal } : {}),
    });
    const connected = afterSilence(connectTimeoutMs, () => {
      call.destroy(coded('The connection was not made in time', 'ETIMEDOUT'));
    });
    call.once('socket', (socket: Socket) => {
      if (call.reusedSocket) {
        connected();
        return;
      }
      if (!secure && !socket.connecting) connected();
      socket.once(secure ? 'secureConnect' : 'connect', connected);
    });
    call.once('finish', connected); // written out, so connected: covers tunnels whose socket arrives ready
    call.once('response', (response) => {
      connected();
      resolve(answerFrom(response, signal));
    });
    // Not once: a late error after the answer must find a listener, or it would end the process.
    call.on('error', (error: ConnectionError) => {
      connected();
      if (signal?.aborted) reject(aborted());
      else if (call.reusedSocket && request.method !== 'POST' && isHangUp(error)) reject(new DeadConnection());
      else reject(error);
    });
    call.end(request.body);
  });
}

function bodyHeaders(request: HttpRequest): Record<string, string> {
  if (request.body === undefined) return { ...request.headers };
  return { ...request.headers, 'content-length': String(Buffer.byteLength(request.body)) };
}

function answerFrom(response: http.IncomingMessage, signal: AbortSignal | undefined): HttpAnswer {
  // Without a listener a connection lost before anybody reads the body would be an uncaught error.
  response.on('error', () => undefined);
  const headers: Record<string, string> = {};
  for (const [name, values] of Object.entries(response.headersDistinct)) {
    if (values) headers[name] = values.join(', ');
  }
  return {
    status: response.statusCode ?? 0,
    headers,
    body: chunks(response, signal),
    close: () => {
      if (!response.readableEnded) response.destroy();
    },
  };
}

/** Reading pulls: the socket waits while nobody asks for the next chunk. */
async function* chunks(response: http.IncomingMessage, signal: AbortSignal | undefined): AsyncGenerator<Uint8Array> {
  try {
    for await (const chunk of response) yield chunk as Uint8Array; // a stream without an encoding gives Buffers
  } catch (error) {
    throw signal?.aborted ? aborted() : error;
  }
}

function isHangUp(error: ConnectionError): boolean {
  return error.code === 'ECONNRESET' || error.code === 'EPIPE';
}

function trustedCertificates(): readonly string[] {
  return typeof tls.getCACertificates === 'function' ? tls.getCACertificates('default') : tls.rootCertificates;
}

function coded(message: string, code: string): ConnectionError {
  return Object.assign(new Error(message), { code });
}

function aborted(): DOMException {
  return new DOMException('The request was given up', 'AbortError');
}
