/** Official files that lie on a disk already: from a folder to an answer, on both hosts, with no server asked. */
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type DesktopApp, ensureBuilt, launchDesktop, launchWeb, root, type WebApp } from '../hosts/launch.ts';
import { stateOf } from '../services/published/place.ts';
import { ask, checkQuestions, showFailures, words } from './world.ts';

const name = 'Keyhole-1-Instruct';
let place: string;
let folder: string;
let hub: Server;
const asked: string[] = [];
let env: Readonly<Record<string, string>>;
let questions: Awaited<ReturnType<typeof checkQuestions>>;

beforeAll(async () => {
  await ensureBuilt();
  questions = await checkQuestions();
  place = mkdtempSync(join(tmpdir(), 'latchkey-stick-'));
  folder = join(place, name);
  cpSync(join(root, 'electron/practice/model'), folder, { recursive: true });
  // A Hub that could be asked, so that nobody asking it means something.
  hub = createServer((request, response) => {
    asked.push(`${request.method ?? ''} ${request.url ?? ''}`);
    response.writeHead(404).end();
  });
  await new Promise<void>((listening) => void hub.listen(0, '127.0.0.1', listening));
  env = { HF_ENDPOINT: `http://127.0.0.1:${String((hub.address() as AddressInfo).port)}` };
}, 120_000);
afterAll(() => {
  hub.close();
  rmSync(place, { recursive: true, force: true });
});

const work = (page: Page, state: string) =>
  page.locator(`[data-testid=storage-work][data-task=take-in][data-state=${state}]`).first();
const problem = (page: Page, code: string) => page.locator(`[data-testid=problem][data-code=${code}]`).first();

/** What the person reads before they say yes. */
async function readSheet(page: Page): Promise<void> {
  const sheet = page.getByRole('dialog');
  await sheet.getByText(`Take in ${name}?`).waitFor();
  const text = await sheet.innerText();
  for (const piece of [folder, 'LlamaForCausalLM', 'in 10 files', 'Its licence is apache-2.0']) {
    expect(text).toContain(piece);
  }
  expect(await page.getByTestId('publisher-unknown').innerText()).toContain('cannot say who published these files');
  await sheet.getByText(/^LICENSE ·/).click();
  await sheet.getByRole('region', { name: 'LICENSE' }).waitFor();
}

describe('a folder of official files, in a browser', { timeout: 90_000 }, () => {
  let app: WebApp;
  let data: string;
  showFailures(() => app && { page: app.page, log: () => app.log() });
  beforeAll(async () => {
    data = join(place, 'data');
    mkdirSync(data);
    app = await launchWeb({ data, env });
  }, 60_000);
  afterAll(() => app?.close());

  const useFolder = async (button: string, path: string): Promise<void> => {
    await app.page.getByTestId(button).click();
    await app.page.getByTestId('folder-path').fill(path);
    await app.page.getByTestId('use-folder').click();
  };
  const open = (page: string) => app.page.getByRole('button', { name: page, exact: true }).click();

  test('is chosen where models are added, shown, and left alone when the person says no', async () => {
    const before = stateOf(folder);
    await useFolder('take-folder', folder);
    await readSheet(app.page);
    await app.page.getByRole('dialog').getByRole('button', { name: 'Cancel' }).click();
    expect(await readdir(join(data, 'models')).catch(() => [])).toEqual([]);
    expect(stateOf(folder)).toBe(before);
  });

  test('that misses a shard is refused by the name of that file', async () => {
    const broken = join(place, 'broken');
    cpSync(folder, broken, { recursive: true });
    rmSync(join(broken, 'model-00002-of-00002.safetensors'));
    await open('Storage');
    await useFolder('import-model', broken);
    await problem(app.page, 'damaged-file').waitFor();
    expect(await problem(app.page, 'damaged-file').innerText()).toContain('model-00002-of-00002.safetensors');
    expect(await app.page.getByRole('dialog').count()).toBe(0);
  });

  test('is taken in and answers, with no server asked and nothing in it changed', async () => {
    const before = stateOf(folder);
    await useFolder('import-model', folder);
    await readSheet(app.page);
    await app.page.getByTestId('confirm-take-in').click();
    await work(app.page, 'done').waitFor({ timeout: 60_000 });
    expect(await work(app.page, 'done').innerText()).toContain(`${name} is on this computer now`);
    await app.page.getByTestId('start-chatting').first().click();
    expect(await ask(app.page, questions[0]!.question)).toBe(words(questions[0]!.answer));
    expect(await app.page.getByTestId('licence-chip').first().getAttribute('data-state')).toBe('folder');
    expect(stateOf(folder)).toBe(before);
    expect(asked).toEqual([]);
  });

  test('is known after a restart as what it is; its receipt compares with nobody', async () => {
    await app.close();
    app = await launchWeb({ data, env });
    await open('Models');
    const card = app.page.getByRole('article', { name });
    await card.getByText('From a folder on this computer; not known to the Hub').waitFor();
    await card.getByTestId('receipt').locator('summary').first().click();
    await card.getByText('The 10 files it was made from').click();
    await card.getByText('model-00001-of-00002.safetensors').waitFor();
    expect(await card.getByTestId('compare-licence').count()).toBe(0);
    await app.page.getByTestId('new-chat').first().click();
    expect(await ask(app.page, questions[1]!.question)).toBe(words(questions[1]!.answer));
    expect(asked).toEqual([]);
  });

  test('whose model changed on disk makes it anew', async () => {
    const [model = ''] = (await readdir(join(data, 'models'))).filter((one) => !one.startsWith('.'));
    const weights = join(data, 'models', model, 'onnx', 'model_q4.onnx_data');
    const bytes = readFileSync(weights);
    bytes[4321] = (bytes[4321] ?? 0) ^ 1;
    writeFileSync(weights, bytes);
    await open('Models');
    await app.page.getByTestId('verify-model').click();
    await problem(app.page, 'damaged-file').waitFor();
    expect(await app.page.getByRole('button', { name: 'Set it up again' }).count()).toBe(0);
    await app.page.getByRole('button', { name: 'Take the folder in again' }).first().click();
    await app.page.getByTestId('folder-path').fill(folder); // asked for at once
    await app.page.getByTestId('use-folder').click();
    await app.page.getByTestId('confirm-take-in').click();
    await work(app.page, 'done').waitFor({ timeout: 60_000 });
    await app.page.getByTestId('verify-model').click();
    await app.page.locator('[data-testid=storage-work][data-task=verify][data-state=done]').first().waitFor();
    await useFolder('import-model', folder);
    await app.page.getByTestId('confirm-take-in').click();
    await problem(app.page, 'folder-unusable').waitFor(); // it is here, and sound
    expect(asked).toEqual([]);
  });
});

describe('a folder of official files, dropped on the window', { timeout: 90_000 }, () => {
  let app: DesktopApp;
  showFailures(() => app && { page: app.page, log: () => '' });
  beforeAll(async () => {
    app = await launchDesktop({ env });
    // Nobody hears a drop before the page's program runs.
    await app.page.getByRole('navigation').waitFor();
  }, 60_000);
  afterAll(() => app?.close());

  const drop = (path: string) =>
    app.evaluate(async ({ BrowserWindow }, given) => {
      const contents = BrowserWindow.getAllWindows()[0]?.webContents as unknown as { drop(paths: string[]): unknown };
      await contents.drop([given]);
    }, path);

  test('is shown first; what changed since then is not taken in', async () => {
    await drop(folder);
    await readSheet(app.page);
    utimesSync(join(folder, 'config.json'), new Date(), new Date());
    await app.page.getByTestId('confirm-take-in').click();
    await problem(app.page, 'import-refused').waitFor();
    expect(await readdir(join(app.data, 'models')).catch(() => [])).toEqual([]);
  });

  test('is taken in, shows on the icon meanwhile, and answers, with no server asked', async () => {
    const before = stateOf(folder);
    await app.evaluate(({ BrowserWindow, standin }) => {
      const window = BrowserWindow.getAllWindows()[0] as unknown as { setProgressBar(value: number): void };
      const seen: [number, number][] = [];
      const set = window.setProgressBar.bind(window);
      window.setProgressBar = (value) => {
        set(value);
        setImmediate(() => seen.push([value, standin.awake.size]));
      };
      Object.assign(globalThis, { seen });
    });
    await drop(folder);
    await readSheet(app.page);
    await app.page.getByTestId('confirm-take-in').click();
    await work(app.page, 'done').waitFor({ timeout: 60_000 });
    const seen = await app.evaluate(() => (globalThis as unknown as { seen: [number, number][] }).seen);
    expect(seen.some(([value, awake]) => value >= 0 && awake === 1)).toBe(true);
    expect(await app.evaluate(({ standin }) => standin.awake.size)).toBe(0);
    // Told to whoever looked away, once.
    const notes = () => app.evaluate(({ standin }) => standin.notifications.map(({ title, body }) => [title, body]));
    await expect.poll(notes).toEqual([['Ready to chat', `${name} is on this computer and works offline.`]]);
    await app.page.getByTestId('start-chatting').first().click();
    expect(await ask(app.page, questions[2]!.question)).toBe(words(questions[2]!.answer));
    expect(stateOf(folder)).toBe(before);
    expect(asked).toEqual([]);
  });
});
