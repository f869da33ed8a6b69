/** The stand-in's `net` beside what Electron documents of its own: where it would be kinder, tests elsewhere would lie. */
import http from 'node:http';
import https from 'node:https';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { makeCertificates } from '../adapters/certificates.ts';
import { listen } from '../adapters/loopbackServer.ts';
import { spawnStandin } from './launch.ts';

const company = makeCertificates(['localhost'], { organisation: 'Nobody Ltd' });
let app: ReturnType<typeof spawnStandin>;

beforeAll(async () => {
  // An app of its own that opens no window: only its main process is of interest.
  app = spawnStandin({ app: join(import.meta.dirname, '../hosts/desktop/networkApp.ts') });
  await vi.waitUntil(() => app.evaluate(() => 'network' in globalThis), { timeout: 30_000, interval: 50 });
}, 60_000);
afterAll(async () => {
  app.child.kill('SIGKILL');
  await app.exited;
  company.forget();
});

/** Sends one request from the main process; answers what its events told, in order. */
function events(url: string, how: { redirect?: 'follow' | 'error' | 'manual'; partition?: string } = {}) {
  return app.evaluate(
    async ({ net }, given) => {
      const told: string[] = [];
      const request = net.request(given);
      const { promise, resolve } = Promise.withResolvers<void>();
      request.on('redirect', (status: number) => told.push(`redirect ${String(status)}`));
      request.on('error', (error: Error) => told.push(`error ${error.message}`));
      request.on('close', resolve);
      request.on('response', (answer: NodeJS.ReadableStream & { statusCode: number }) => {
        told.push(`response ${String(answer.statusCode)}`);
        answer.on('error', (error: Error) => told.push(`body ${error.message}`));
        answer.on('data', () => undefined);
      });
      request.end();
      await promise;
      await new Promise(setImmediate);
      return told.toSorted();
    },
    { url, partition: 'apart', ...how },
  );
}

describe('a request of the main process', () => {
  test.each([
    ['follow', ['redirect 302', 'response 200']],
    ['manual', ['error Redirect was cancelled', 'redirect 302']],
    ['error', ["error Attempted to redirect, but redirect policy was 'error'"]],
  ] as const)('that is redirected with the policy "%s" tells %j', async (redirect, told) => {
    const port = await listen(
      http.createServer((asked, answer) => {
        if (asked.url === '/') answer.writeHead(302, { location: '/there' });
        answer.end();
      }),
    );
    expect(await events(`http://127.0.0.1:${String(port)}/`, { redirect })).toEqual(told);
  });

  test('whose body breaks off is an error of the request and of its reader', async () => {
    const port = await listen(
      http.createServer((asked, answer) => {
        answer.writeHead(200, { 'content-length': '1000' });
        answer.write('half', () => asked.socket.destroy());
      }),
    );
    const broken = 'net::ERR_CONTENT_LENGTH_MISMATCH';
    expect(await events(`http://127.0.0.1:${String(port)}/`)).toEqual([
      `body ${broken}`,
      `error ${broken}`,
      'response 200',
    ]);
  });

  test.each(['host', 'Content-Length', 'transfer-encoding'])('may not set the header %s', async (name) => {
    const set = app.evaluate(({ net }, header) => {
      net.request('http://127.0.0.1:9/').setHeader(header, 'x');
    }, name);
    await expect(set).rejects.toThrow(/ERR_INVALID_ARGUMENT/);
  });

  test('is stopped where a handler of its session stops it, and nowhere else', async () => {
    const port = await listen(http.createServer((_asked, answer) => answer.end()));
    const url = `http://127.0.0.1:${String(port)}/`;
    // The app confines its pages' session, which is the default one.
    expect(await events(url, { partition: '' })).toEqual(['error net::ERR_BLOCKED_BY_CLIENT']);
    expect(await events(url)).toEqual(['response 200']);
  });

  test('shows an untrusted certificate to the judge of its session and believes Chromium', async () => {
    const port = await listen(https.createServer(company, (_asked, answer) => answer.end()));
    const seen = await app.evaluate(
      async ({ net, session }, url) => {
        const judged: unknown[] = [];
        const ours = session.fromPartition('judging');
        ours.setCertificateVerifyProc(({ hostname, certificate, verificationResult }, answer) => {
          judged.push([hostname, certificate.issuerName, certificate.issuer.organizations[0], verificationResult]);
          answer(-3);
        });
        const request = net.request({ url, session: ours });
        const { promise, resolve } = Promise.withResolvers<string>();
        request.on('error', (error: Error) => resolve(error.message));
        request.end();
        return [await promise, ...judged];
      },
      `https://localhost:${String(port)}/`,
    );
    const refused = 'net::ERR_CERT_AUTHORITY_INVALID';
    expect(seen).toEqual([refused, ['localhost', 'Inspection root', 'Nobody Ltd', refused]]);
  });

  test('knows its sessions from look-alikes', async () => {
    const made = app.evaluate(({ net }) => {
      net.request({ url: 'http://127.0.0.1:9/', session: {} as never });
    });
    await expect(made).rejects.toThrow(/should be an instance of the Session class/);
  });
});
