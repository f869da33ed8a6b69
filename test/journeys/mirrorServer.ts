import http from 'node:http';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import { pipeline } from 'node:stream';
import { type Certificates, makeCertificates } from '../adapters/certificates.ts';
import { makeProxy } from '../adapters/proxyServer.ts';

/** A mirror as a company or a country has one: https, a certificate the system knows, behind a proxy. */
export interface Mirror {
  readonly endpoint: string;
  /** What has to stand in the environment for the mirror to be in use. */
  readonly env: Readonly<Record<string, string>>;
  /** The Authorization header of every request that reached it. */
  readonly authorizations: (string | undefined)[];
  close(): Promise<void>;
}

/** Starts one on loopback that passes everything on to a Hub. Its name resolves nowhere but in its proxy. */
export async function startMirror(hub: string): Promise<Mirror> {
  const name = 'mirror.example';
  const certificates: Certificates = makeCertificates([name]);
  const authorizations: (string | undefined)[] = [];
  const server = https.createServer(certificates, (request, response) => {
    authorizations.push(request.headers.authorization);
    const onward = http.request(new URL(request.url ?? '/', hub), {
      method: request.method,
      headers: { ...request.headers, host: new URL(hub).host },
    });
    onward.on('response', (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      pipeline(answer, response, () => undefined);
    });
    onward.on('error', () => response.destroy());
    pipeline(request, onward, () => undefined);
  });
  const port = await listen(server);
  const { server: proxy } = makeProxy({ to: () => port });
  const proxyPort = await listen(proxy);
  return {
    endpoint: `https://${name}`,
    env: {
      HF_ENDPOINT: `https://${name}`,
      HTTPS_PROXY: `http://127.0.0.1:${String(proxyPort)}`,
      SSL_CERT_FILE: certificates.rootPath,
    },
    authorizations,
    close() {
      certificates.forget();
      proxy.close();
      proxy.closeAllConnections();
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

async function listen(server: http.Server | https.Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}
