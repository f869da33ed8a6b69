import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type WebApp, launchWeb } from '../hosts/launch.ts';
import { type App, ask, checkQuestions, chooseModel, openWorld, showFailures, words, type World } from './world.ts';

const repo = 'open-practice/Doorstep-Instruct';

/** What a person does with the files of a model, through the page: one computer, a stick, and a second computer. */
describe('the files of a model', { timeout: 90_000 }, () => {
  let world: World;
  let app: App;
  showFailures(() => app);
  let stick: string;
  let second: string; // the second computer's disk
  // No Hub answers at this address.
  const noHub = { HF_HUB_OFFLINE: '1', HF_ENDPOINT: 'http://127.0.0.1:9' };
  let fingerprint: string;
  let questions: Awaited<ReturnType<typeof checkQuestions>>;
  beforeAll(async () => {
    questions = await checkQuestions();
    stick = await mkdtemp(join(tmpdir(), 'latchkey-stick-'));
    second = await mkdtemp(join(tmpdir(), 'latchkey-second-'));
    await mkdir(join(second, 'before'));
    world = await openWorld('web');
    app = await world.launch();
    await chooseModel(app.page, repo);
    await app.page.getByTestId('start-download').click();
    await app.page.getByTestId('start-chatting').waitFor({ timeout: 120_000 });
  }, 180_000);
  afterAll(async () => {
    await world.end();
    for (const place of [stick, second]) await rm(place, { recursive: true, force: true });
  });
  afterEach(async ({ task }) => {
    if (task.result?.state === 'fail') {
      await app.page.screenshot({ path: 'screenshots/failed-storage.png', fullPage: true }).catch(() => undefined);
    }
  });

  const openStorage = async (page: Page): Promise<void> => {
    await page.getByRole('button', { name: 'Storage', exact: true }).click();
    await page.getByRole('heading', { level: 1, name: 'Storage' }).waitFor();
  };
  const useFolder = async (page: Page, path: string): Promise<void> => {
    await page.getByTestId('folder-path').fill(path);
    await page.getByTestId('use-folder').click();
  };
  const outcome = async (page: Page, task: string, state: string): Promise<string> => {
    const panel = page.locator(`[data-testid=storage-work][data-task=${task}][data-state=${state}]`).first();
    await panel.waitFor({ timeout: 60_000 });
    return (await panel.textContent()) ?? '';
  };
  const modelFolder = async (root: string): Promise<string> => {
    const [name] = (await readdir(root)).filter((one) => !one.startsWith('.'));
    return join(root, name ?? '');
  };

  test('can be verified', async () => {
    await openStorage(app.page);
    await app.page.getByTestId('verify-model').click();
    expect(await outcome(app.page, 'verify', 'done')).toContain('are the bytes that were prepared');
  });

  test('can be exported, with a fingerprint and the licence', async () => {
    await app.page.getByTestId('export-model').click();
    await useFolder(app.page, join(stick, 'no such folder'));
    await app.page.locator('[data-testid=problem][data-code=folder-unusable]').first().waitFor();
    await useFolder(app.page, stick);
    expect(await outcome(app.page, 'export', 'done')).toContain(stick);
    fingerprint = (await app.page.getByTestId('fingerprint').first().textContent()) ?? '';
    expect(fingerprint).toMatch(/^([0-9a-f]{4} ){7}[0-9a-f]{4}$/);
    expect(await readdir(await modelFolder(stick))).toEqual(expect.arrayContaining(['latchkey.json', 'LICENSE.txt']));
  });

  test('that changed are found, and made anew from the official files without fetching one byte', async () => {
    const weights = join(await modelFolder(join(world.data, 'models')), 'onnx', 'model_q4.onnx_data');
    const bytes = await readFile(weights);
    bytes[4321] = (bytes[4321] ?? 0) ^ 1;
    await writeFile(weights, bytes);
    await app.page.getByTestId('verify-model').click();
    await outcome(app.page, 'verify', 'failed');
    const before = world.hub.requests.filter(({ port }) => port === 'cdn').length;
    await app.page.getByRole('button', { name: 'Set it up again' }).first().click();
    await app.page.getByTestId('start-download').click();
    await app.page.getByTestId('start-chatting').waitFor({ timeout: 60_000 });
    // The check asks for one byte to prove that the servers can be reached; nothing else.
    const fetched = world.hub.requests.filter(({ port }) => port === 'cdn').slice(before);
    expect(fetched.reduce((sum, { bytesSent }) => sum + bytesSent, 0)).toBeLessThanOrEqual(fetched.length);
    await openStorage(app.page);
    await app.page.getByTestId('verify-model').click();
    await outcome(app.page, 'verify', 'done');
  });

  test('can be moved to another disk, and answer from there', async () => {
    const disk = join(world.data, 'other disk');
    await mkdir(disk);
    await app.page.getByTestId('move-models').click();
    await useFolder(app.page, disk);
    await app.page.getByRole('button', { name: 'Move', exact: true }).click();
    expect(await outcome(app.page, 'move', 'done')).toContain(disk);
    expect(existsSync(join(world.data, 'models'))).toBe(false);
    await app.close();
    app = await world.launch();
    await app.page.getByTestId('new-chat').first().click();
    expect(await ask(app.page, questions[0]!.question)).toBe(words(questions[0]!.answer));
  });

  test('of the official kind can be removed; the prepared model needs them no more', async () => {
    const cache = join(world.data, 'huggingface', 'hub');
    expect(await readdir(cache)).toContain('models--open-practice--Doorstep-Instruct');
    await openStorage(app.page);
    await app.page.getByTestId('remove-repo').click();
    await app.page.getByTestId('confirm-remove-ours').click();
    await expect.poll(() => app.page.getByTestId('cached-repo').count()).toBe(0);
    await expect.poll(() => readdir(cache)).toEqual(['CACHEDIR.TAG']);
    await app.page.getByTestId('new-chat').first().click();
    expect(await ask(app.page, questions[1]!.question)).toBe(words(questions[1]!.answer));
  });

  test('can be taken in on a computer without a network, whose person is shown the licence, and chat there', async () => {
    const other: WebApp = await launchWeb({ data: join(second, 'before'), env: noHub });
    try {
      const { page } = other;
      await page.getByText('Offline: HF_HUB_OFFLINE is set').first().waitFor();
      await openStorage(page);
      await page.getByTestId('import-model').click();
      await useFolder(page, stick);
      await page.getByRole('heading', { name: `Import ${repo}?` }).waitFor();
      expect(await page.getByTestId('fingerprint').first().textContent()).toBe(fingerprint);
      expect(await page.getByText('Its licence is').textContent()).toContain('apache-2.0');
      await page.getByText(/^LICENSE\.txt/).click();
      await page.getByRole('region', { name: 'LICENSE.txt' }).waitFor();
      await page.getByTestId('confirm-import').click();
      await outcome(page, 'import', 'done');
      await page.getByTestId('new-chat').first().click();
      expect(await ask(page, questions[2]!.question)).toBe(words(questions[2]!.answer));
    } finally {
      await other.close();
    }
  });

  test('are at hand with the chats when the whole data folder was moved by hand, Latchkey being closed', async () => {
    await rename(join(second, 'before'), join(second, 'after'));
    const other = await launchWeb({ data: join(second, 'after'), env: noHub });
    try {
      await other.page.getByText(words(questions[2]!.question)).first().click();
      await other.page.getByText(words(questions[2]!.answer)).first().waitFor();
      await other.page.getByTestId('new-chat').first().click();
      expect(await ask(other.page, questions[1]!.question)).toBe(words(questions[1]!.answer));
      expect(existsSync(join(second, 'before'))).toBe(false);
    } finally {
      await other.close();
    }
  });

  test('that were tampered with on the way are not taken in', async () => {
    const weights = join(await modelFolder(stick), 'onnx', 'model_q4.onnx_data');
    const bytes = await readFile(weights);
    bytes[99] = (bytes[99] ?? 0) ^ 1;
    await writeFile(weights, bytes);
    const other = await launchWeb({ env: { HF_HUB_OFFLINE: '1' } });
    try {
      await openStorage(other.page);
      await other.page.getByTestId('import-model').click();
      await useFolder(other.page, stick);
      await other.page.getByTestId('confirm-import').click();
      await outcome(other.page, 'import', 'failed');
      await other.page.locator('[data-testid=problem][data-code=import-refused]').first().waitFor();
      expect(await readdir(join(other.data, 'models'))).toEqual([]);
    } finally {
      await other.close();
    }
  });
});
