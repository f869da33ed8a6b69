import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { type Account, findAccount } from './accounts.ts';
import { type Answer, refusalAnswer, textAnswer } from './answer.ts';
import { apiRoute } from './apiRoutes.ts';
import { cdnError, cdnRoute } from './cdn.ts';
import { memoryContent, wholeContent } from './content.ts';
import { contentRoute } from './contentRoutes.ts';
import { edited, replacement } from './faultAnswers.ts';
import type { Fault, FaultScript } from './faults.ts';
import { oauthRoute } from './oauthRoutes.ts';
import { pageRoute, signedIn } from './pages/pageRoutes.ts';
import type { Pace } from './practiceHub.ts';
import { bucketOf } from './rateLimits.ts';
import { flatHeaders, type Recorder } from './recorder.ts';
import { deliver } from './wire.ts';
import { type Ask, findRepository, type World } from './world.ts';

export interface Counter {
  readonly world: World;
  readonly recorder: Recorder;
  readonly script: FaultScript;
  readonly pace: () => Pace;
  readonly signal: AbortSignal;
}

/** The Hub's port: web pages, API, file addresses. Answers every request, also one that shows a bug in here (500). */
export function createHubServer(counter: Counter): Server {
  return serve('hub', counter, async (request, fault) => {
    const { world } = counter;
    const ask = readAsk(request, world);
    const { refusal, headers } = world.limits.count(bucketOf(ask.url.pathname), holderOf(ask));
    const common = {
      'x-request-id': `Root=1-${world.random(4).toString('hex')}-${world.random(12).toString('hex')};${randomUUID()}`,
      ...headers,
    };
    const place = { port: 'hub', method: ask.method, path: request.url ?? '/', endpoint: world.endpoint } as const;
    const replaced = fault && replacement(fault, place);
    // What a stranger on the way says carries none of the Hub's marks.
    if (replaced && fault.do === 'html-portal') return replaced;
    if (fault?.do === 'new-commit') await moveMain(world, ask.url.pathname);
    const api = ask.url.pathname.startsWith('/api/');
    const answer = replaced ?? (refusal ? refusalAnswer(refusal, { api }) : await hubRoute(ask, world));
    if (fault?.do === 'expire-url' && answer.headers['location']?.startsWith(world.cdnEndpoint)) {
      world.links.expire(answer.headers['location']);
    }
    const full = { ...answer, headers: { ...common, ...answer.headers } };
    return fault === undefined && /\bgzip\b/.test(ask.headers['accept-encoding'] ?? '') ? zipped(full) : full;
  });
}

/** The CDN's port. */
export function createCdnServer(counter: Counter): Server {
  return serve('cdn', counter, async (request, fault) => {
    const { links, random } = counter.world;
    const ask = { method: request.method ?? 'GET', path: request.url ?? '/', headers: flatHeaders(request) };
    if (fault?.do === 'expire-url') return cdnError(403, 'AccessDenied', 'Request has expired', {});
    const replaced = fault && replacement(fault, { port: 'cdn', endpoint: counter.world.endpoint, ...ask });
    return replaced ?? cdnRoute(ask, { links, random });
  });
}

/** Opens a server on this computer only; resolves to its port. Rejects when the port is taken. */
export async function listen(server: Server, port: number): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  return (server.address() as AddressInfo).port;
}

type Route = (request: IncomingMessage, fault: Fault | undefined) => Promise<Answer>;

function serve(port: 'hub' | 'cdn', counter: Counter, route: Route): Server {
  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { recorded, progress } = counter.recorder.note(request, port);
    const fault = counter.script.next(recorded);
    if (fault) Object.assign(recorded, { fault: fault.do });
    let answer: Answer;
    try {
      const honest = await route(request, fault);
      answer = fault ? edited(fault, honest) : honest;
    } catch (error) {
      answer = textAnswer(`The practice Hub failed: ${String(error)}`, { status: 500 });
    }
    const { signal } = counter;
    await deliver({ request, response, answer, fault, pace: counter.pace(), progress, signal });
  };
  // Node's own limits would cut slow tests; the clients under test bring theirs.
  const limits = { requestTimeout: 0, headersTimeout: 0, keepAliveTimeout: 30_000 };
  return createServer(limits, (request, response) => void handle(request, response));
}

/** Whose quota a request uses: pages without a token are those of the person at the browser, who is signed in. */
function holderOf(ask: Ask): Account | undefined {
  if (ask.caller.kind === 'known') return ask.caller.account;
  const isPage = ask.caller.kind === 'anonymous' && bucketOf(ask.url.pathname) === 'pages';
  return isPage ? findAccount(signedIn(ask)) : undefined;
}

async function hubRoute(ask: Ask, world: World): Promise<Answer> {
  const path = ask.url.pathname;
  const special = (await oauthRoute(ask, world)) ?? (await contentRoute(ask, world));
  if (special) return special;
  return path.startsWith('/api/') ? apiRoute(ask, world) : pageRoute(ask, world);
}

function readAsk(request: IncomingMessage, world: World): Ask {
  const target = request.url ?? '/';
  const url = URL.canParse(target, world.endpoint) ? new URL(target, world.endpoint) : new URL('/-', world.endpoint);
  return {
    method: request.method ?? 'GET',
    url,
    headers: flatHeaders(request),
    caller: world.tokens.callerOf(request.headers.authorization),
    body: () => readBody(request),
  };
}

const longestBody = 1_000_000;

async function readBody(request: IncomingMessage): Promise<string> {
  const pieces: Buffer[] = [];
  let bytes = 0;
  for await (const piece of request) {
    pieces.push(piece as Buffer);
    bytes += (piece as Buffer).byteLength;
    if (bytes > longestBody) break;
  }
  return Buffer.concat(pieces).subarray(0, longestBody).toString('utf8');
}

/** Somebody pushes to the repository of this path while the client is at work. */
async function moveMain(world: World, path: string): Promise<void> {
  const [owner, name] = path
    .replace(/^\/api\/(?:models|resolve-cache\/models)/, '')
    .split('/')
    .filter(Boolean);
  const found = findRepository(world, `${owner ?? ''}/${name ?? ''}`);
  if (found.kind !== 'here') return;
  await found.repository.commit({ 'CHANGES.md': `Moved ${world.random(8).toString('hex')}\n` });
}

/** Text for a client that takes gzip: the true length disappears and the ETag becomes weak, as on the real Hub. */
async function zipped(answer: Answer): Promise<Answer> {
  const { headers, body } = answer;
  const length = body.end - body.start;
  const isText = /^(?:text\/|application\/json)/.test(headers['content-type'] ?? '');
  if (!isText || length < 1024 || length > 4_000_000) return answer;
  const content = memoryContent(gzipSync(await wholeContent(body.content)));
  const etag = headers['etag'] === undefined ? {} : { etag: `W/${headers['etag']}` };
  return {
    status: answer.status,
    headers: { ...headers, ...etag, 'content-encoding': 'gzip', vary: 'Accept-Encoding' },
    body: { content, start: 0, end: content.size },
  };
}
