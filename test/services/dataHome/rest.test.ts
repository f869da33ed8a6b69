import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readlink, rename, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { beginEmpty, dataName, readPlace, savePlace, usualPlace } from '../../../electron/services/dataHome/place.ts';
import { finishMove, restBytes } from '../../../electron/services/dataHome/rest.ts';
import { Disks } from './world.ts';

let disks: Disks;
let before: Record<string, string>;
beforeEach(async () => {
  disks = new Disks();
  await disks.fill();
  before = await disks.holds(disks.usual);
});
afterEach(() => disks.end());

const finish = (): Promise<string> => finishMove(disks.usual, { now: () => 1234 });

test('a move ends with the same bytes elsewhere, and the usual place holds the record and nothing else', async () => {
  await disks.litter();
  await disks.askForMove();
  expect(disks.find()).toEqual({ state: 'unfinished', folder: disks.usual, usual: disks.usual });
  expect(await finish()).toBe(disks.to);
  expect(await disks.holds(disks.to)).toEqual(before);
  expect(disks.said(disks.to)).toEqual([{ text: 'hello' }]);
  expect(await readdir(disks.usual)).toEqual(['moved.json']);
  expect(disks.find()).toEqual({ state: 'here', folder: disks.to });
  const bytes = await restBytes(disks.to, join(disks.to, 'models'));
  expect(readPlace(disks.usual).news).toEqual({
    ...{ kind: 'moved', to: disks.to, at: 1234, left: false },
    bytes: bytes + 'of the person'.length,
  });
  // Nobody else on this computer may read chats that were private before.
  if (process.platform !== 'win32') expect((await stat(join(disks.to, 'chats.sqlite'))).mode & 0o077).toBe(0);
});

test('links move as links and keep their ends', async () => {
  await symlink('../outside', join(disks.usual, 'relative'));
  await symlink('/far/away', join(disks.usual, 'absolute'));
  await disks.askForMove();
  await finish();
  expect(await readlink(join(disks.to, 'relative'))).toBe(join(disks.root, 'home', 'outside'));
  expect(await readlink(join(disks.to, 'absolute'))).toBe('/far/away');
  expect(await readdir(disks.usual)).toEqual(['moved.json']);
});

test('back in the usual place there is no record any more', async () => {
  await disks.askForMove();
  await finish();
  await disks.askForMove(disks.usual);
  expect(await finish()).toBe(disks.usual);
  expect(await disks.holds(disks.usual)).toEqual(before);
  expect(await readdir(disks.disk)).toEqual([]);
  await savePlace(disks.usual, { ...readPlace(disks.usual), news: null }); // told
  expect(readPlace(disks.usual)).toEqual(usualPlace);
  expect(existsSync(join(disks.usual, 'moved.json'))).toBe(false);
});

test('and on to a third place, whose disk is the one that counts then', async () => {
  await disks.askForMove();
  await finish();
  const third = join(disks.root, 'third', 'Latchkey data');
  await mkdir(join(disks.root, 'third'));
  await disks.askForMove(third);
  expect(await finish()).toBe(third);
  expect(await disks.holds(third)).toEqual(before);
  expect(await readdir(disks.disk)).toEqual([]);
});

describe('a kill', () => {
  /** Finishes the move in a child that is killed `delay` ms after it began; answers whether it was done before. */
  async function killed(delay: number): Promise<boolean> {
    const child = spawn(
      process.execPath,
      [join(import.meta.dirname, 'finishingChild.ts'), disks.usual, String(delay)],
      {
        stdio: ['ignore', 'pipe', 'inherit'],
      },
    );
    let output = '';
    child.stdout.on('data', (text: Buffer) => (output += text.toString()));
    const signal = await new Promise((resolve) => child.once('close', (_code, by) => resolve(by)));
    expect(output.includes('done') || signal === 'SIGKILL').toBe(true);
    return output.includes('done');
  }

  test('at any moment leaves the place that counts whole, and at last it is done', async () => {
    await disks.askForMove();
    let kills = 0;
    for (let round = 0; round < 8; round += 1) {
      const done = await killed(round * 15);
      if (!done) kills += 1;
      const found = disks.find();
      expect(found.state).toEqual(done ? 'here' : expect.stringMatching(/here|unfinished/));
      const counts = await disks.holds(found.folder);
      for (const [path, hash] of Object.entries(before)) expect(counts[path], path).toBe(hash);
      if (done || found.state === 'here') break;
    }
    expect(kills).toBeGreaterThan(0);
    expect(await finish()).toBe(disks.to);
    expect(disks.find()).toEqual({ state: 'here', folder: disks.to });
    expect(await disks.holds(disks.to)).toEqual(before);
    expect(await readdir(disks.usual)).toEqual(['moved.json']);
  }, 120_000);

  test('before the switch: what changed in the old place meanwhile is what arrives, and no old journal beside it', async () => {
    await disks.askForMove();
    for (const name of ['chats.sqlite', 'chats.sqlite-wal', 'settings.json']) {
      await writeFile(join(disks.to, name), 'of an earlier try');
    }
    await finish();
    expect(await disks.holds(disks.to)).toEqual(before);
  });

  test('after the switch: the old place is emptied at the next start, except what is not the same', async () => {
    await disks.askForMove();
    await finish();
    await writeFile(join(disks.usual, 'settings.json'), await disks.read(join(disks.to, 'settings.json')));
    await writeFile(join(disks.usual, 'journeys.json'), 'written by somebody else');
    await savePlace(disks.usual, { ...readPlace(disks.usual), leaving: disks.usual, news: null });
    expect(disks.find().state).toBe('unfinished');
    expect(await finish()).toBe(disks.to);
    expect((await readdir(disks.usual)).sort()).toEqual(['journeys.json', 'moved.json']);
    expect(readPlace(disks.usual)).toMatchObject({ leaving: null, news: { kind: 'moved', left: true } });
    expect(await disks.holds(disks.to)).toEqual(before);
  });
});

describe('a move that cannot be', () => {
  test('because its disk is gone leaves everything as it was and writes nothing into the mount point', async () => {
    await disks.askForMove();
    await rename(disks.disk, join(disks.root, 'unplugged'));
    await mkdir(disks.to, { recursive: true });
    expect(await finish()).toBe(disks.usual);
    expect(await readdir(disks.to)).toEqual([]);
    expect(await disks.holds(disks.usual)).toEqual(before);
    expect(readPlace(disks.usual)).toMatchObject({ moving: null, news: { kind: 'failed', why: 'away' } });
    expect(disks.find()).toEqual({ state: 'here', folder: disks.usual });
  });

  test.runIf(process.platform === 'linux')('because a disk refuses a file takes its copies away again', async () => {
    // A path that is as long as the system allows here is too long below a longer folder.
    const steps = [...Array.from({ length: 19 }, () => 'd'.repeat(200)), 'd'.repeat(150)].join('/');
    await mkdir(join(disks.usual, steps), { recursive: true });
    await writeFile(join(disks.usual, steps, 'deep'), 'x');
    const now = await disks.holds(disks.usual);
    const far = join(disks.disk, 'e'.repeat(200), dataName);
    await mkdir(join(disks.disk, 'e'.repeat(200)));
    await disks.askForMove(far);
    expect(await finish()).toBe(disks.usual);
    expect(await disks.holds(disks.usual)).toEqual(now);
    expect(existsSync(far)).toBe(false);
    expect(readPlace(disks.usual)).toMatchObject({ moving: null, news: { kind: 'failed', to: far, why: 'trouble' } });
  });

  test('and one that finds strangers of an earlier try in its way clears it', async () => {
    await disks.askForMove();
    await mkdir(join(disks.to, 'settings.json', 'x'), { recursive: true });
    await writeFile(join(disks.to, 'settings.json', 'x', 'y'), 'z');
    await symlink('/dev/null', join(disks.to, 'receipts'));
    expect(await finish()).toBe(disks.to);
    expect(await disks.holds(disks.to)).toEqual(before);
  });
});

describe('the disk of the data', () => {
  beforeEach(async () => {
    await disks.askForMove();
    await finish();
    await savePlace(disks.usual, { ...readPlace(disks.usual), news: null });
  });

  test('being gone is told from an empty folder of its name, and nothing is made there', async () => {
    await rename(disks.disk, join(disks.root, 'unplugged'));
    const away = { state: 'away', folder: disks.to, usual: disks.usual };
    expect(disks.find()).toEqual(away);
    expect(existsSync(disks.to)).toBe(false);
    await mkdir(disks.to, { recursive: true });
    expect(disks.find()).toEqual(away);
    await rm(disks.disk, { recursive: true });
    await rename(join(disks.root, 'unplugged'), disks.disk);
    expect(disks.find()).toEqual({ state: 'here', folder: disks.to });
  });

  test('can be left behind deliberately: the usual place begins empty, and the record is kept beside', async () => {
    await rename(disks.disk, join(disks.root, 'unplugged'));
    await beginEmpty(disks.usual);
    expect(disks.find()).toEqual({ state: 'here', folder: disks.usual });
    expect(await readdir(disks.usual)).toEqual(['moved-before.json']);
  });
});

test.each(['', '{', '{"version":1}', '{"version":1,"value":{"folder":7}}'])(
  'a record that says %j ends the start: beginning anew would hide the chats',
  async (text) => {
    await writeFile(join(disks.usual, 'moved.json'), text);
    expect(() => disks.find()).toThrow(/moved\.json says where Latchkey keeps its data, and cannot be read/);
  },
);
