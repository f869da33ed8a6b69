import type { Agent } from 'node:http';
import https from 'node:https';
import type { Socket } from 'node:net';
import tls, { type TLSSocket } from 'node:tls';

import type { WayPort } from '../services/ports.ts';
import { environmentProxy, shownProxy } from './environmentProxy.ts';

let trusted = false;

/**
 * Adds the operating system's certificates to the ones Node brings, once per process, so that a company's own
 * certificate works here as it does in the browser. Read late, on the first secure request: macOS takes its time.
 * Nothing changes where the runtime lacks these functions (Node before 24.5, or Electron's own TLS library).
 */
export function trustSystemCertificates(): void {
  if (trusted) return;
  trusted = true;
  if (typeof tls.setDefaultCACertificates !== 'function' || typeof tls.getCACertificates !== 'function') return;
  try {
    tls.setDefaultCACertificates([
      ...new Set([...tls.getCACertificates('default'), ...tls.getCACertificates('system')]),
    ]);
  } catch {
    // A store that cannot be read leaves the bundled certificates in force; a refused one is explained when it is met.
  }
}

const untrusted =
  /^(?:SELF_SIGNED_CERT_IN_CHAIN|DEPTH_ZERO_SELF_SIGNED_CERT|UNABLE_TO_GET_ISSUER|UNABLE_TO_VERIFY_LEAF|CERT_UNTRUSTED|ERR_TLS_CERT_ALTNAME)/;

/** True for an error that says: the server's certificate was refused. */
export function isUntrusted(error: unknown): error is Error {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' && untrusted.test(error.code);
}

/**
 * Looks once more at a certificate that was just refused, to name who signed it: "Zscaler" says more than a code.
 * The agent accepts any certificate, so this request carries nothing (no path, no token) and its answer is never read.
 * Undefined when nothing can be seen within 3 seconds.
 */
export function issuerBehind(url: URL, agent: Agent): Promise<string | undefined> {
  return new Promise((resolve) => {
    const look = https.request({ method: 'HEAD', host: url.hostname, port: url.port || 443, path: '/', agent });
    const done = (issuer?: string): void => {
      clearTimeout(timer);
      resolve(issuer);
      look.destroy();
    };
    const timer = setTimeout(done, 3000);
    look.on('error', () => {
      done();
    });
    look.once('socket', (socket: Socket) => {
      const seen = issuerOf(socket);
      if (seen !== undefined)
        done(seen); // a tunnel through a proxy arrives ready
      else
        socket.once('secureConnect', () => {
          done(issuerOf(socket));
        });
    });
    look.end();
  });
}

function issuerOf(socket: Socket): string | undefined {
  const certificate = (socket as Partial<TLSSocket>).getPeerCertificate?.(); // absent on plain sockets
  const { O: organisation, CN: name } = certificate?.issuer ?? {};
  const issuer = organisation ?? name;
  return Array.isArray(issuer) ? issuer[0] : issuer;
}

/** The way of plain Node: proxies come from the environment alone. */
export function createNodeWay(env: Readonly<Record<string, string | undefined>>): WayPort {
  return {
    async proxyFor(url) {
      const proxy = environmentProxy(url, env);
      return proxy && shownProxy(proxy);
    },
    issuerOf(address) {
      const agent = new https.Agent({ keepAlive: false, rejectUnauthorized: false, proxyEnv: { ...env } });
      return issuerBehind(new URL(address), agent);
    },
  };
}
