import { readFileSync } from 'node:fs';
import { lstat, mkdir, readdir, readFile, readlink, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createNodeHttp } from '../../../electron/adapters/nodeHttp.ts';
import { findSnapshot, type TreeEntry } from '../../../electron/services/download/cache.ts';
import { hubCacheFolder, linksAllowed, offlineVariable } from '../../../electron/services/download/environment.ts';
import { linkTarget, repoPaths } from '../../../electron/services/download/cachePaths.ts';
import { measureDisk } from '../../../electron/services/download/diskUse.ts';
import { sweepPartials } from '../../../electron/services/download/leftovers.ts';
import { commit, ownFiles, published, removeFolder, repo, repoFolderName, run, temporaryFolder } from './bench.ts';
import { type FaultServer, gitSha1, noise, sha256, startFaultServer } from './faultServer.ts';
import { pythonDownload, scanCache, tryToLoadFromCache } from './pythonCache.ts';

const files = new Map<string, Buffer>([
  ['config.json', Buffer.from('{"architectures":["LlamaForCausalLM"]}')],
  ['tokenizer.json', noise(3000, 3)],
  ['LICENSE', Buffer.from('the licence')],
  ['empty.txt', Buffer.alloc(0)],
  ['odd name #1 100%?.txt', Buffer.from('odd')],
  ['sub/folder/notes.md', Buffer.from('notes in a folder')],
  ['copy of notes.md', Buffer.from('notes in a folder')],
  ['model-00001-of-00002.safetensors', noise(5000, 1)],
  ['model-00002-of-00002.safetensors', noise(4096, 2)],
]);
let hubCache: string;
let server: FaultServer;
beforeEach(async () => {
  hubCache = await temporaryFolder();
  server = await startFaultServer(files, createNodeHttp());
});
afterEach(async () => {
  await server.close();
  await removeFolder(hubCache);
});

describe.each([{ links: true }, { links: false }])('with symbolic links: $links', ({ links }) => {
  test('Python finds every file that we published', async () => {
    const { result } = await run(server.source, hubCache, server.listed, { links });
    expect(result.ok).toBe(true);
    for (const [path, data] of files) {
      const found = tryToLoadFromCache(hubCache, repo, path);
      expect(readFileSync(found!).equals(data), path).toBe(true);
      expect(tryToLoadFromCache(hubCache, repo, path, commit)).toBe(found);
    }
    expect(tryToLoadFromCache(hubCache, repo, 'generation_config.json')).toBe('missing');
    expect(tryToLoadFromCache(hubCache, repo, 'never asked')).toBeUndefined();
    const scan = scanCache(hubCache);
    expect(scan.warnings).toEqual([]);
    expect(scan.files).toBe(files.size);
    expect(await readFile(join(hubCache, repoFolderName, 'refs', 'main'), 'utf8')).toBe(commit);
    expect(await readFile(join(hubCache, 'CACHEDIR.TAG'), 'utf8')).toMatch(
      /^Signature: 8a477f597d28d172789f06886806bc55\n/,
    );
    const blobs = await readdir(join(hubCache, repoFolderName, 'blobs'));
    expect(blobs).toHaveLength(links ? files.size - 1 : 0);
    if (links) {
      const place = join(hubCache, repoFolderName, 'snapshots', commit, 'sub/folder/notes.md');
      expect(await readlink(place)).toBe(`../../../../blobs/${gitSha1(files.get('sub/folder/notes.md')!)}`);
    }
  });

  test('what Python left is proved and reused without a request', async () => {
    for (const [file, data] of files) {
      pythonDownload(hubCache, { repo, commit, file, data, lfs: file.endsWith('.safetensors'), links });
    }
    const { result, reports } = await run(server.source, hubCache, server.listed, {});
    expect(result.ok).toBe(true);
    expect(server.counts.requests).toBe(0);
    expect(server.counts.resolved).toBe(0);
    expect(reports.at(-1)?.doneBytes).toBe(reports.at(-1)?.totalBytes);
    expect(scanCache(hubCache).warnings).toEqual([]);
  });

  test('a file that Python left damaged is replaced by the right bytes', async () => {
    const file = 'model-00001-of-00002.safetensors';
    const right = files.get(file)!;
    const wrong = Buffer.from(right);
    wrong[77] = (wrong[77] ?? 0) ^ 4;
    pythonDownload(hubCache, { repo, commit, file, data: right, lfs: true, links });
    await writeFile(join(hubCache, repoFolderName, 'snapshots', commit, file), wrong);
    const { result } = await run(server.source, hubCache, server.listed, { links });
    expect(result.ok).toBe(true);
    expect((await published(hubCache, file)).equals(right)).toBe(true);
    if (links) {
      expect(sha256(await readFile(join(hubCache, repoFolderName, 'blobs', sha256(right))))).toBe(sha256(right));
    }
  });

  test('a second call with everything in place asks for nothing', async () => {
    await run(server.source, hubCache, server.listed, { links });
    const before = server.counts.requests;
    const { result } = await run(server.source, hubCache, server.listed, { links });
    expect(result.ok).toBe(true);
    expect(server.counts.requests).toBe(before);
    const snapshot = await findSnapshot(hubCache, repo, commit, server.listed);
    expect(snapshot).toMatchObject({ complete: true, missing: [] });
  });
});

test('a file that changed on disk after it was noted as proved is read again', async () => {
  await run(server.source, hubCache, server.listed);
  const blob = join(hubCache, repoFolderName, 'blobs', sha256(files.get('model-00002-of-00002.safetensors')!));
  const data = await readFile(blob);
  data[0] = (data[0] ?? 0) ^ 1;
  await writeFile(blob, data);
  const { result } = await run(server.source, hubCache, server.listed);
  expect(result.ok).toBe(true);
  expect(sha256(await readFile(blob))).toBe(blob.split('/').at(-1));
});

test('nothing of a repository is visible by branch name before all of it is there', async () => {
  server.arm({ do: '500', at: 10, times: Infinity, path: 'model-00002-of-00002.safetensors' });
  const { result } = await run(server.source, hubCache, server.listed);
  expect(result.ok).toBe(false);
  expect(await readdir(join(hubCache, repoFolderName))).not.toContain('refs');
  expect(tryToLoadFromCache(hubCache, repo, 'config.json')).toBeUndefined();
  const snapshot = await findSnapshot(hubCache, repo, commit, server.listed);
  expect(snapshot.complete).toBe(false);
  expect(snapshot.missing).toContain('model-00002-of-00002.safetensors');
});

test('a link that leaves the cache is replaced, never written through', async () => {
  const outside = join(hubCache, 'outside.txt');
  await writeFile(outside, 'mine');
  const snapshot = join(repoPaths(hubCache, repo).snapshots, commit);
  await mkdir(snapshot, { recursive: true });
  await symlink(outside, join(snapshot, 'config.json'));
  const { result } = await run(server.source, hubCache, server.listed);
  expect(result.ok).toBe(true);
  expect(await readFile(outside, 'utf8')).toBe('mine');
  expect((await published(hubCache, 'config.json')).equals(files.get('config.json')!)).toBe(true);
});

describe('the file list for Python', () => {
  const entry = (path: string, data: Buffer): TreeEntry => ({
    path,
    bytes: data.length,
    gitSha1: gitSha1(data),
    ...(path.endsWith('.safetensors') ? { sha256: sha256(data) } : {}),
  });
  const tree = [...files].map(([path, data]) => entry(path, data));
  const treeFile = () => join(hubCache, repoFolderName, 'trees', `${commit}.json`);

  test('is written in its format', async () => {
    await run(server.source, hubCache, server.listed, { tree });
    const value = JSON.parse(await readFile(treeFile(), 'utf8'));
    expect(value.format_version).toBe(1);
    const data = files.get('model-00001-of-00002.safetensors')!;
    expect(value.files['model-00001-of-00002.safetensors']).toEqual({
      size: data.length,
      blob_id: gitSha1(data),
      lfs_sha256: sha256(data),
      lfs_size: data.length,
    });
  });
  test('is left out when one hash is masked', async () => {
    await run(server.source, hubCache, server.listed, { tree: [...tree, { ...tree[0]!, xetHash: '*'.repeat(64) }] });
    await expect(lstat(treeFile())).rejects.toThrow('ENOENT');
  });
});

test('disk use counts each blob once and tells our partial files apart', async () => {
  await run(server.source, hubCache, server.listed);
  const use = await measureDisk(hubCache);
  const unique = new Set([...files.values()].map((data) => sha256(data)));
  const bytes = [...files.values()]
    .filter((data) => unique.delete(sha256(data)))
    .reduce((sum, data) => sum + data.length, 0);
  expect(use.repos.map((one) => one.repo)).toEqual([repo]);
  expect(use.cacheBytes).toBeGreaterThanOrEqual(bytes);
  expect(use.cacheBytes).toBeLessThan(bytes + 2000);
  expect(use.freeBytes).toBeGreaterThan(0);
});

test('sweeping removes leftovers but keeps the partial files of wanted models', async () => {
  server.arm({ do: '500', at: 4999, times: Infinity, path: 'model-00001-of-00002.safetensors' });
  await run(server.source, hubCache, server.listed);
  const own = repoPaths(hubCache, repo).own;
  await writeFile(join(own, '.00112233aabb.tmp'), 'leftover');
  await writeFile(join(own, `${'a'.repeat(64)}.journal`), 'orphan');
  await sweepPartials(hubCache, () => true);
  const part = sha256(files.get('model-00001-of-00002.safetensors')!);
  expect(await ownFiles(hubCache)).toEqual(expect.arrayContaining([`${part}.journal`, `${part}.part`]));
  expect(await ownFiles(hubCache)).not.toContain('.00112233aabb.tmp');
  expect(await ownFiles(hubCache)).not.toContain(`${'a'.repeat(64)}.journal`);
  expect(await sweepPartials(hubCache, () => false)).toBeGreaterThan(0);
  expect((await ownFiles(hubCache)).filter((name) => !name.endsWith('.json'))).toEqual([]);
});

test.each([
  [{}, '/home/ann/.cache/huggingface/hub'],
  [{ XDG_CACHE_HOME: '/x' }, '/x/huggingface/hub'],
  [{ HF_HOME: '/hf', XDG_CACHE_HOME: '/x' }, '/hf/hub'],
  [{ HF_HOME: '~/hf' }, '/home/ann/hf/hub'],
  [{ HF_HOME: '$DATA/hf', DATA: '/data' }, '/data/hf/hub'],
  [{ HF_HOME: '${DATA}/hf', DATA: '/data' }, '/data/hf/hub'],
  [{ HF_HOME: '$NOPE/hf' }, '$NOPE/hf/hub'],
  [{ HUGGINGFACE_HUB_CACHE: '/old', HF_HOME: '/hf' }, '/old'],
  [{ HF_HUB_CACHE: '/new', HUGGINGFACE_HUB_CACHE: '/old' }, '/new'],
  [{ HF_HUB_CACHE: '', HF_HOME: '' }, '/home/ann/.cache/huggingface/hub'],
  [{ HF_HUB_CACHE: '~' }, '/home/ann'],
])('the cache folder for %j is %s', (env, folder) => {
  expect(hubCacheFolder(env, '/home/ann', 'linux')).toBe(folder);
});

test.each([
  [{}, undefined, undefined],
  [{ HF_HUB_OFFLINE: '0', HF_HUB_DISABLE_SYMLINKS: 'no' }, undefined, undefined],
  [{ HF_HUB_OFFLINE: '1', HF_HUB_DISABLE_SYMLINKS: '1' }, 'HF_HUB_OFFLINE', false],
  [{ HF_HUB_OFFLINE: 'Yes', HF_HUB_DISABLE_SYMLINKS: 'TRUE' }, 'HF_HUB_OFFLINE', false],
  [{ TRANSFORMERS_OFFLINE: 'on', HF_HUB_OFFLINE: '' }, 'TRANSFORMERS_OFFLINE', undefined],
])('%j keeps Latchkey offline by %s, with links: %s', (env, variable, links) => {
  expect(offlineVariable(env)).toBe(variable);
  expect(linksAllowed(env)).toBe(links);
});

test('links count one step up for each folder', () => {
  expect(linkTarget('a', 'e')).toBe('../../blobs/e');
  expect(linkTarget('a/b/c', 'e')).toBe('../../../../blobs/e');
});
