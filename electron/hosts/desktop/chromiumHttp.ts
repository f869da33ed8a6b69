import type { ClientRequest, IncomingMessage, net, Session } from 'electron';
import type { HttpAnswer, HttpPort } from '../../services/ports.ts';

/** Chromium does not tell when a connection stands; without an answer for so long there is none. */
const answerMs = 30_000;

/**
 * The port over Electron's `net.request`, not `net.fetch`: only the former shows a redirect with its headers, and the Hub
 * client decides where a redirect may lead. Chromium decodes compressed bodies by itself; their headers go with them.
 */
export function chromiumHttp(options: {
  readonly net: Pick<typeof net, 'request'>;
  readonly session: Session;
  /** Who signed the certificate a host showed last. */
  readonly issuerFor: (hostname: string) => string | undefined;
}): HttpPort {
  return (asked, { signal }) =>
    new Promise((resolve, reject) => {
      if (signal?.aborted) {
        reject(aborted());
        return;
      }
      const { method, url, headers, body } = asked;
      const call = options.net.request({ method, url, headers, session: options.session, redirect: 'manual' });
      const fail = (error: Error): void => {
        done();
        reject(signal?.aborted ? aborted() : translated(error, options.issuerFor(new URL(url).hostname)));
      };
      const stop = (): void => {
        call.abort();
        fail(aborted());
      };
      const timer = setTimeout(() => {
        call.abort();
        fail(new Error('net::ERR_TIMED_OUT'));
      }, answerMs);
      const done = (): void => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', stop);
      };
      signal?.addEventListener('abort', stop, { once: true });
      call.on('redirect', (status, _method, _target, redirected) => {
        done();
        // Given up within the event: else Electron calls it an error.
        call.abort();
        resolve({ status, headers: joined(redirected), body: nothing(), close: () => undefined });
      });
      call.on('response', (response) => {
        done();
        resolve(answerOf(call, response, signal));
      });
      // Stays for ever: after an answer, too, a lost connection is told here as well as to the reader.
      call.on('error', fail);
      if (body !== undefined) call.write(body);
      call.end();
    });
}

function answerOf(call: ClientRequest, response: IncomingMessage, signal: AbortSignal | undefined): HttpAnswer {
  const stream = response as unknown as NodeJS.ReadableStream; // it is one; Electron's types say only EventEmitter
  const stop = (): void => call.abort();
  // The signal goes on to hold for the body.
  signal?.addEventListener('abort', stop, { once: true });
  stream.on('error', () => undefined);
  const headers = joined(response.headers);
  const { 'content-encoding': encoding, 'content-length': _length, ...decoded } = headers;
  return {
    status: response.statusCode,
    headers: encoding === undefined || encoding === 'identity' ? headers : decoded,
    body: chunks(stream, signal, () => signal?.removeEventListener('abort', stop)),
    close: () => {
      signal?.removeEventListener('abort', stop);
      call.abort();
    },
  };
}

async function* chunks(
  stream: NodeJS.ReadableStream,
  signal: AbortSignal | undefined,
  done: () => void,
): AsyncGenerator<Uint8Array> {
  try {
    for await (const chunk of stream) yield chunk as unknown as Uint8Array; // without an encoding it gives Buffers
  } catch (error) {
    throw signal?.aborted
      ? aborted()
      : translated(error instanceof Error ? error : new Error(String(error)), undefined);
  } finally {
    done();
  }
}

async function* nothing(): AsyncGenerator<Uint8Array> {
  // a redirect is its headers
}

function joined(headers: Readonly<Record<string, string | readonly string[]>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [
      name.toLowerCase(),
      typeof value === 'string' ? value : value.join(', '),
    ]),
  );
}

/** Chromium's names for what went wrong, and the system's, by which the rest of the product knows them. */
const codes: readonly (readonly [RegExp, string])[] = [
  [/NAME_NOT_RESOLVED|ICANN_NAME_COLLISION|DNS_/, 'ENOTFOUND'],
  [
    /INTERNET_DISCONNECTED|ADDRESS_UNREACHABLE|NETWORK_CHANGED|NETWORK_IO_SUSPENDED|NETWORK_ACCESS_DENIED/,
    'ENETUNREACH',
  ],
  // Before the plain connection errors, whose names these contain.
  [/PROXY_|TUNNEL_CONNECTION|SOCKS_|PAC_|MANDATORY_PROXY/, 'ERR_PROXY_CONNECTION'],
  [/CERT_DATE_INVALID/, 'CERT_HAS_EXPIRED'],
  [/CERT_COMMON_NAME_INVALID/, 'ERR_TLS_CERT_ALTNAME_INVALID'],
  [/CERT_|SSL_PINNED_KEY|CERTIFICATE_TRANSPARENCY/, 'CERT_UNTRUSTED'],
  [/SSL_|ECH_/, 'EPROTO'],
  [/INVALID_HTTP_RESPONSE|INVALID_RESPONSE|RESPONSE_HEADERS|INVALID_CHUNKED/, 'HPE_INVALID_CONSTANT'],
  [/CONNECTION_REFUSED/, 'ECONNREFUSED'],
  [/TIMED_OUT/, 'ETIMEDOUT'],
  [/CONNECTION_|EMPTY_RESPONSE|CONTENT_LENGTH_MISMATCH|INCOMPLETE|HTTP2_|QUIC_|premature close/i, 'ECONNRESET'],
];

/** PURE: the error with the code the port promises; Chromium's own name stays its message. */
export function translated(error: Error, issuer: string | undefined): Error {
  const code = codes.find(([pattern]) => pattern.test(error.message))?.[1] ?? 'ERR_CHROMIUM';
  const named = code === 'CERT_UNTRUSTED' && issuer !== undefined ? { issuer } : {};
  return Object.assign(new Error(error.message), { code, ...named });
}

function aborted(): DOMException {
  return new DOMException('The request was given up', 'AbortError');
}
