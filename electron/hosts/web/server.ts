import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { BackendEvent } from '../../contract/ipc.ts';
import type { Result } from '../../contract/result.ts';
import { guardHeaders, ownWindow } from '../contentPolicy.ts';
import { readStaticFile } from '../staticFiles.ts';
import { eventStreams } from './eventStreams.ts';
import { decide } from './guard.ts';

/** The longest question is a million characters, which JSON can write as six bytes each. */
const mostBodyBytes = 8_000_000;

export interface WebServer {
  /** http://127.0.0.1:PORT */
  readonly origin: string;
  send(event: BackendEvent): void;
  close(): Promise<void>;
}

interface WebServerOptions {
  readonly request: (name: unknown, input: unknown) => Promise<Result<unknown>>;
  readonly rendererFolder: string;
  readonly secret: string;
  readonly port: number;
}

const noStore = { ...guardHeaders, ...ownWindow, 'cache-control': 'no-store' };

/** Refusals carry a status and nothing else: whoever is refused learns nothing. */
function refuse(response: ServerResponse, status: number): void {
  response.writeHead(status, { ...noStore, 'content-length': '0', connection: 'close' }).end();
}

function repeated(request: IncomingMessage): ReadonlySet<string> {
  const names = request.rawHeaders.filter((_, index) => index % 2 === 0).map((name) => name.toLowerCase());
  return new Set(names.filter((name, index) => names.indexOf(name) !== index));
}

/** The whole body as text, or `undefined` as soon as it is longer than allowed. */
async function readBody(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Uint8Array>) {
    bytes += chunk.length;
    if (bytes > mostBodyBytes) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function parsed(text: string): { readonly input: unknown } | undefined {
  try {
    return { input: text === '' ? undefined : (JSON.parse(text) as unknown) };
  } catch {
    return undefined;
  }
}

/** Listens on 127.0.0.1 only. Serves the built page, the table of requests, and the stream of events; nothing else. */
export async function startWebServer(options: WebServerOptions): Promise<WebServer> {
  const streams = eventStreams();
  let origin = '';

  const call = async (request: IncomingMessage, response: ServerResponse, name: string): Promise<void> => {
    const text = await readBody(request);
    if (text === undefined) return refuse(response, 413);
    const body = parsed(text);
    if (!body) return refuse(response, 400);
    const result = await options.request(name, body.input);
    const json = Buffer.from(JSON.stringify(result));
    response
      .writeHead(200, { ...noStore, 'content-type': 'application/json', 'content-length': json.length })
      .end(json);
  };

  const sendFile = async (response: ServerResponse, path: string): Promise<void> => {
    const file = await readStaticFile(options.rendererFolder, path);
    if (!file) return refuse(response, 404);
    response
      .writeHead(200, { ...noStore, 'content-type': file.type, 'content-length': file.body.length })
      .end(file.body);
  };

  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { method = '', url: target = '', headers } = request;
    const passage = decide({ method, target, headers, twice: repeated(request) }, { origin, secret: options.secret });
    switch (passage.kind) {
      case 'refused':
        return refuse(response, passage.status);
      case 'file':
        return sendFile(response, passage.path);
      case 'events':
        return streams.add(response, noStore);
      case 'request':
        return call(request, response, passage.name);
    }
  };

  const server = createServer((request, response) => {
    answer(request, response).catch(() => (response.headersSent ? response.destroy() : refuse(response, 500)));
  });
  const { promise: listening, resolve, reject } = Promise.withResolvers<void>();
  server.once('error', reject);
  server.listen(options.port, '127.0.0.1', resolve);
  await listening;
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The web server has no port.');
  origin = `http://127.0.0.1:${address.port}`;

  return {
    origin,
    send: (event) => streams.send(event),
    close: () =>
      new Promise((done) => {
        streams.close();
        server.close(() => done());
        server.closeAllConnections();
      }),
  };
}
