import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { answer, headers, type Lent, sendError, sendJson } from './answer.ts';
import { type ApiError, invalid } from './apiError.ts';
import { decide, type Passage } from './guard.ts';
import { type ChatWanted, type CompletionWanted, type Read, readChat, readCompletion } from './readBody.ts';
import { findModel, modelBody } from './shapes.ts';

export interface LocalServer {
  readonly port: number;
  /** Cuts running answers off. */
  close(): Promise<void>;
}

/** A prompt of a million characters, which JSON can write as six bytes each. */
const mostBodyBytes = 8_000_000;
/** Of a larger one so much is read to its end: who is cut off while writing sees a broken connection and not the reason. */
const mostReadBytes = 10 * mostBodyBytes;
/** Programs keep a handful of connections; more is a mistake of theirs that must not become ours. */
const mostConnections = 64;

/** Whoever is refused learns the number and nothing else. */
function refuse(response: ServerResponse, status: number): void {
  response.writeHead(status, { ...headers, 'content-length': '0', connection: 'close' }).end();
}

function repeated({ rawHeaders }: IncomingMessage): ReadonlySet<string> {
  const names = rawHeaders.filter((_, index) => index % 2 === 0).map((name) => name.toLowerCase());
  return new Set(names.filter((name, index) => names.indexOf(name) !== index));
}

const tooLarge: ApiError = { ...invalid('The body is larger than 8 MB.'), status: 413 };

async function readJson(request: IncomingMessage): Promise<Read<unknown>> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Uint8Array>) {
    bytes += chunk.length;
    if (bytes > mostReadBytes) break;
    if (bytes <= mostBodyBytes) chunks.push(chunk);
    else chunks.length = 0;
  }
  if (bytes > mostBodyBytes) return { ok: false, error: tooLarge };
  try {
    return { ok: true, value: JSON.parse(Buffer.concat(chunks).toString('utf8')) as unknown };
  } catch {
    return { ok: false, error: invalid('The body is not valid JSON.') };
  }
}

/**
 * Listens on 127.0.0.1 only; port 0 takes any free one. The key is asked for at each request, so that a new one counts
 * at once.
 *
 * Rejects with the system's error (EADDRINUSE, EACCES) when it cannot listen.
 */
export async function startLocalServer(
  lent: Lent,
  { port: wish, key }: { readonly port: number; readonly key: () => string },
): Promise<LocalServer> {
  const closing = new AbortController();
  let port = wish;

  const generate = async (
    request: IncomingMessage,
    response: ServerResponse,
    read: (body: unknown) => Read<ChatWanted | CompletionWanted>,
  ): Promise<void> => {
    const body = await readJson(request);
    const wanted = body.ok ? read(body.value) : body;
    if (!wanted.ok) return sendError(response, wanted.error);
    return answer(response, wanted.value, lent, closing.signal);
  };

  const serve = (passage: Passage, request: IncomingMessage, response: ServerResponse): void | Promise<void> => {
    const all = lent.models();
    switch (passage.kind) {
      case 'refused':
        return refuse(response, passage.status);
      case 'unknown-path':
        return sendError(response, { ...invalid('There is nothing at this path.'), status: 404 });
      case 'wrong-method':
        return sendError(response, { ...invalid(`This path wants ${passage.allow}.`), status: 405 });
      case 'not-json':
        return sendError(response, { ...invalid('The body must be application/json.'), status: 415 });
      case 'models':
        return sendJson(response, { object: 'list', data: all.map((model) => modelBody(model, all)) });
      case 'model': {
        const model = findModel(passage.name, all);
        if (model) return sendJson(response, modelBody(model, all));
        return sendError(response, {
          ...invalid('This model is not installed.', 'model', 'model_not_found'),
          status: 404,
        });
      }
      case 'chat':
        return generate(request, response, readChat);
      case 'completion':
        return generate(request, response, readCompletion);
    }
  };

  const server = createServer((request, response) => {
    const { method = '', url: target = '' } = request;
    const passage = decide(
      { method, target, headers: request.headers, twice: repeated(request) },
      { port, key: key() },
    );
    Promise.resolve(serve(passage, request, response)).catch(() =>
      response.headersSent ? response.destroy() : refuse(response, 500),
    );
  });
  server.maxConnections = mostConnections;
  const { promise: listening, resolve, reject } = Promise.withResolvers<void>();
  server.once('error', reject);
  server.listen(wish, '127.0.0.1', resolve);
  await listening;
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The local server has no port.');
  port = address.port;
  return {
    port,
    async close() {
      closing.abort();
      const closed = new Promise<void>((done) => server.close(() => done()));
      server.closeAllConnections();
      await closed;
    },
  };
}
