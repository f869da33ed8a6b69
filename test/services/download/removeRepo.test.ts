import { readdir, readFile, readlink, symlink, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createNodeHttp } from '../../../electron/adapters/nodeHttp.ts';
import { lockRepo } from '../../../electron/services/download/cache.ts';
import { repoPaths } from '../../../electron/services/download/cachePaths.ts';
import { measureDisk } from '../../../electron/services/download/diskUse.ts';
import { removeRepo } from '../../../electron/services/download/removeRepo.ts';
import { commit, repo, repoFolderName, removeFolder, run, temporaryFolder } from './bench.ts';
import { type FaultServer, noise, startFaultServer } from './faultServer.ts';
import { pythonDownload, scanCache, tryToLoadFromCache } from './pythonCache.ts';

const shared = noise(4000, 9);
const ours = new Map<string, Buffer>([
  ['config.json', Buffer.from('{}')],
  ['sub/deep/notes.md', Buffer.from('notes')],
  ['copy.md', Buffer.from('notes')],
  ['model.safetensors', noise(5000, 1)],
  ['tokenizer.json', shared],
]);
let hubCache: string;
let server: FaultServer;
beforeEach(async () => {
  hubCache = await temporaryFolder();
  server = await startFaultServer(ours, createNodeHttp());
});
afterEach(async () => {
  await server.close();
  await removeFolder(hubCache);
});

describe.each([{ links: true }, { links: false }])('with symbolic links: $links', ({ links }) => {
  const fetchAll = async (): Promise<void> => {
    expect((await run(server.source, hubCache, server.listed, { links })).result.ok).toBe(true);
  };
  const python = (file: string, data: Buffer, at = commit): void => {
    pythonDownload(hubCache, { repo, commit: at, file, data, lfs: file.endsWith('.bin'), links });
  };

  test('what only Latchkey downloaded goes without a trace', async () => {
    await fetchAll();
    const [use] = (await measureDisk(hubCache)).repos;
    const contents = [...ours.values()].map((data) => data.toString('hex'));
    const counted = links ? [...new Set(contents)] : contents; // without links, two names are two files
    expect(use?.ownBytes).toBe(counted.reduce((sum, hex) => sum + hex.length / 2, 0));
    expect(await removeRepo(hubCache, repo, false)).toBe('done');
    expect(await readdir(hubCache)).toEqual(['CACHEDIR.TAG']);
    expect(await removeRepo(hubCache, repo, false)).toBe('done'); // again: nothing to do
  });

  test.runIf(links)('also where the system turns the slashes in links', async () => {
    await fetchAll();
    const snapshot = join(repoPaths(hubCache, repo).snapshots, commit);
    for (const entry of await readdir(snapshot, { recursive: true, withFileTypes: true })) {
      if (!entry.isSymbolicLink()) continue;
      const place = join(entry.parentPath, entry.name);
      const said = await readlink(place);
      await unlink(place);
      await symlink(said.replaceAll('/', '\\'), place);
    }
    expect(await removeRepo(hubCache, repo, false)).toBe('done');
    expect(await readdir(hubCache)).toEqual(['CACHEDIR.TAG']);
  });

  test('what Python downloaded stays, of the same commit and of another', async () => {
    const other = 'f'.repeat(40);
    python('pytorch_model.bin', noise(3000, 4));
    python('tokenizer.json', shared); // there before us: reused, not ours
    await fetchAll();
    python('old.bin', noise(2000, 5), other);
    expect(await removeRepo(hubCache, repo, false)).toBe('done');
    expect(tryToLoadFromCache(hubCache, repo, 'config.json', commit)).toBeUndefined();
    expect(tryToLoadFromCache(hubCache, repo, 'model.safetensors', commit)).toBeUndefined();
    const kept = { 'pytorch_model.bin': noise(3000, 4), 'tokenizer.json': shared };
    for (const [name, data] of Object.entries(kept)) {
      expect((await readFile(tryToLoadFromCache(hubCache, repo, name, commit)!)).equals(data), name).toBe(true);
    }
    expect(tryToLoadFromCache(hubCache, repo, 'old.bin', other)).toBeDefined();
    expect(scanCache(hubCache).warnings).toEqual([]);
    expect(await readdir(repoPaths(hubCache, repo).snapshots)).toEqual([commit, other].sort());
    expect((await measureDisk(hubCache)).repos[0]).toMatchObject({ ownBytes: 0 });
  });

  test('on the person’s word everything goes', async () => {
    python('pytorch_model.bin', noise(3000, 4));
    await fetchAll();
    expect(await removeRepo(hubCache, repo, true)).toBe('done');
    expect(await readdir(hubCache)).not.toContain(repoFolderName);
    expect(scanCache(hubCache).warnings).toEqual([]);
  });

  test('nothing goes while somebody works with it', async () => {
    await fetchAll();
    const lock = await lockRepo(hubCache, repo);
    expect(await removeRepo(hubCache, repo, true)).toBe('busy');
    lock?.release();
    expect(tryToLoadFromCache(hubCache, repo, 'config.json')).toBeDefined();
  });

  test('a repository that Latchkey never wrote to is not touched', async () => {
    python('config.json', Buffer.from('{}'));
    const before = scanCache(hubCache);
    expect(await removeRepo(hubCache, repo, false)).toBe('done');
    expect(scanCache(hubCache)).toEqual(before);
    expect(await readdir(join(hubCache, repoFolderName))).not.toContain('.latchkey');
    expect(tryToLoadFromCache(hubCache, repo, 'config.json')).toBeDefined();
  });
});
