/**
 * Starts the built product on either host, for journeys: the same page, the same services, a data folder of its own.
 * Needs dist/ (built here where it is out of date) and a Chromium.
 */
import { execFile, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { chromium, type Browser, type BrowserContextOptions, type Locator, type Page } from 'playwright-core';
import { findChromium } from '../../build/chromium.js';
import { findNode } from '../../build/node.js';
import { programShown } from './programShown.ts';
import { launchStandin, type StandinApp } from '../standin/launch.ts';

export const root = resolve(import.meta.dirname, '../..');
const node = findNode() ?? process.execPath;

const withKeyring = join(root, 'build/withKeyring.sh');

export interface LaunchOptions {
  /** Flags as a person would give them: '--practice'. */
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Data folder; a fresh one that is removed at the end when left out. */
  readonly data?: string;
  /** The folder is the person's home, and Latchkey finds its usual place in there by itself. */
  readonly usualPlace?: boolean;
  /** Runs in a throw-away session with a real keyring (`build/withKeyring.sh`); else with no keychain. Linux only. */
  readonly keyring?: boolean;
  /** A program that starts the host and watches it: `strace` and its flags. */
  readonly under?: readonly string[];
  /** Desktop only: folder of a packed app that was laid out, instead of this project's own build. */
  readonly app?: string;
}

/** Builds what is out of date. Quick when nothing is. */
export async function ensureBuilt(): Promise<void> {
  await promisify(execFile)(node, [join(root, 'build/build.js')], { cwd: root });
}

/** The environment of a person without anything special: no token, no mirror, no screen, no keychain. */
/** What a desktop has and a machine for tests has not. */
const desktopPrograms = join(root, 'test/hosts/bin');

function plainEnvironment(data: string, extra: LaunchOptions['env'] = {}): Record<string, string> {
  const { PATH = '', CHROMIUM_PATH, NODE_V8_COVERAGE, NODE_COMPILE_CACHE } = process.env;
  const env = {
    PATH: `${desktopPrograms}${delimiter}${PATH}`,
    CHROMIUM_PATH,
    NODE_V8_COVERAGE,
    NODE_COMPILE_CACHE,
    HOME: data,
    HF_HOME: join(data, 'huggingface'),
    LANG: 'C.UTF-8',
    ...extra,
  };
  return Object.fromEntries(Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined));
}

async function dataFolder(
  given: string | undefined,
): Promise<{ readonly data: string; readonly forget: () => Promise<void> }> {
  if (given !== undefined) return { data: given, forget: async () => undefined };
  const data = await mkdtemp(join(tmpdir(), 'latchkey-'));
  return { data, forget: () => rm(data, { recursive: true, force: true }) };
}

export interface DesktopApp extends StandinApp {
  readonly data: string;
}

/** The desktop app on the stand-in for Electron. `evaluate` runs in its main process. */
export async function launchDesktop({
  args = [],
  env,
  data: given,
  usualPlace = false,
  keyring = false,
  under = [],
  app: packed,
}: LaunchOptions = {}): Promise<DesktopApp> {
  if (packed === undefined) await ensureBuilt();
  const { data, forget } = await dataFolder(given);
  const app = await launchStandin({
    app: packed ?? root,
    args: [...args, ...(usualPlace ? [] : ['--data', data])],
    env: { ...plainEnvironment(data, env), ...(packed !== undefined && { STANDIN_PACKAGED: '1' }) },
    cleanEnv: true,
    under: keyring ? [withKeyring, ...under] : under,
  });
  await programShown(app.page);
  return {
    ...app,
    data,
    async close() {
      await app.close();
      await forget();
    },
  };
}

/** A running web host, before anybody opened its page. */
export interface WebHost {
  /** http://127.0.0.1:PORT/#secret */
  readonly url: string;
  readonly data: string;
  readonly pid: number;
  log(): string;
  readonly exited: Promise<number | null>;
  /** Ends it as Ctrl+C does. */
  close(): Promise<void>;
}

/** Starts the built web host and reads its address from what it prints. */
export async function startWeb({
  args = [],
  env,
  data: given,
  usualPlace = false,
  keyring = false,
  under = [],
}: LaunchOptions = {}): Promise<WebHost> {
  await ensureBuilt();
  const { data, forget } = await dataFolder(given);
  const words = [join(root, 'dist/electron/web.js'), '--no-open', ...(usualPlace ? [] : ['--data', data]), ...args];
  const [command, ...rest] = [...(keyring ? [withKeyring] : []), ...under, node, ...words];
  const child = spawn(command ?? node, rest, {
    env: plainEnvironment(data, env),
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  let log = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text: Buffer) => (log += text.toString()));
  const { promise: exited, resolve: ended } = Promise.withResolvers<number | null>();
  child.once('exit', (code) => ended(code));
  let over = false;
  void exited.then(() => (over = true));
  const began = Date.now();
  const address = /http:\/\/127\.0\.0\.1:\d+\/#[\w-]+/;
  while (!address.test(log)) {
    if (over || Date.now() - began > 30_000) throw new Error(`the web host did not start\n${log}`);
    await new Promise((settle) => setTimeout(settle, 20));
  }
  const signal = (name: NodeJS.Signals): void => {
    // The whole group: with a keyring, the host is a grandchild.
    if (!over && child.pid !== undefined) process.kill(-child.pid, name);
  };
  return {
    url: address.exec(log)?.[0] ?? '',
    data,
    pid: child.pid ?? 0,
    log: () => log,
    exited,
    async close() {
      signal('SIGINT');
      await Promise.race([exited, new Promise((settle) => setTimeout(settle, 10_000).unref())]);
      signal('SIGKILL');
      await exited;
      await forget();
    },
  };
}

/** A person's last click in a program that ends of it: its page may be gone before the click was acknowledged. */
export async function clickLast(button: Locator): Promise<void> {
  try {
    await button.click();
  } catch (error) {
    if (!button.page().isClosed()) throw error;
  }
}

export interface WebApp extends WebHost {
  readonly page: Page;
  readonly browser: Browser;
}

/** A headless Chromium of our own. */
export async function launchChromium(flags: readonly string[] = []): Promise<Browser> {
  const found = findChromium();
  const sandbox = process.getuid?.() === 0 ? ['--no-sandbox'] : [];
  const quiet = [
    '--disable-gpu',
    '--disable-dev-shm-usage',
    '--disable-background-networking',
    '--disable-component-update',
    '--no-first-run',
  ];
  return chromium.launch({ ...(found && { executablePath: found }), args: [...quiet, ...sandbox, ...flags] });
}

/** The web host with its page open in a real Chromium. */
export async function launchWeb({
  context,
  ...options
}: LaunchOptions & { readonly context?: BrowserContextOptions } = {}): Promise<WebApp> {
  const host = await startWeb(options);
  const browser = await launchChromium();
  const page = await browser.newPage(context);
  await page.goto(host.url);
  await programShown(page);
  return {
    ...host,
    page,
    browser,
    async close() {
      await browser.close();
      await host.close();
    },
  };
}
