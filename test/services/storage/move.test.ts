import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { listModels, readManifest, verifyModel, writeManifest } from '../../../electron/services/models/manifest.ts';
import { homeName, type ModelsHome } from '../../../electron/services/storage/modelsHome.ts';
import { leave, moveModels, targetOf } from '../../../electron/services/storage/move.ts';
import { contents, filesOf, job, manifestOf, openHome, plant, removeFolder, sha256, temporaryFolder } from './world.ts';

const node = process.execPath;
const models = ['acme/one', 'acme/two', 'other/three'].map((repo, index) => {
  const files = filesOf(index + 1, 400_000);
  return { files, manifest: manifestOf(repo, files) };
});
const ids = models.map(({ manifest }) => manifest.model.id).sort();

let place: string;
let data: string;
let disk: string;
let to: string;
beforeEach(async () => {
  place = temporaryFolder();
  data = join(place, 'data');
  disk = join(place, 'disk');
  to = join(disk, homeName);
  await mkdir(disk);
  for (const { manifest, files } of models) await plant(join(data, 'models'), manifest, files);
});
afterEach(() => removeFolder(place));

const quiet = { beforeSwitch: async () => undefined, afterSwitch: async () => undefined, isClosing: () => false };
const move = (home: ModelsHome, signal?: AbortSignal) => moveModels({ home, to, data, ...quiet }, job(signal));
const target = (home: ModelsHome, chosen: string) => targetOf(home, chosen, { hubCache: join(place, 'hub'), data });

/** Every model that counts right now is whole, and there are all of them. */
async function allWhole(): Promise<void> {
  const home = await openHome(data);
  expect((await listModels(home.folder())).map(({ id }) => id).sort()).toEqual(ids);
  for (const id of ids) {
    const manifest = await readManifest(join(home.folder(), id));
    expect(await verifyModel(join(home.folder(), id), manifest!)).toEqual([]);
  }
}

test('a move ends with the same bytes elsewhere and nothing of ours in the old place', async () => {
  await writeFile(join(data, 'models', 'notes.txt'), 'of somebody else');
  const home = await openHome(data);
  expect(await target(home, disk)).toEqual({ ok: true, value: to });
  expect(await move(home)).toMatchObject({ ok: true });
  expect(home.folder()).toBe(to);
  await allWhole();
  expect(await contents(join(data, 'models'))).toEqual({ 'notes.txt': sha256(Buffer.from('of somebody else')) });
  // Somebody looked at it with the Finder.
  for (const name of ['.DS_Store', '._latchkey.json']) await writeFile(join(to, name), 'how it looked');
  const back = join(data, homeName);
  expect(await target(home, data)).toEqual({ ok: true, value: back });
  expect(await moveModels({ home, to: back, data, ...quiet }, job())).toMatchObject({ ok: true });
  await allWhole();
  expect(await readdir(disk)).toEqual([]);
  await mkdir(to);
  await writeFile(join(to, '.DS_Store'), 'how it looked');
  expect(await target(home, disk)).toEqual({ ok: true, value: to });
});

test('a model that was removed or measured again meanwhile is so in the new place', async () => {
  const home = await openHome(data);
  const [first, second] = models;
  const measured = { ...second!.manifest, model: { ...second!.manifest.model, licence: 'read again' } };
  const meanwhile = async (): Promise<void> => {
    await rm(join(data, 'models', first!.manifest.model.id), { recursive: true });
    await writeManifest(join(data, 'models', second!.manifest.model.id), measured);
  };
  await moveModels({ home, to, data, ...quiet, beforeSwitch: meanwhile }, job());
  expect((await listModels(to)).map(({ id }) => id)).not.toContain(first!.manifest.model.id);
  expect((await readManifest(join(to, second!.manifest.model.id)))?.model.licence).toBe('read again');
});

test('stopped midway, everything stays where it was and the copies are gone', async () => {
  const home = await openHome(data);
  const stop = new AbortController();
  const running = moveModels({ home, to, data, ...quiet }, { ...job(stop.signal), onBytes: () => stop.abort() });
  await expect(running).rejects.toThrow(/abort/i);
  expect(home.place).toMatchObject({ folder: null, moving: null });
  expect(await readdir(disk)).toEqual([]);
  await allWhole();
});

test('a damaged model is not moved over a whole word: nothing changes', async () => {
  const [one] = models;
  await writeFile(join(data, 'models', one!.manifest.model.id, 'config.json'), 'x'.repeat(10));
  const before = await contents(join(data, 'models'));
  await expect(move(await openHome(data))).rejects.toThrow('config.json');
  expect(await contents(join(data, 'models'))).toEqual(before);
  expect(await readdir(disk)).toEqual([]);
});

describe('a kill', () => {
  /** Runs the move in a child and kills it `delay` ms after it began; answers whether it was done before. */
  async function killed(delay: number): Promise<boolean> {
    const child = spawn(node, [join(import.meta.dirname, 'movingChild.ts'), data, to, String(delay)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let output = '';
    child.stdout.on('data', (text: Buffer) => (output += text.toString()));
    const signal = await new Promise((resolve) => child.once('close', (_code, by) => resolve(by)));
    expect(output.includes('done') || signal === 'SIGKILL').toBe(true);
    return output.includes('done');
  }

  test('at any moment of a move loses nothing: after each, every model is whole, and at last it is done', async () => {
    let kills = 0;
    for (let round = 0; round < 10; round += 1) {
      const done = await killed(round * 8);
      if (!done) kills += 1;
      await allWhole();
      const home = await openHome(data);
      if (home.place.leaving !== null) await leave(home);
      if (done || (home.place.folder === to && home.place.leaving === null)) break;
    }
    expect(kills).toBeGreaterThan(0);
    const home = await openHome(data);
    if (home.folder() !== to) expect(await move(home)).toMatchObject({ ok: true });
    await allWhole();
    expect(await readdir(join(data, 'models')).catch(() => [])).toEqual([]);
    expect((await readdir(to)).filter((name) => name.startsWith('.unfinished'))).toEqual([]);
  }, 120_000);

  test('between the switch and the end leaves both places whole, and the next start tidies up', async () => {
    const home = await openHome(data);
    const died = moveModels(
      { home, to, data, ...quiet, afterSwitch: () => Promise.reject(new Error('killed')) },
      job(),
    );
    await expect(died).rejects.toThrow('killed');
    expect((await listModels(join(data, 'models'))).length).toBe(3);
    await allWhole();
    // One of the new copies was lost meanwhile: its twin in the old place must not go.
    await rm(join(to, ids[0]!, 'onnx/model_q4.onnx_data'));
    await leave(await openHome(data));
    expect((await listModels(join(data, 'models'))).map(({ id }) => id)).toEqual([ids[0]]);
  });

  test('during a move, with the other disk gone at the next start, writes nothing into its mount point', async () => {
    const home = await openHome(data);
    await home.save({ ...home.place, moving: { to, token: 'of that disk' } });
    expect(await move(await openHome(data))).toMatchObject({ problem: { code: 'folder-unusable' } });
    expect(await readdir(disk)).toEqual([]);
    expect((await openHome(data)).place.moving).not.toBeNull();
    await allWhole();
  });
});

test('with the disk of the models gone, nothing is made in its place', async () => {
  await move(await openHome(data));
  await rename(disk, join(place, 'unplugged'));
  const home = await openHome(data);
  expect(await home.isReachable()).toBe(false);
  expect(existsSync(disk)).toBe(false);
  await mkdir(to, { recursive: true }); // an empty folder of the same name is not that disk
  expect(await home.isReachable()).toBe(false);
  await removeFolder(disk);
  await rename(join(place, 'unplugged'), disk);
  expect(await (await openHome(data)).isReachable()).toBe(true);
});

describe('a folder is refused as a target', () => {
  test('that holds the models, or lies within them or in the shared cache', async () => {
    const home = await openHome(data);
    await mkdir(join(place, 'hub', 'models--a--b'), { recursive: true });
    await symlink(join(data, 'models'), join(place, 'alias'));
    const within = [join(data, 'models'), join(place, 'alias'), join(place, 'hub'), join(place, 'hub', 'models--a--b')];
    for (const chosen of within) {
      expect(await target(home, chosen), chosen).toMatchObject({ problem: { code: 'folder-unusable' } });
    }
    expect(await target(home, data)).toMatchObject({ ok: true }); // the control: beside them
  });

  test('when somebody else made a folder of that name', async () => {
    await mkdir(to);
    await writeFile(join(to, 'thesis.doc'), 'mine');
    expect(await target(await openHome(data), disk)).toMatchObject({ problem: { code: 'folder-unusable' } });
    expect(await readFile(join(to, 'thesis.doc'), 'utf8')).toBe('mine');
  });

  test('when another Latchkey has its models there', async () => {
    const elsewhere = join(place, 'second');
    await plant(join(elsewhere, 'models'), models[0]!.manifest, models[0]!.files);
    const other = await openHome(elsewhere);
    await moveModels({ home: other, to, data: elsewhere, ...quiet }, job());
    expect(await target(await openHome(data), disk)).toMatchObject({ problem: { code: 'folder-unusable' } });
    expect(await move(await openHome(data))).toMatchObject({ problem: { code: 'folder-unusable' } });
    expect(await listModels(to)).toHaveLength(1);
  });

  test('when it is a link into the old place', async () => {
    await symlink(join(data, 'models'), to);
    expect(await target(await openHome(data), disk)).toMatchObject({ ok: false });
    await allWhole();
  });
});
