import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createNodeHttp } from '../../../electron/adapters/nodeHttp.ts';
import { createHubClient, type HubClient, type HubClientOptions } from '../../../electron/services/hub/request.ts';
import type { LogEntry } from '../../../electron/services/ports.ts';

/** A recorded answer, typed in from what the Hub was seen to send. */
export interface Recorded {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
  readonly body?: string;
  /** 'cut' drops the connection in the middle of the body, 'hang' never answers, 'trickle' sends a byte every 200 ms. */
  readonly fault?: 'cut' | 'hang' | 'drop' | 'trickle';
}

export interface Sent {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export type Script = (sent: Sent) => Recorded;

export interface Wire {
  readonly url: string;
  readonly sent: Sent[];
  script: Script;
  close(): Promise<void>;
}

/** A server on loopback that plays recorded answers over real HTTP and writes down what it was asked. */
export async function startWire(script: Script): Promise<Wire> {
  const sent: Sent[] = [];
  const server: Server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      const one = { method: request.method ?? '', path: request.url ?? '', headers: request.headers, body };
      sent.push(one);
      const answer = wire.script(one);
      if (answer.fault === 'hang') return;
      if (answer.fault === 'drop') return void request.socket.destroy();
      for (const [name, value] of Object.entries(answer.headers ?? {})) {
        response.setHeader(name, typeof value === 'string' ? value : [...value]);
      }
      response.statusCode = answer.status;
      if (answer.fault === 'cut') {
        response.setHeader('content-length', '100000');
        response.write(answer.body ?? 'x', () => request.socket.destroy());
        return;
      }
      if (answer.fault === 'trickle') {
        let left = 8;
        const timer = setInterval(() => {
          response.write('x');
          if (--left > 0) return;
          clearInterval(timer);
          response.end();
        }, 200);
        return;
      }
      response.end(request.method === 'HEAD' ? undefined : (answer.body ?? ''));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const wire: Wire = {
    url: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`,
    sent,
    script,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => {
          resolve();
        });
      }),
  };
  return wire;
}

/** A client for a test: real sockets, repeats without waiting, log lines kept. */
export function clientFor(endpoint: string, changes: Partial<HubClientOptions> = {}): HubClient & { log: LogEntry[] } {
  const log: LogEntry[] = [];
  const client = createHubClient({
    endpoint,
    http: createNodeHttp(),
    version: '0.0.0-test',
    now: () => Date.now(),
    isOffline: () => false,
    tokenConsent: () => 'yes',
    log: (entry) => log.push(entry),
    retryMs: 1,
    ...changes,
  });
  return { ...client, log };
}
