import http from 'node:http';
import net from 'node:net';
import { pipeline } from 'node:stream';
import { listen } from './loopbackServer.ts';

export interface Proxy {
  readonly port: number;
  /** "GET http://host/path" and "CONNECT host:443", in order. */
  readonly asked: string[];
}

interface ProxyOptions {
  /** Where a host really is. */
  readonly to?: (host: string) => number | undefined;
  /** Answers 407 to everybody. */
  readonly refuse?: boolean;
  /** Answers 407 to whoever does not give this "name:password". */
  readonly login?: string;
}

/** A real forward proxy on loopback, until the test is over. */
export async function startProxy(options: ProxyOptions = {}): Promise<Proxy> {
  const { server, asked } = makeProxy(options);
  return { port: await listen(server), asked };
}

/** The same for whoever listens and closes by themselves. */
export function makeProxy(options: ProxyOptions = {}): { readonly server: http.Server; readonly asked: string[] } {
  const asked: string[] = [];
  const refuses = ({ headers }: http.IncomingMessage): boolean =>
    options.refuse === true ||
    (options.login !== undefined && headers['proxy-authorization'] !== `Basic ${btoa(options.login)}`);
  const portOf = (host: string, port: string): number => options.to?.(host) ?? Number(port);
  const proxy = http.createServer((request, response) => {
    asked.push(`${request.method ?? ''} ${request.url ?? ''}`);
    if (refuses(request)) {
      response.writeHead(407, { 'proxy-authenticate': 'Basic realm="proxy"' }).end();
      return;
    }
    const url = new URL(request.url ?? '');
    const onward = http.request(
      {
        host: '127.0.0.1',
        port: portOf(url.hostname, url.port || '80'),
        path: url.pathname + url.search,
        method: request.method,
        headers: { ...request.headers, host: url.host },
      },
      (answer) => {
        response.writeHead(answer.statusCode ?? 502, answer.headers);
        // A body that breaks off there breaks off here.
        pipeline(answer, response, () => undefined);
      },
    );
    onward.on('error', () => response.destroy());
    response.on('close', () => onward.destroy());
    request.pipe(onward);
  });
  proxy.on('connect', (request, socket, head) => {
    asked.push(`CONNECT ${request.url ?? ''}`);
    if (refuses(request)) {
      socket.end('HTTP/1.1 407 Proxy Authentication Required\r\ncontent-length: 0\r\n\r\n');
      return;
    }
    const { hostname, port } = new URL(`http://${request.url ?? ''}`);
    const there = net.connect(portOf(hostname, port || '443'), '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
      there.write(head);
      there.pipe(socket).pipe(there);
    });
    socket.on('error', () => there.destroy());
    there.on('error', () => socket.destroy());
  });
  return { server: proxy, asked };
}
