import http from 'node:http';
import net from 'node:net';
import { pipeline } from 'node:stream';
import { listen } from './loopbackServer.ts';

export interface Proxy {
  readonly port: number;
  /** "GET http://host/path" and "CONNECT host:443", in order. */
  readonly asked: string[];
}

/** A real forward proxy on loopback. `to` says where a host really is; `refuse` answers 407 to everybody. */
export async function startProxy(
  options: { readonly to?: (host: string) => number | undefined; readonly refuse?: boolean } = {},
): Promise<Proxy> {
  const asked: string[] = [];
  const portOf = (host: string, port: string): number => options.to?.(host) ?? Number(port);
  const proxy = http.createServer((request, response) => {
    asked.push(`${request.method ?? ''} ${request.url ?? ''}`);
    if (options.refuse) {
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
    if (options.refuse) {
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
  return { port: await listen(proxy), asked };
}
