import { fork } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium, type Page } from 'playwright-core';
import { makeCodec } from './codec.ts';
import type * as standinModule from './electron.ts';
import type { Records } from './records.ts';

const { encode, decode } = makeCodec();
const root = resolve(import.meta.dirname, '../..');
/** The stand-in runs TypeScript as it is, which the project's own Node can. */
const node = join(root, 'node_modules', 'node', 'bin', process.platform === 'win32' ? 'node.exe' : 'node');

export type StandinModules = typeof standinModule & { readonly standin: Records };

/** An app running on the stand-in. `page` is a Playwright page of the real browser. */
export interface StandinApp {
  readonly page: Page;
  /** Runs a function in the main process; what it uses must be in its own text. */
  evaluate<Output, Input>(
    ask: (modules: StandinModules, input: Input) => Output,
    input?: Input,
  ): Promise<Awaited<Output>>;
  /** Standard output and error of the app so far. */
  log(): string;
  /** Settles when the app has ended, with its exit code. */
  readonly exited: Promise<number | null>;
  close(): Promise<void>;
}

interface LaunchOptions {
  /** Folder with a package.json, or a main module. */
  readonly app: string;
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** `env` is the whole environment; else it is added to this process's. */
  readonly cleanEnv?: boolean;
  /** A program and its words that start the app: a session with a keyring, a tracer. It must hand its open files on. */
  readonly under?: readonly string[];
}

type Reply = { readonly id: number; readonly value?: string; readonly refused?: string };

/** The process of an app on the stand-in, before anybody waits for its window. `driven`: its browser listens, too. */
export function spawnStandin(
  { app, args = [], env = {}, cleanEnv = false, under = [] }: LaunchOptions,
  { driven = false } = {},
) {
  const [starter = node, ...words] = [...under, node];
  let log = '';
  let next = 0;
  const waiting = new Map<
    number,
    { readonly resolve: (value: unknown) => void; readonly reject: (error: Error) => void }
  >();
  const child = fork(fileURLToPath(new URL('./run.ts', import.meta.url)), [app, ...args], {
    execPath: starter,
    execArgv: [...words, '--import', new URL('./register.ts', import.meta.url).href],
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    env: {
      ...(cleanEnv ? {} : process.env),
      STANDIN_APP_ROOT: existsSync(join(app, 'package.json')) ? app : root,
      ...(driven && { STANDIN_DRIVEN: '1' }),
      ...env,
    },
  });
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (data: Buffer) => (log += data.toString()));
  const { promise: exited, resolve: ended } = Promise.withResolvers<number | null>();
  child.once('exit', (code) => {
    ended(code);
    for (const { reject } of waiting.values()) reject(new Error(`the app ended (${code})\n${log}`));
  });
  child.on('message', ({ id, value, refused }: Reply) => {
    const question = waiting.get(id);
    waiting.delete(id);
    if (refused !== undefined) question?.reject(new Error(refused));
    else question?.resolve(decode(value ?? encode(undefined)));
  });
  const evaluate = <Output, Input>(ask: (modules: StandinModules, input: Input) => Output, input?: Input) => {
    if (!child.connected) return Promise.reject(new Error(`the app ended\n${log}`));
    const id = ++next;
    const { promise, resolve: settle, reject } = Promise.withResolvers<unknown>();
    waiting.set(id, { resolve: settle, reject });
    child.send({ id, source: String(ask), input: encode(input) });
    return promise as Promise<Awaited<Output>>;
  };
  return { child, evaluate, exited, log: () => log };
}

/** Starts an app and waits until its first window shows a page. */
export async function launchStandin(options: LaunchOptions): Promise<StandinApp> {
  const { child, evaluate, exited, log } = spawnStandin(options, { driven: true });
  // Loaded, with the permissions that the app gives it.
  const shown = () => evaluate(({ standin }) => (standin.times.loaded === undefined ? undefined : standin.debugPort));
  const began = Date.now();
  let port: number | undefined;
  while ((port = await shown()) === undefined) {
    if (Date.now() - began > 30_000) throw new Error(`no window after 30 s\n${log()}`);
    await new Promise((settle) => setTimeout(settle, 50));
  }
  const browser = await chromium.connectOverCDP(`http://127.0.0.1:${port}`);
  const page = browser
    .contexts()[0]
    ?.pages()
    .find((other) => other.url() !== 'about:blank');
  if (!page) throw new Error(`the window has no page\n${log()}`);
  await page.waitForLoadState('load');
  const gone = new Promise((settle) => browser.once('disconnected', settle));
  return {
    page,
    evaluate,
    log,
    exited,
    async close() {
      if (child.connected) child.send('close');
      await Promise.race([exited, new Promise((settle) => setTimeout(settle, 10_000).unref())]);
      child.kill('SIGKILL');
      // An app that was killed takes its browser with it, a moment later; the next one may want the same folder.
      await Promise.race([gone, new Promise((settle) => setTimeout(settle, 10_000).unref())]);
      await browser.close().catch(() => undefined);
    },
  };
}
