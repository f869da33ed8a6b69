import { join } from 'node:path';
import { ok } from '../../../electron/contract/result.ts';
import { newSecret } from '../../../electron/services/bearer.ts';
import { startWebServer, type WebServer } from '../../../electron/hosts/web/server.ts';
import { type RawAnswer, sendRaw } from '../sendRaw.ts';

/** The head of a request, as far as the guard looks at it; undefined leaves a header out. */
export interface Case {
  readonly host: string;
  readonly origin: string | undefined;
  readonly site: string | undefined;
  readonly method: string;
  readonly authorization: string | undefined;
  readonly type: string | undefined;
}

/** A web server of ours before services that only write down what reached them. */
export interface Bench {
  readonly server: WebServer;
  readonly secret: string;
  readonly port: number;
  /** What reached the services, which is the only thing that counts. Tests empty it. */
  readonly reached: { readonly name: unknown; readonly input: unknown }[];
  /** A request with everything right. */
  readonly good: Case;
  readonly ask: (given: Case, target?: string, body?: string) => Promise<RawAnswer>;
}

/** Starts a server on the page of the tests. */
export async function startBench(): Promise<Bench> {
  const secret = newSecret();
  const reached: { name: unknown; input: unknown }[] = [];
  const server = await startWebServer({
    request: async (name, input) => {
      reached.push({ name, input });
      return ok('the data');
    },
    rendererFolder: join(import.meta.dirname, '..', 'page'),
    secret,
    port: 0,
  });
  const port = Number(new URL(server.origin).port);
  const good: Case = {
    host: `127.0.0.1:${port}`,
    origin: server.origin,
    site: 'same-origin',
    method: 'POST',
    authorization: `Bearer ${secret}`,
    type: 'application/json',
  };
  const ask = (given: Case, target = '/request/app.info', body = ''): Promise<RawAnswer> => {
    const all: (readonly [string, string | undefined])[] = [
      ['host', given.host],
      ['origin', given.origin],
      ['sec-fetch-site', given.site],
      ['authorization', given.authorization],
      ['content-type', given.type],
    ];
    const headers = all.flatMap(([name, value]) => (value === undefined ? [] : [[name, value] as const]));
    return sendRaw(port, { method: given.method, target, headers, body });
  };
  return { server, secret, port, reached, good, ask };
}
