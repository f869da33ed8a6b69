/** What a person agreed to, kept with the model, beside what the publisher says today: a real folder, a real Hub. */
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { PracticeHub } from '../../../electron/practice/hub/practiceHub.ts';
import { startPracticeHub } from '../../../electron/practice/hub/startPracticeHub.ts';
import { stateFile } from '../../../electron/services/durable/stateFile.ts';
import { createAccessToken } from '../../../electron/services/hub/secret.ts';
import {
  areComparisons,
  type Comparisons,
  createReceipts,
  type Receipts,
} from '../../../electron/services/licences/receipts.ts';
import { readManifest, writeManifest } from '../../../electron/services/models/manifest.ts';
import { installed } from '../../gallery/fixtures.ts';
import { clientFor } from '../hub/wire.ts';
import { practice } from '../setup/prepareRoom.ts';

const repo = 'practice-labs/Keyhole-1-Instruct';
let room: string;
let hub: PracticeHub;
let receipts: Receipts;
let token: string | undefined;

const open = async (): Promise<Receipts> => {
  const opened = createReceipts({
    folderOf: (id) => (id === installed.id ? join(room, id) : undefined),
    file: stateFile<Comparisons>({
      path: join(room, 'receipts.json'),
      version: 1,
      check: areComparisons,
      onDamage: (path) => expect.fail(`damaged: ${path}`),
    }),
    hub: clientFor(hub.endpoint),
    token: () => (token === undefined ? undefined : createAccessToken(token)),
  });
  await opened.start();
  return opened;
};

beforeEach(async () => {
  room = mkdtempSync(join(tmpdir(), 'receipts-'));
  hub = await startPracticeHub({ modelFolder: practice, seed: 4 });
  token = undefined;
  const licence = await (await fetch(`${hub.endpoint}/${repo}/resolve/main/LICENSE.txt`)).text();
  const texts: Record<string, string> = { 'LICENSE.txt': licence, 'USE_POLICY.md': 'Be kind.' };
  await hub.control.commit(repo, { 'USE_POLICY.md': 'Be kind.' });
  const folder = join(room, installed.id);
  mkdirSync(folder);
  const files = Object.entries({ ...texts, 'model.onnx': 'weights' }).map(([path, text]) => {
    writeFileSync(join(folder, path), text);
    return { path, bytes: Buffer.byteLength(text), sha256: createHash('sha256').update(text).digest('hex') };
  });
  await writeManifest(folder, {
    format: 1,
    model: { ...installed, repo, bytes: files.reduce((sum, one) => sum + one.bytes, 0) },
    converter: '0.1.0',
    licenceSeen: { name: 'practice-community', account: 'ada', checkedAt: 5000, texts: Object.keys(texts) },
    files,
  });
  hub.control.forgetRequests();
  receipts = await open();
});
afterEach(async () => {
  await hub.close();
  rmSync(room, { recursive: true, force: true });
});

test('names licence, account, time, commit and the texts with their hashes, and asks nobody', async () => {
  const found = await receipts.get(installed.id);
  expect(found).toMatchObject({
    ok: true,
    value: {
      repo,
      commit: installed.commit,
      licence: 'practice-community',
      account: 'ada',
      grantedAt: 5000,
      texts: [{ path: 'LICENSE.txt' }, { path: 'USE_POLICY.md', text: 'Be kind.' }],
    },
  });
  const text = found.ok ? found.value.texts[0] : undefined;
  expect(text?.sha256).toBe(
    createHash('sha256')
      .update(text?.text ?? '')
      .digest('hex'),
  );
  expect(found.ok && found.value.publisher).toBeUndefined();
  expect(hub.requests).toEqual([]);
  expect(await receipts.get('another')).toMatchObject({ ok: false, problem: { code: 'not-found' } });
});

test('of a model from a folder, says so, names the files it was made from, and is compared with nobody’s', async () => {
  const folder = join(room, installed.id);
  const manifest = await readManifest(folder);
  if (!manifest) throw new Error('no manifest');
  const { licenceAccount: _nobody, ...model } = manifest.model;
  const source = { path: 'model.safetensors', bytes: 7, sha256: 'ab'.repeat(32) };
  await writeManifest(folder, {
    ...manifest,
    model: { ...model, repo: 'folder/Keyhole', origin: 'folder' },
    licenceSeen: { name: '', texts: ['LICENSE.txt'] },
    sources: [source],
  });
  const found = await receipts.get(installed.id);
  expect(found).toMatchObject({
    ok: true,
    value: { origin: 'folder', licence: '', sources: [{ path: source.path, sha256: source.sha256 }] },
  });
  if (found.ok) for (const name of ['grantedAt', 'account']) expect(found.value).not.toHaveProperty(name);
  expect(await receipts.compare(installed.id)).toMatchObject({ ok: false, problem: { code: 'bad-request' } });
  expect(hub.requests).toEqual([]);
});

test('without access only the public text is compared, and the other is said to be hidden', async () => {
  const same = await receipts.compare(installed.id);
  expect(same).toMatchObject({ value: { publisher: { changed: [], hidden: ['USE_POLICY.md'] } } });
  expect(hub.requests.some(({ headers }) => 'authorization' in headers)).toBe(false);
});

test('a text that the publisher changed, and a licence of another name, are told and remembered', async () => {
  hub.control.setRequestState(repo, 'ada', 'granted');
  token = hub.control.createToken({ account: 'ada', kind: 'read' });
  expect(await receipts.compare(installed.id)).toMatchObject({ value: { publisher: { changed: [], hidden: [] } } });
  const commit = await hub.control.commit(repo, { 'LICENSE.txt': 'New terms.', 'USE_POLICY.md': 'Be kinder.' });
  const changed = { publisher: { changed: ['LICENSE.txt', 'USE_POLICY.md'], hidden: [], commit } };
  expect(await receipts.compare(installed.id)).toMatchObject({ value: changed });
  // What was agreed to is still what was agreed to.
  const later = await (await open()).get(installed.id);
  expect(later).toMatchObject({ value: { ...changed, texts: [{}, { text: 'Be kind.' }] } });
});

test('a Hub that is away changes nothing', async () => {
  await hub.close();
  expect(await receipts.compare(installed.id)).toMatchObject({ ok: false, problem: { code: 'offline' } });
  expect(await receipts.get(installed.id)).toMatchObject({ ok: true });
});
