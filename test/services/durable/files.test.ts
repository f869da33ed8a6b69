import { lstat, mkdir, mkdtemp, readdir, readFile, readlink, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import {
  copyFile,
  createFile,
  linksWork,
  makeFolder,
  openFile,
  publish,
  removeTree,
  replaceFile,
  replaceLink,
} from '../../../electron/services/durable/files.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'latchkey-durable-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));
const at = (name: string) => join(folder, name);

test('replacing a file leaves the new bytes, its mode and nothing else', async () => {
  await replaceFile(at('state.json'), 'old');
  await replaceFile(at('state.json'), Buffer.from('new'));
  expect(await readFile(at('state.json'), 'utf8')).toBe('new');
  expect((await stat(at('state.json'))).mode & 0o777).toBe(0o600);
  expect(await readdir(folder)).toEqual(['state.json']);
});

test('a replacement that cannot get its name leaves the old file and no temporary', async () => {
  await mkdir(at('taken'));
  await writeFile(at('taken/inside'), 'x');
  await expect(replaceFile(at('taken'), 'new')).rejects.toThrow(/EISDIR|ENOTEMPTY|EEXIST|EPERM/);
  expect(await readdir(folder)).toEqual(['taken']);
  expect(await readdir(at('taken'))).toEqual(['inside']);
});

test('a replacement staged elsewhere never shows a temporary beside the file', async () => {
  await mkdir(at('refs'));
  await mkdir(at('stage'));
  await replaceFile(at('refs/main'), 'commit', 0o644, at('stage'));
  expect(await readdir(at('refs'))).toEqual(['main']);
  await expect(replaceFile(at('refs/main'), 'other', 0o644, at('absent'))).rejects.toThrow('ENOENT');
  expect(await readFile(at('refs/main'), 'utf8')).toBe('commit');
});

test('bytes written at positions come back, with zeros between', async () => {
  const file = await createFile(at('data'));
  await file.write(Buffer.from('end'), 10);
  await file.write(Buffer.from('start'), 0);
  await file.syncData();
  await file.sync();
  expect(await file.size()).toBe(13);
  const into = Buffer.alloc(20, 0xff);
  expect(await file.read(into, 0)).toBe(13);
  expect(into.subarray(0, 13).toString()).toBe('start\0\0\0\0\0end');
  await file.truncate(5);
  expect(await file.read(into, 5)).toBe(0);
  await file.close();
  await expect(createFile(at('data'))).rejects.toThrow('EEXIST');
  const again = await openFile(at('data'));
  expect(await again.size()).toBe(5);
  await again.close();
});

test('a link replaces what stood there and says exactly what it was given', async () => {
  await writeFile(at('blob'), 'x');
  await writeFile(at('name'), 'old');
  await replaceLink(at('name'), 'blob');
  expect(await readlink(at('name'))).toBe('blob');
  await replaceLink(at('name'), './blob');
  expect(await readlink(at('name'))).toBe('./blob');
  expect((await readdir(folder)).sort()).toEqual(['blob', 'name']);
});

test('the probe for links tells the truth and cleans up', async () => {
  expect(await linksWork(folder)).toBe(true);
  expect(await linksWork(at('absent'))).toBe(false);
  expect(await readdir(folder)).toEqual([]);
});

test('a copy gets its name only when it is whole', async () => {
  await writeFile(at('from'), 'bytes');
  await mkdir(at('stage'));
  await copyFile(at('from'), at('to'), at('stage'));
  expect(await readFile(at('to'), 'utf8')).toBe('bytes');
  await expect(copyFile(at('absent'), at('to'), at('stage'))).rejects.toThrow('ENOENT');
  expect(await readFile(at('to'), 'utf8')).toBe('bytes');
  expect(await readdir(at('stage'))).toEqual([]);
});

test('publishing moves, folders are made once, and removing what is absent is fine', async () => {
  expect(await makeFolder(at('a/b'))).toBe(true);
  expect(await makeFolder(at('a/b'))).toBe(false);
  expect((await stat(at('a'))).mode & 0o777).toBe(0o700);
  await writeFile(at('a/tmp'), 'x');
  await publish(at('a/tmp'), at('a/b/final'));
  expect(await readFile(at('a/b/final'), 'utf8')).toBe('x');
  await removeTree(at('a'));
  await removeTree(at('a'));
  await expect(lstat(at('a'))).rejects.toThrow('ENOENT');
});
