import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { stateFile } from '../../../electron/services/durable/stateFile.ts';
import { createUnproved, isLastRun, type LastRun, type Unproved } from '../../../electron/services/models/unproved.ts';
import { filesOf, manifestOf, plant, removeFolder, temporaryFolder } from '../storage/world.ts';

let data: string;
const models = () => join(data, 'models');
const one = manifestOf('acme/one', filesOf(1));
const two = manifestOf('acme/two', filesOf(2));
beforeEach(async () => {
  data = temporaryFolder();
  await plant(models(), one, filesOf(1));
  await plant(models(), two, filesOf(2));
});
afterEach(() => removeFolder(data));

/** The next run; the one before ended as it was told to, or not at all. */
async function nextRun(): Promise<Unproved> {
  const file = stateFile<LastRun>({
    path: join(data, 'last-run.json'),
    version: 1,
    check: isLastRun,
    onDamage: () => undefined,
  });
  const unproved = createUnproved(file, models);
  await unproved.start();
  return unproved;
}
const load = ({ model }: typeof one, run: Unproved) => run.prove(model, join(models(), model.id));
/** Turns a bit as a failing disk does: same name, same length. */
async function turnBit({ model }: typeof one): Promise<void> {
  const path = join(models(), model.id, 'onnx/model_q4.onnx_data');
  const bytes = await readFile(path);
  bytes[1234] = (bytes[1234] ?? 0) ^ 4;
  await writeFile(path, bytes);
}

test('after an ordered end nothing is read again', async () => {
  await (await nextRun()).close();
  await turnBit(one);
  expect((await load(one, await nextRun())).ok).toBe(true);
});

test('after any other end each model is proved before its first load, once', async () => {
  await nextRun();
  const run = await nextRun();
  expect((await load(one, run)).ok).toBe(true);
  await turnBit(one); // it was proved in this run: nobody looks again
  expect((await load(one, run)).ok).toBe(true);
  await turnBit(two);
  expect(await load(two, run)).toMatchObject({
    ok: false,
    problem: { code: 'damaged-file', evidence: [{ cause: 'onnx/model_q4.onnx_data' }] },
  });
});

test('what was not loaded yet stays to be proved, through ordered ends and others', async () => {
  await nextRun();
  const second = await nextRun();
  await load(one, second);
  await second.close();
  await (await nextRun()).close();
  const last = await nextRun();
  await turnBit(one);
  await turnBit(two);
  expect((await load(one, last)).ok).toBe(true);
  expect((await load(two, last)).ok).toBe(false);
});

test('a model that is being prepared, or was made since, is not held up', async () => {
  await nextRun();
  const run = await nextRun();
  expect((await run.prove(one.model, join(models(), '.unfinished'))).ok).toBe(true);
  const three = manifestOf('acme/three', filesOf(3));
  await plant(models(), three, filesOf(3));
  await turnBit(three);
  expect((await load(three, run)).ok).toBe(true);
});

test('a model from a folder that changed is made anew from the folder, not from the Hub', async () => {
  const { licenceAccount: _nobody, ...model } = two.model;
  const brought = manifestOf('acme/brought', filesOf(2), { model: { ...model, origin: 'folder' } });
  await plant(models(), brought, filesOf(2));
  await turnBit(brought);
  await nextRun();
  const run = await nextRun();
  const refused = await load(brought, run);
  expect(refused).toMatchObject({ ok: false, problem: { actions: [{ kind: 'view', view: 'take-folder' }, {}, {}] } });
  await turnBit(one);
  expect(await load(one, run)).toMatchObject({ problem: { actions: [{ request: 'models.repair' }, {}, {}] } });
});
