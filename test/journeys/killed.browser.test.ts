import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { repoPaths } from '../../electron/services/download/cachePaths.ts';
import { readJournal } from '../../electron/services/download/journal.ts';
import { root } from '../hosts/launch.ts';
import { scanCache, tryToLoadFromCache } from '../services/download/pythonCache.ts';
import { type App, ask, checkQuestions, chooseModel, openWorld, showFailures, words, type World } from './world.ts';

const repo = 'open-practice/Doorstep-Instruct';
const shards = ['model-00001-of-00002.safetensors', 'model-00002-of-00002.safetensors'];
const official = join(root, 'electron/practice/model');

let world: World;
let app: App;
showFailures(() => app);
beforeAll(async () => {
  world = await openWorld('web');
}, 120_000);
afterAll(() => world.end());

const hubCache = (): string => join(world.data, 'huggingface', 'hub');

/** What the journals promise: unfinished file -> bytes of its first block that are on disk. */
async function promised(): Promise<ReadonlyMap<string, number>> {
  const { own } = repoPaths(hubCache(), repo);
  const found = new Map<string, number>();
  for (const name of await readdir(own).catch(() => [])) {
    const etag = /^([0-9a-f]{64})\.journal$/.exec(name)?.[1];
    if (etag === undefined) continue;
    const journal = join(own, name);
    const bytes = Number(/"bytes":(\d+)/.exec(await readFile(journal, 'utf8'))?.[1]);
    const { records } = await readJournal(journal, etag, bytes);
    found.set(etag, records.get(0)?.at(-1)?.[1] ?? 0);
  }
  return found;
}

/** Bytes of the two large files that are on disk, in a file that is whole or as a journal promises it. */
async function durable(): Promise<number> {
  const { blobs } = repoPaths(hubCache(), repo);
  const whole = await Promise.all((await readdir(blobs).catch(() => [])).map((name) => stat(join(blobs, name))));
  const large = whole.map(({ size }) => size).filter((size) => size > 1_000_000);
  return [...(await promised()).values(), ...large].reduce((all, one) => all + one, 0);
}

/** First bytes of the ranges that were asked for since the request at `index`. */
const rangesSince = (index: number): number[] =>
  world.hub.requests
    .slice(index)
    .filter(({ port, method }) => port === 'cdn' && method === 'GET')
    .map(({ headers }) => Number(/^bytes=(\d+)-/.exec(headers['range'] ?? '')?.[1] ?? 0));

test('a download that is killed three times goes on by itself and ends with the same bytes', async () => {
  world.hub.control.setPace({ bytesPerSecond: 60_000 });
  app = await world.launch();
  await chooseModel(app.page, repo);
  await app.page.getByTestId('start-download').click();

  let before = 0;
  for (let kill = 1; kill <= 3; kill += 1) {
    await expect.poll(durable, { timeout: 60_000, interval: 50 }).toBeGreaterThan(before + 100_000);
    await app.page.locator('[data-step=download][data-state=current] progress').waitFor();
    await app.kill();
    const kept = await promised();
    before = await durable();
    const asked = world.hub.requests.length;
    app = await world.launch();
    // Nobody presses anything: what was under way goes on, each file at its last durable byte.
    const unfinished = [...kept.values()].filter((bytes) => bytes > 0);
    expect(unfinished.length).toBeGreaterThan(0);
    await expect.poll(() => rangesSince(asked), { timeout: 60_000 }).toEqual(expect.arrayContaining(unfinished));
    const untouched = [...kept.values()].length - unfinished.length;
    expect(rangesSince(asked).filter((from) => from === 0).length, JSON.stringify([...kept])).toBeLessThanOrEqual(
      untouched,
    );
  }

  world.hub.control.setPace({});
  await app.page.getByTestId('start-chatting').waitFor({ timeout: 120_000 });
  for (const name of [...shards, 'config.json', 'tokenizer.json', 'LICENSE.txt']) {
    const found = tryToLoadFromCache(hubCache(), repo, name);
    const bytes = await readFile(found ?? '');
    if (name !== 'LICENSE.txt') expect(bytes.equals(await readFile(join(official, name))), name).toBe(true);
  }
  expect(scanCache(hubCache()).warnings).toEqual([]);
  expect(await promised()).toEqual(new Map());
  expect(world.hub.authorizationAtCdn).toEqual([]);

  const [first] = await checkQuestions();
  await app.page.getByTestId('start-chatting').click();
  expect(await ask(app.page, first!.question)).toBe(words(first!.answer));
}, 240_000);
