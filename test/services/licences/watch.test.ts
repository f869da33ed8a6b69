/** A publisher who changes a licence is noticed by itself: one small request a day, without the token, never offline. */
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { LicenceReceipt } from '../../../electron/contract/licence.ts';
import type { InstalledModel } from '../../../electron/contract/model.ts';
import type { PracticeHub } from '../../../electron/practice/hub/practiceHub.ts';
import { practiceRepositories } from '../../../electron/practice/hub/catalogue.ts';
import { startPracticeHub } from '../../../electron/practice/hub/startPracticeHub.ts';
import { stateFile } from '../../../electron/services/durable/stateFile.ts';
import { createAccessToken } from '../../../electron/services/hub/secret.ts';
import { areComparisons, type Comparisons, createReceipts } from '../../../electron/services/licences/receipts.ts';
import {
  areLooks,
  createLicenceWatch,
  type LicenceWatch,
  type Looks,
} from '../../../electron/services/licences/watch.ts';
import { writeManifest } from '../../../electron/services/models/manifest.ts';
import { installed } from '../../gallery/fixtures.ts';
import { clientFor } from '../hub/wire.ts';
import { practice } from '../setup/prepareRoom.ts';

const gated = 'practice-labs/Keyhole-1-Instruct';
const open = 'open-practice/Doorstep-Instruct';
const hours = 3_600_000;
let room: string;
let hub: PracticeHub;
/** What the README of the open model says of it today. */
let openCard: Record<string, unknown>;
let models: InstalledModel[];
let told: LicenceReceipt[];
let time: number;
let offline: boolean;
let watch: LicenceWatch;

/** As after a start of the app: what is remembered comes from the disk. */
const start = async (): Promise<void> => {
  watch?.close();
  const onDamage = (path: string): void => expect.fail(`damaged: ${path}`);
  const receipts = createReceipts({
    folderOf: (id) => (models.some((model) => model.id === id) ? join(room, id) : undefined),
    file: stateFile<Comparisons>({ path: join(room, 'receipts.json'), version: 1, check: areComparisons, onDamage }),
    hub: clientFor(hub.endpoint),
    token: () => createAccessToken(hub.control.createToken({ account: 'ada', kind: 'read' })),
  });
  await receipts.start();
  watch = createLicenceWatch({
    file: stateFile<Looks>({ path: join(room, 'looks.json'), version: 1, check: areLooks, onDamage }),
    models: () => models,
    receipts,
    isOffline: () => offline,
    now: () => time,
    onChanged: (receipt) => told.push(receipt),
  });
  await watch.start();
};

/** Installs a model with these texts; the first is what the Hub has under that name. */
async function install(
  id: string,
  repo: string,
  names: readonly string[],
  more: Partial<InstalledModel> = {},
): Promise<void> {
  const folder = join(room, id);
  mkdirSync(folder);
  const texts = await Promise.all(
    names.map(async (path) => ({
      path,
      text: path === 'USE_POLICY.md' ? 'Be kind.' : await read(repo, path),
    })),
  );
  const files = [...texts, { path: 'model.onnx', text: 'weights' }].map(({ path, text }) => {
    writeFileSync(join(folder, path), text);
    return { path, bytes: Buffer.byteLength(text), sha256: createHash('sha256').update(text).digest('hex') };
  });
  const model = {
    ...installed,
    id,
    repo,
    bytes: files.reduce((sum, one) => sum + one.bytes, 0),
    installedAt: time,
    ...more,
  };
  const licenceSeen = { name: repo === open ? 'apache-2.0' : 'practice-community', checkedAt: time, texts: names };
  await writeManifest(folder, { format: 1, model, converter: '0.1.0', licenceSeen, files });
  models.push(model);
}

const read = async (repo: string, path: string): Promise<string> =>
  (await fetch(`${hub.endpoint}/${repo}/resolve/main/${path}`)).text();

/** A day passes, and the watch looks: what it asked for. */
async function nextDay(): Promise<readonly string[]> {
  time += 24 * hours;
  return look();
}

async function look(): Promise<readonly string[]> {
  hub.control.forgetRequests();
  await watch.look();
  expect(hub.requests.filter(({ headers }) => 'authorization' in headers)).toEqual([]);
  // Open repositories answer for small files by a redirect to another path of the same Hub.
  const asked = hub.requests.filter(({ path }) => !path.startsWith('/api/resolve-cache/'));
  return asked.map(({ method, path }) => `${method} ${path}`);
}

beforeEach(async () => {
  room = mkdtempSync(join(tmpdir(), 'licence-watch-'));
  openCard = { license: 'apache-2.0' };
  const repositories = await practiceRepositories(practice);
  hub = await startPracticeHub({
    modelFolder: practice,
    repositories: repositories.map((one) => (one.id === open ? { ...one, card: openCard } : one)),
    seed: 4,
  });
  [models, told, time, offline] = [[], [], 1_900_000_000_000, false];
  await start();
});
afterEach(async () => {
  watch.close();
  await hub.close();
  rmSync(room, { recursive: true, force: true });
});

test('one HEAD a day and repository, whatever the number of its models, and across restarts', async () => {
  await install('a', gated, ['LICENSE.txt', 'USE_POLICY.md']);
  await install('b', gated, ['LICENSE.txt']);
  expect(await look()).toEqual([]);
  expect(await nextDay()).toEqual([`HEAD /${gated}/resolve/main/LICENSE.txt`]);
  await start();
  time += 23 * hours;
  expect(await look()).toEqual([]);
  time += hours;
  expect(await look()).toHaveLength(1);
  expect(told).toEqual([]);
});

test('nobody is asked about a model that came from a folder, whatever it is called', async () => {
  await install('a', gated, ['LICENSE.txt'], { origin: 'folder' });
  await hub.control.commit(gated, { 'LICENSE.txt': 'New terms.' });
  expect(await nextDay()).toEqual([]);
  await install('b', gated, ['LICENSE.txt']);
  await hub.control.commit(gated, { 'LICENSE.txt': 'Newer terms.' });
  expect(await nextDay()).toHaveLength(1);
  expect(told.map(({ modelId }) => modelId)).toEqual(['b']);
});

test('a change is told once, for each model that came with the other text, and stays known', async () => {
  await install('a', gated, ['LICENSE.txt']);
  const commit = await hub.control.commit(gated, { 'LICENSE.txt': 'New terms.' });
  await install('new', gated, ['LICENSE.txt']);
  await nextDay();
  expect(told).toMatchObject([
    { modelId: 'a', publisher: { commit, changed: ['LICENSE.txt'], comparedAt: expect.any(Number) } },
  ]);
  await start();
  await nextDay();
  expect(told).toHaveLength(1);
});

test('a change that is taken back is not told any more', async () => {
  await install('a', gated, ['LICENSE.txt']);
  const before = await read(gated, 'LICENSE.txt');
  await hub.control.commit(gated, { 'LICENSE.txt': 'New terms.' });
  await nextDay();
  await hub.control.commit(gated, { 'LICENSE.txt': before });
  await nextDay();
  await hub.control.commit(gated, { 'LICENSE.txt': 'Newest terms.' });
  await nextDay();
  expect(told.map(({ publisher }) => publisher?.changed)).toEqual([['LICENSE.txt'], ['LICENSE.txt']]);
});

test('a text that is gone is a change', async () => {
  await install('a', gated, ['LICENSE.txt']);
  hub.control.script([{ match: 'LICENSE.txt', do: '404' }]);
  await nextDay();
  expect(told).toMatchObject([{ publisher: { changed: ['LICENSE.txt'] } }]);
});

test('a model that came without a public text is asked about by the name of its licence', async () => {
  await install('a', gated, ['USE_POLICY.md']);
  await install('b', open, []);
  expect(await nextDay()).toEqual([`GET /api/models/${gated}`, `GET /api/models/${open}`]);
  expect(told).toEqual([]);
  openCard['license'] = 'mit';
  await nextDay();
  expect(told).toMatchObject([{ repo: open, publisher: { licence: 'mit', changed: [] } }]);
});

test('offline nothing is sent, and the question is not put off for a day', async () => {
  await install('a', gated, ['LICENSE.txt']);
  offline = true;
  expect(await nextDay()).toEqual([]);
  offline = false;
  expect(await look()).toHaveLength(1);
});

test('at a limit of the Hub it stops for the day; a refusal says nothing about the text', async () => {
  await install('a', gated, ['LICENSE.txt']);
  await install('b', open, ['LICENSE.txt']);
  hub.control.script([{ match: /./, do: '429', seconds: 60 }]);
  expect(await nextDay()).toHaveLength(1);
  hub.control.clearScript();
  expect(await look()).toEqual([`HEAD /${open}/resolve/main/LICENSE.txt`]);
  hub.control.script([{ match: /./, do: '403-gated' }]);
  expect(await nextDay()).toHaveLength(2);
  expect(told).toEqual([]);
});

test('a clock that was set back does not end the watch', async () => {
  await install('a', gated, ['LICENSE.txt']);
  await nextDay();
  time -= 1000 * 24 * hours;
  expect(await look()).toHaveLength(1);
});
