/**
 * A whole small world for one journey: a scripted Hub in this process, and the built product on either host pointed at
 * it, as a person with a mirror would (HF_ENDPOINT). The person's hands are a real Chromium.
 */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterEach, expect } from 'vitest';
import type { PracticeHub } from '../../electron/practice/hub/practiceHub.ts';
import { practiceRepositories } from '../../electron/practice/hub/catalogue.ts';
import type { RepositorySpec } from '../../electron/practice/hub/repositories.ts';
import { startPracticeHub } from '../../electron/practice/hub/startPracticeHub.ts';
import { packApp } from '../packaging/packedApp.ts';
import { launchElectron, realElectron } from '../hosts/launchElectron.ts';
import { ensureBuilt, launchChromium, launchDesktop, launchWeb, root } from '../hosts/launch.ts';
import { withoutEnd } from './withoutEnd.ts';

/**
 * `packed` is the desktop host out of the archive that people install, far from any node_modules; `electron` is the real
 * program, where there is one.
 */
export type HostName = 'web' | 'desktop' | 'packed' | 'electron';

/** The app as a journey sees it. */
export interface App {
  readonly page: Page;
  /** A second tab in the same browser, for the Hub's own pages. */
  browse(url: string): Promise<Page>;
  readonly log: () => string;
  /** Titles of the desktop notifications of this start; a page in a browser shows none. */
  notes(): Promise<readonly string[]>;
  /** Loads the page anew, as the window's own menu or the browser's button does. */
  reload(): Promise<unknown>;
  close(): Promise<void>;
  /** Ends it without asking, as a power cut of the process would. */
  kill(): Promise<void>;
}

export const gatedRepo = 'practice-labs/Keyhole-1-Instruct';

/** Questions whose answers the practice model was taught word for word. */
export async function checkQuestions(): Promise<readonly { readonly question: string; readonly answer: string }[]> {
  const text = await readFile(join(root, 'build/practice-model/check-questions.json'), 'utf8');
  return JSON.parse(text) as { question: string; answer: string }[];
}

export interface World {
  readonly hub: PracticeHub;
  readonly data: string;
  /** Starts the app on the same data folder; again after a close. */
  launch(): Promise<App>;
  end(): Promise<void>;
}

/** Shows what the person saw when a test of this file failed. Called inside `describe` or at the top of a file. */
export function showFailures(app: () => Pick<App, 'page' | 'log'> | undefined): void {
  afterEach(async ({ task }) => {
    const seen = app();
    if (task.result?.state !== 'fail' || !seen) return;
    const text = await seen.page
      .locator('body')
      .innerText({ timeout: 2000 })
      .catch(() => 'no page');
    console.log(`The page when "${task.name}" failed:\n${text}\nThe app's last words:\n${seen.log().slice(-3000)}`);
  });
}

/** The keyring of a test run is one for all: only one file may use it, or worlds would find each other's tokens. */
export async function openWorld(
  host: HostName,
  options: {
    readonly approvalSeconds?: number;
    readonly keyring?: boolean;
    /** More names under which the Hub has its open practice model. */
    readonly alsoOpen?: readonly string[];
    /** Names under which it has that model with a long context and without an end to its answers. */
    readonly withoutEnd?: readonly string[];
    /** `data` is the person's home, and Latchkey finds its usual place in there by itself. */
    readonly usualPlace?: boolean;
    /** Also in the app's environment. */
    readonly env?: Readonly<Record<string, string>>;
  } = {},
): Promise<World> {
  const data = await mkdtemp(join(tmpdir(), 'latchkey-journey-'));
  const modelFolder = join(root, 'electron/practice/model');
  const usual = await practiceRepositories(modelFolder);
  const open = usual.filter(({ id }) => id === 'open-practice/Doorstep-Instruct');
  const endless = await Promise.all(open.map(withoutEnd));
  const named = (names: readonly string[] = [], specs: readonly RepositorySpec[]): RepositorySpec[] =>
    names.flatMap((id) => specs.map((spec) => ({ ...spec, id })));
  const hub = await startPracticeHub({
    modelFolder,
    repositories: [...usual, ...named(options.alsoOpen, open), ...named(options.withoutEnd, endless)],
    approvalSeconds: options.approvalSeconds ?? 3,
  });
  const packed = host === 'packed' ? await packApp() : undefined;
  const apps = new Set<App>();
  return {
    hub,
    data,
    async launch() {
      const env = { HF_ENDPOINT: hub.endpoint, ...(options.keyring === true && keyringOfTheRun()), ...options.env };
      const { usualPlace } = options;
      const launched = await start(host, { data, env, app: packed?.app, ...(usualPlace === true && { usualPlace }) });
      apps.add(launched);
      return launched;
    },
    async end() {
      for (const app of apps) await app.close().catch(() => undefined);
      await hub.close();
      await packed?.forget();
      await rm(data, { recursive: true, force: true });
    },
  };
}

/** So that a second start finds what the first one stored. */
function keyringOfTheRun(): Readonly<Record<string, string | undefined>> {
  const { DBUS_SESSION_BUS_ADDRESS, XDG_RUNTIME_DIR } = process.env;
  return { DBUS_SESSION_BUS_ADDRESS, XDG_RUNTIME_DIR };
}

async function start(
  host: HostName,
  {
    data,
    env,
    usualPlace,
    app: folder,
  }: {
    data: string;
    env: Readonly<Record<string, string | undefined>>;
    usualPlace?: boolean;
    app: string | undefined;
  },
): Promise<App> {
  const options = { data, env, ...(usualPlace === true && { usualPlace }) };
  // The person's own browser is another program than the app: the Hub's pages open there.
  const browser = await launchChromium();
  const browse = async (url: string): Promise<Page> => {
    const tab = await browser.newPage();
    await tab.goto(url);
    return tab;
  };
  if (host === 'web') {
    const app = await launchWeb(options);
    return {
      page: app.page,
      log: () => app.log(),
      notes: async () => [],
      browse,
      reload: () => app.page.reload(),
      async close() {
        await browser.close();
        await app.close();
      },
      async kill() {
        process.kill(-app.pid, 'SIGKILL');
        await app.exited;
        await app.browser.close();
        await browser.close();
      },
    };
  }
  if (host === 'electron') {
    const program = realElectron();
    if (!program) throw new Error('There is no Electron program here.');
    await ensureBuilt();
    const app = await launchElectron(program, { data, env: { ...options.env, HF_HOME: join(data, 'huggingface') } });
    return {
      page: app.page,
      log: () => app.log(),
      // Nobody sees the system's own notifications from outside.
      notes: async () => [],
      browse,
      reload: () => app.page.reload(),
      async close() {
        await browser.close();
        await app.close();
      },
      async kill() {
        process.kill(app.pid, 'SIGKILL');
        await app.exited;
        await app.close();
        await browser.close();
      },
    };
  }
  const app = await launchDesktop({ ...options, ...(folder !== undefined && { app: folder }) });
  return {
    page: app.page,
    log: () => app.log(),
    notes: () => app.evaluate(({ standin }) => standin.notifications.map(({ title }) => title)),
    browse,
    async reload() {
      // The window only begins to load again: what a person sees until then is the page of before.
      const loaded = app.page.waitForEvent('load');
      await app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.webContents.reload());
      await loaded;
    },
    async close() {
      await browser.close();
      await app.close();
    },
    async kill() {
      await app.evaluate(() => process.kill(process.pid, 'SIGKILL')).catch(() => undefined);
      await app.exited;
      await app.close();
      await browser.close();
    },
  };
}

/** Opens a place by its button in the navigation. */
export async function go(page: Page, place: 'Models' | 'Access' | 'Storage' | 'Settings'): Promise<void> {
  await page.getByRole('navigation').getByRole('button', { name: place, exact: true }).click();
}

/** Pastes a token on the access page; what the Hub says of it shows there. */
export async function signIn(page: Page, token: string): Promise<void> {
  await go(page, 'Access');
  await pasteToken(page, token);
  await page
    .getByText(/Signed in as/)
    .or(page.locator('[data-testid=problem]'))
    .first()
    .waitFor();
}

/** Chooses a repository on the welcome or the models page. */
export async function chooseModel(page: Page, repo: string): Promise<void> {
  await page.getByTestId('paste-model').fill(repo);
  await page.getByTestId('add-model').click();
}

/** Sets a model up that asks for no licence, to the end. */
export async function installModel(page: Page, repo: string): Promise<void> {
  await chooseModel(page, repo);
  const start = page.getByTestId('start-download');
  const ready = page.getByTestId('start-chatting');
  await start.or(ready).first().waitFor();
  if (await start.isVisible()) await start.click();
  await ready.waitFor({ timeout: 60_000 });
}

export async function pasteToken(page: Page, token: string): Promise<void> {
  await page.getByTestId('token-field').fill(token);
  await page.getByTestId('save-token').click();
}

/** Waits for a problem card of this code and gives its text. */
export async function problem(page: Page, code: string): Promise<string> {
  const card = page.locator(`[data-testid=problem][data-code=${code}]`).first();
  await card.waitFor();
  return (await card.textContent()) ?? '';
}

/** Fills in and sends the licence form of the practice Hub as a person would. */
export async function agree(tab: Page): Promise<void> {
  for (const field of await tab.locator('form input[required]:not([type=checkbox]):visible').all()) {
    const kind = await field.getAttribute('type');
    await field.fill(kind === 'date' ? '1990-01-01' : 'Ada');
  }
  for (const list of await tab.locator('form select[required]').all()) await list.selectOption({ index: 1 });
  for (const box of await tab.locator('form input[type=checkbox][required]').all()) await box.check();
  await tab.locator('form[action$="/ask-access"] button').click();
}

/** Asks in the open chat and waits for the whole answer. */
export async function ask(page: Page, question: string): Promise<string> {
  const answers = page.locator('[data-testid=message][data-role=assistant]');
  const before = await answers.count();
  await page.getByTestId('composer').fill(question);
  await page.getByTestId('send').click();
  await expect.poll(() => answers.count(), { timeout: 30_000 }).toBe(before + 1);
  const answer = page.locator('[data-testid=message][data-role=assistant]:not([data-state=writing])').nth(before);
  await answer.waitFor({ timeout: 60_000 });
  return words((await answer.locator('.markdown').first().textContent()) ?? '');
}

/** Text without the layout's white space. */
export function words(text: string): string {
  return text.replace(/\s+/g, ' ').trim();
}
