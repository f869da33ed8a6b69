/**
 * Where the access token is not: a token goes through a whole journey, with a Hub that misbehaves, and is looked for
 * afterwards in everything that can be read, in every form that a program could have given it.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  type App,
  ask,
  checkQuestions,
  chooseModel,
  gatedRepo,
  go,
  type HostName,
  openWorld,
  pasteToken,
  showFailures,
  words,
  type World,
} from './world.ts';

/** The token as it is, percent-encoded, in hex, and in base64 behind nothing, one or two other bytes. */
function formsOf(token: string): readonly string[] {
  const bytes = Buffer.from(token);
  const percent = [...bytes].map((byte) => `%${byte.toString(16).toUpperCase()}`).join('');
  const inner = [0, 1, 2].map((shift) => {
    const text = Buffer.concat([Buffer.alloc(shift), bytes]).toString('base64');
    return text.slice(shift === 0 ? 0 : 4, Math.floor(((shift + bytes.length) * 4) / 3) - 2);
  });
  return [token, percent, percent.toLowerCase(), bytes.toString('hex'), ...inner];
}

interface Process {
  readonly argv: string;
  readonly environment: string;
}

/** Every process that works for this data folder right now. Linux tells. */
function processesOf(data: string): readonly Process[] {
  const own = String(process.pid);
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && name !== own)
    .flatMap((pid) => {
      try {
        const argv = readFileSync(`/proc/${pid}/cmdline`, 'utf8');
        const environment = readFileSync(`/proc/${pid}/environ`, 'utf8');
        return argv.includes(data) || environment.includes(data) ? [{ argv, environment }] : [];
      } catch {
        return []; // it has ended
      }
    });
}

/** What `look` finds, or `nothing` where that is not there any more: the app runs, and its browser tidies up. */
function unlessGone<T>(look: () => T, nothing: T): T {
  try {
    return look();
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return nothing;
    throw error;
  }
}

/** Paths of all files below a folder. */
function filesBelow(folder: string): readonly string[] {
  const entries = unlessGone(() => readdirSync(folder, { withFileTypes: true }), []);
  return entries.flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return filesBelow(path);
    return entry.isFile() ? [path] : [];
  });
}

/** All strings that the page's own memory holds after a thorough collection. */
async function heapOf(page: Page): Promise<string> {
  const session = await page.context().newCDPSession(page);
  const pieces: string[] = [];
  session.on('HeapProfiler.addHeapSnapshotChunk', ({ chunk }) => pieces.push(chunk));
  await session.send('HeapProfiler.enable');
  await session.send('HeapProfiler.collectGarbage');
  await session.send('HeapProfiler.takeHeapSnapshot', { reportProgress: false });
  await session.detach();
  return pieces.join('');
}

const hosts: readonly HostName[] = ['web', 'desktop'];

describe.skipIf(process.platform !== 'linux').each(hosts)('the access token on the %s host', (host) => {
  let world: World;
  let app: App;
  let foreign: Server;
  let token: string;
  let forms: readonly string[];
  const strangers: IncomingMessage['headers'][] = [];
  const seen = new Set<string>();
  let watch: ReturnType<typeof setInterval>;
  showFailures(() => app);
  const found = (text: string): readonly string[] => forms.filter((form) => text.includes(form));

  beforeAll(async () => {
    foreign = createServer((request, response) => {
      strangers.push({ ...request.headers, address: request.url });
      response.writeHead(404).end();
    });
    await new Promise<void>((resolve) => foreign.listen(0, '127.0.0.1', resolve));
    world = await openWorld(host, { approvalSeconds: 1 });
    token = world.hub.control.createToken({ account: 'ada', kind: 'fineGrained', gated: true });
    forms = formsOf(token);
    watch = setInterval(() => {
      for (const { argv, environment } of processesOf(world.data)) seen.add(`${argv}\n${environment}`);
    }, 100);
    app = await world.launch();
  }, 180_000);
  afterAll(async () => {
    clearInterval(watch);
    foreign?.close();
    await world?.end();
  });

  test('goes through a journey with errors and detours', async () => {
    const { page } = app;
    const url = `http://127.0.0.1:${String((foreign.address() as AddressInfo).port)}/elsewhere`;
    await chooseModel(page, gatedRepo);
    await page.locator('[data-step=sign-in][data-state=current]').getByTestId('token-field').waitFor();
    world.hub.control.setRequestState(gatedRepo, 'ada', 'granted');
    // Refused with the token in hand, sent elsewhere, answered with an error: each leaves evidence and log lines.
    world.hub.control.script([
      { match: '/auth-check', nth: 1, do: 'redirect-foreign', url },
      { match: '/auth-check', nth: 2, do: '5xx', times: 3 },
      { match: /resolve\/.*tokenizer\.json/, port: 'hub', nth: 1, do: 'redirect-foreign', url },
      { match: 'GET', port: 'cdn', nth: 2, do: 'reset', atByte: 100_000 },
    ]);
    await pasteToken(page, `Bearer ${token}`);
    await page.locator('[data-testid=problem][data-code=proxy-or-portal]').first().waitFor();
    const start = page.getByTestId('start-download');
    const ready = page.getByTestId('start-chatting');
    await start.or(ready).first().waitFor({ timeout: 60_000 });
    if (await start.isVisible()) await start.click();
    const again = page.getByRole('button', { name: /Continue download|Resume/ }).first();
    while (!(await ready.isVisible())) {
      await ready.or(again).first().waitFor({ timeout: 60_000 });
      if (await again.isVisible()) await again.click({ timeout: 2000 }).catch(() => undefined);
    }
    const [question] = await checkQuestions();
    await ready.click();
    expect(await ask(page, question?.question ?? '')).toBe(words(question?.answer ?? ''));
  }, 180_000);

  test('was where it belongs, which shows that the search finds it', () => {
    const atHub = JSON.stringify(world.hub.requests.filter(({ port }) => port === 'hub'));
    expect(found(atHub)).toEqual([token]);
    for (const [index, form] of forms.entries()) {
      const planted = index < 4 ? form : Buffer.from(`${'x'.repeat(index - 4)}${token}yy`).toString('base64');
      expect(found(planted), `form ${index}`).toContain(form);
    }
  });

  test('is in no argument and no variable of any process', () => {
    const all = [...seen];
    for (const worker of ['convert', 'infer']) expect(all.some((one) => one.includes(worker))).toBe(true);
    expect(all.flatMap(found)).toEqual([]);
  });

  test('was sent to no download server and to no other place', () => {
    expect(world.hub.authorizationAtCdn).toEqual([]);
    expect(found(JSON.stringify(world.hub.requests.filter(({ port }) => port === 'cdn')))).toEqual([]);
    expect(found(JSON.stringify(strangers))).toEqual([]);
  });

  test('is in no file of the app, and not in what it prints', () => {
    const files = filesBelow(world.data);
    expect(files.length).toBeGreaterThan(10);
    for (const path of files) {
      const text = unlessGone(() => readFileSync(path, 'latin1'), '');
      expect(found(text), path).toEqual([]);
    }
    expect(found(app.log())).toEqual([]);
  });

  test('is not in the page: its memory, its stores, its text', async () => {
    const { page } = app;
    const held = await page.evaluate(async () => {
      const databases = await indexedDB.databases();
      return JSON.stringify([{ ...localStorage }, { ...sessionStorage }, databases, document.cookie]);
    });
    expect(found(held + (await page.content()))).toEqual([]);
    const heap = await heapOf(page);
    expect(heap.length).toBeGreaterThan(1_000_000);
    expect(found(heap)).toEqual([]);
  }, 60_000);

  test('is not in the report that a person copies', async () => {
    const { page } = app;
    await page.evaluate(() => {
      // What the page would put on the clipboard; a browser without a head has none.
      Object.defineProperty(navigator, 'clipboard', {
        value: { writeText: async (text: string) => void Object.assign(globalThis, { copied: text }) },
      });
    });
    await go(page, 'Settings');
    await page.getByRole('button', { name: 'Copy report' }).click();
    const report = (): Promise<string> =>
      page.evaluate(() => (globalThis as unknown as { copied?: string }).copied ?? '');
    await expect.poll(report, { timeout: 20_000 }).toContain('Journeys:');
    expect(await report()).toContain('Account: ada');
    expect(found(await report())).toEqual([]);
  }, 40_000);

  test('forgotten, it is missed by nothing that is installed', async () => {
    const { page } = app;
    await go(page, 'Access');
    expect(await page.getByTestId('token-not-needed').innerText()).toMatch(/Nothing on this computer needs the token/);
    await page.getByRole('button', { name: 'Forget this token' }).click();
    await page.getByText('No token is stored.').waitFor();
    const before = world.hub.requests.length;
    await app.close();
    app = await world.launch();
    await app.page.getByTestId('new-chat').first().click();
    const question = (await checkQuestions())[1];
    expect(await ask(app.page, question?.question ?? '')).toBe(words(question?.answer ?? ''));
    expect(world.hub.requests.length).toBe(before);
  }, 180_000);
});
