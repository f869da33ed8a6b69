import { existsSync } from 'node:fs';
import { mkdir, readdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { StorageWork } from '../../../electron/contract/storage.ts';
import { createDataMover, type DataMover } from '../../../electron/services/dataHome/moveAll.ts';
import { readPlace, savePlace, usualPlace } from '../../../electron/services/dataHome/place.ts';
import { finishMove } from '../../../electron/services/dataHome/rest.ts';
import { listModels } from '../../../electron/services/models/manifest.ts';
import { createJobs, type Jobs } from '../../../electron/services/storage/jobs.ts';
import { claim } from '../../../electron/services/storage/modelsHome.ts';
import { moveModels } from '../../../electron/services/storage/move.ts';
import { filesOf, manifestOf, openHome, plant } from '../storage/world.ts';
import { Disks } from './world.ts';

const models = [1, 2].map((seed) => {
  const files = filesOf(seed, 400_000);
  return { files, manifest: manifestOf(`acme/model-${String(seed)}`, files) };
});
const ids = models.map(({ manifest }) => manifest.model.id).sort();
const modelsBytes = models.reduce((sum, { manifest }) => sum + manifest.model.bytes, 0);

let disks: Disks;
let run: Run;
beforeEach(async () => {
  disks = new Disks();
  await disks.fill();
  for (const { manifest, files } of models) await plant(join(disks.usual, 'models'), manifest, files);
  run = await open();
});
afterEach(() => disks.end());

/** The services of one run, as far as a move of everything needs them. */
interface Run {
  readonly mover: DataMover;
  readonly jobs: Jobs;
  readonly told: StorageWork[];
  readonly restarted: () => boolean;
  /** As the app closes: a job that waits or works is taken down. */
  close(): Promise<void>;
}

async function open(stopAt?: { readonly bytes: number; readonly by: 'person' | 'closing' }): Promise<Run> {
  const found = disks.find();
  const home = await openHome(found.folder);
  const told: StorageWork[] = [];
  let [restarted, closing] = [false, false];
  const { promise, resolve } = Promise.withResolvers<void>();
  const jobs = createJobs({ now: Date.now, onChange: (work) => told.push(work) });
  const close = async (): Promise<void> => {
    closing = true;
    resolve();
    jobs.stop();
    await jobs.settled();
  };
  let moved = 0;
  const mover = createDataMover({
    port: { folder: found.folder, usual: disks.usual, restart: () => (restarted = true) },
    home,
    jobs,
    hubCache: join(disks.root, 'hub'),
    moveModels: (to, job) =>
      moveModels(
        {
          ...{ home, to, data: found.folder },
          beforeSwitch: async () => undefined,
          afterSwitch: async () => undefined,
          isClosing: () => closing,
        },
        {
          ...job,
          onBytes(bytes, path) {
            job.onBytes(bytes, path);
            moved += bytes;
            if (!stopAt || moved < stopAt.bytes) return;
            if (stopAt.by === 'closing') closing = true;
            jobs.stop();
          },
        },
      ),
    modelsBytes: () => modelsBytes,
    closing: promise,
    isClosing: () => closing,
  });
  return { mover, jobs, told, restarted: () => restarted, close };
}

const state = ({ told }: Run) => told.at(-1)?.state;
const whole = async (folder: string): Promise<void> => {
  expect((await listModels(folder)).map(({ id }) => id).sort()).toEqual(ids);
};

test('what will happen is said before anything is made', async () => {
  const plan = await run.mover.plan(disks.disk);
  expect(plan).toMatchObject({ ok: true, value: { to: disks.to, modelsBytes } });
  const state = await run.mover.state();
  expect(plan).toMatchObject({ value: { restBytes: state.bytes } });
  expect(state).toEqual({ folder: disks.usual, bytes: expect.any(Number) });
  expect(await readdir(disks.disk)).toEqual([]);
  expect(existsSync(join(disks.usual, 'moved.json'))).toBe(false);
});

test('the models go while everything is open, the rest after the restart, and the next run tells how it ended', async () => {
  expect(await run.mover.begin(disks.disk)).toMatchObject({ ok: true });
  await expect.poll(() => run.restarted()).toBe(true);
  // It says neither "done" nor anything else before it is.
  expect(state(run)).toMatchObject({ kind: 'working', note: 'restarting' });
  await run.close();
  await whole(join(disks.to, 'models'));
  expect(disks.find().state).toBe('unfinished');
  await finishMove(disks.usual, { now: Date.now });
  run = await open();
  expect(await run.mover.start()).toBe(false);
  expect(run.told).toMatchObject([{ task: 'move-all', folder: disks.to, state: { kind: 'done' } }]);
  await whole((await openHome(disks.to)).folder());
  expect(await readdir(disks.usual)).toEqual(['moved.json']);
  // Told once.
  run = await open();
  await run.mover.start();
  expect(run.told).toEqual([]);
});

test('stopped by the person, everything stays where it was', async () => {
  const before = await disks.holds(disks.usual);
  run = await open({ bytes: modelsBytes / 2, by: 'person' });
  await run.mover.begin(disks.disk);
  await run.jobs.settled();
  expect(state(run)).toEqual({ kind: 'stopped' });
  expect(readPlace(disks.usual)).toEqual(usualPlace);
  expect(await readdir(disks.disk)).toEqual([]);
  const { 'models-place.json': _record, ...rest } = await disks.holds(disks.usual);
  expect(rest).toEqual(before);
  expect(run.restarted()).toBe(false);
});

test('broken off when Latchkey closes, it goes on at the next start as a move of everything', async () => {
  run = await open({ bytes: modelsBytes / 2, by: 'closing' });
  await run.mover.begin(disks.disk);
  await run.jobs.settled();
  expect(readPlace(disks.usual).moving).toMatchObject({ to: disks.to, stage: 'models' });
  await whole(join(disks.usual, 'models'));
  expect(disks.find()).toEqual({ state: 'here', folder: disks.usual });
  run = await open();
  expect(await run.mover.start()).toBe(true);
  await expect.poll(() => run.restarted()).toBe(true);
  await run.close();
  expect(await finishMove(disks.usual, { now: Date.now })).toBe(disks.to);
  await whole(join(disks.to, 'models'));
});

test('broken off, with the other disk gone at the next start, it waits and writes nothing into its mount point', async () => {
  run = await open({ bytes: modelsBytes / 2, by: 'closing' });
  await run.mover.begin(disks.disk);
  await run.jobs.settled();
  await rename(disks.disk, join(disks.root, 'unplugged'));
  await mkdir(disks.to, { recursive: true });
  run = await open();
  await run.mover.start();
  await run.jobs.settled();
  expect(state(run)).toMatchObject({ kind: 'failed', problem: { code: 'folder-unusable' } });
  expect(await readdir(disks.to)).toEqual([]);
  await whole(join(disks.usual, 'models'));
  expect(readPlace(disks.usual).moving).not.toBeNull();
});

test('models on a disk of their own stay there', async () => {
  const own = join(disks.root, 'own', 'Latchkey models');
  await rename(join(disks.usual, 'models'), join(disks.root, 'aside'));
  await mkdir(join(disks.root, 'own'));
  await rename(join(disks.root, 'aside'), own);
  const token = (await claim(own, disks.usual)) ?? '';
  await (await openHome(disks.usual)).save({ folder: own, token, moving: null, leaving: null });
  run = await open();
  expect(await run.mover.plan(disks.disk)).toMatchObject({ value: { modelsBytes: 0, modelsStay: own } });
  await run.mover.begin(disks.disk);
  await expect.poll(() => run.restarted()).toBe(true);
  await run.close();
  await finishMove(disks.usual, { now: Date.now });
  expect((await openHome(disks.to)).folder()).toBe(own);
  await whole(own);
});

test('a failure of the second half is told at the next start', async () => {
  await savePlace(disks.usual, {
    ...usualPlace,
    news: { kind: 'failed', to: disks.to, why: 'full', cause: 'ENOSPC' },
  });
  await run.mover.start();
  expect(state(run)).toMatchObject({ kind: 'failed', problem: { code: 'disk-full', evidence: [{ cause: 'ENOSPC' }] } });
  expect(readPlace(disks.usual)).toEqual(usualPlace);
});

describe('a folder is refused as a target', () => {
  const refused = async (chosen: string): Promise<string> => {
    const plan = await run.mover.plan(chosen);
    expect(plan, chosen).toMatchObject({ ok: false, problem: { code: 'folder-unusable' } });
    return plan.ok ? '' : plan.problem.explanation;
  };

  test('that holds the data, lies within them or in the shared cache', async () => {
    await mkdir(join(disks.root, 'hub', 'models--a--b'), { recursive: true });
    for (const chosen of [disks.usual, join(disks.usual, 'models'), join(disks.root, 'hub', 'models--a--b')]) {
      await refused(chosen);
    }
    expect(await run.mover.plan(join(disks.root, 'home'))).toMatchObject({ ok: true }); // the control: beside them
  });

  test('that has a folder of this name which holds anything at all', async () => {
    await mkdir(disks.to);
    await writeFile(join(disks.to, 'thesis.doc'), 'mine');
    expect(await refused(disks.disk)).toContain('is there already and holds something');
    expect(await disks.read(join(disks.to, 'thesis.doc'))).toBe('mine');
  });

  test('where another Latchkey has its data', async () => {
    await claim(disks.to, '/somebody/else');
    expect(await refused(disks.disk)).toContain('another Latchkey');
  });

  test('when whoever started Latchkey named its folder', async () => {
    const mover = createDataMover({
      port: { folder: disks.usual, fixedBy: 'variable' },
      home: await openHome(disks.usual),
      jobs: run.jobs,
      hubCache: '',
      moveModels: () => Promise.reject(new Error('not asked for')),
      modelsBytes: () => 0,
      closing: Promise.resolve(),
      isClosing: () => false,
    });
    expect(await mover.state()).toMatchObject({ fixedBy: 'variable' });
    expect(await mover.plan(disks.disk)).toMatchObject({ problem: { code: 'folder-unusable' } });
  });
});
