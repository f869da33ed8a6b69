import { spawn, spawnSync } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createNodeHttp } from '../../../electron/adapters/nodeHttp.ts';
import { lockRepo, type TreeEntry } from '../../../electron/services/download/cache.ts';
import { repoPaths } from '../../../electron/services/download/cachePaths.ts';
import { commit, ownFiles, removeFolder, repo, run, temporaryFolder } from './bench.ts';
import { type FaultServer, gitSha1, noise, sha256, startFaultServer } from './faultServer.ts';
import { scanCache, tryToLoadFromCache } from './pythonCache.ts';

const python = ['python3', 'python'].find((name) => spawnSync(name, ['--version']).status === 0);
const node = process.execPath;

const files = new Map<string, Buffer>([
  ['config.json', Buffer.from('{"architectures":["LlamaForCausalLM"]}')],
  ['sub/folder/notes.md', Buffer.from('notes in a folder')],
  ['odd name #1 100%?.txt', Buffer.from('odd')],
  ['empty.txt', Buffer.alloc(0)],
  ['model-00001-of-00002.safetensors', noise(60_000, 1)],
  ['model-00002-of-00002.safetensors', noise(48_000, 2)],
]);
const right = Object.fromEntries([...files].map(([path, data]) => [path, sha256(data)]));
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

function start(command: string, args: readonly string[]) {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  let output = '';
  child.stdout.on('data', (data: Buffer) => (output += data.toString()));
  const ended = new Promise<string>((resolve) => {
    child.on('close', () => resolve(output.trim().split('\n').at(-1) ?? ''));
  });
  const started = new Promise<void>((resolve) => {
    child.stdout.once('data', () => resolve());
    child.once('close', () => resolve());
  });
  return { child, ended, started };
}

async function startOurs() {
  const urls: Record<string, string> = {};
  for (const { path } of server.listed) {
    const answer = await server.source.resolve(path, { signal: new AbortController().signal });
    if (answer.ok) urls[path] = answer.value.url;
  }
  const job = JSON.stringify({ hubCache, files: server.listed, urls });
  return start(node, [join(import.meta.dirname, 'besideChild.ts'), job]);
}

const ask = (...args: string[]): unknown =>
  JSON.parse(
    spawnSync(python!, [join(import.meta.dirname, 'hubPython.py'), ...args], { encoding: 'utf8' }).stdout,
  ) as unknown;

function allRight(): void {
  for (const [path, data] of files) {
    const found = tryToLoadFromCache(hubCache, repo, path);
    expect(readHash(found), path).toBe(sha256(data));
  }
  expect(scanCache(hubCache).warnings).toEqual([]);
}
const readHash = (path: string | undefined): string =>
  path === undefined
    ? 'absent'
    : (spawnSync('sha256sum', ['--', path], { encoding: 'utf8' }).stdout.split(' ')[0] ?? '');

describe('two Latchkeys on one cache', () => {
  test('started together: one downloads, the other is told, nothing is fetched twice', async () => {
    const bytes = [...files.values()].reduce((sum, data) => sum + data.length, 0);
    server.pause(1);
    const answers: string[] = [];
    const ours = await Promise.all([startOurs(), startOurs(), startOurs()]);
    for (const one of ours) answers.push(await one.ended);
    // A late one may find everything done; whoever came in between is refused.
    expect(answers).toContain('done');
    expect(answers.filter((answer) => answer !== 'done' && answer !== 'busy')).toEqual([]);
    expect(server.counts.sent).toBeLessThanOrEqual(bytes);
    allRight();
  });

  test('the other may go on as soon as the first was killed, at its last durable byte', async () => {
    server.pause(5);
    const first = await startOurs();
    await expect.poll(() => server.counts.sent, { timeout: 20_000 }).toBeGreaterThan(20_000);
    server.pause(1000); // it must not be done before we have asked
    expect((await run(server.source, hubCache, server.listed)).result).toMatchObject({
      ok: false,
      problem: { code: 'busy' },
    });
    first.child.kill('SIGKILL');
    await first.ended;
    server.pause(0);
    const { result } = await run(server.source, hubCache, server.listed);
    expect(result.ok).toBe(true);
    allRight();
    expect((await ownFiles(hubCache)).filter((name) => /part|journal/.test(name))).toEqual([]);
  });

  test('a lock whose folder was removed by its holder does not let two in', async () => {
    const first = await lockRepo(hubCache, repo);
    await removeFolder(repoPaths(hubCache, repo).folder);
    const second = await lockRepo(hubCache, repo);
    expect(second).toBeDefined();
    first?.release();
    expect(await lockRepo(hubCache, repo)).toBeUndefined();
    second?.release();
    const third = await lockRepo(hubCache, repo);
    expect(third).toBeDefined();
    third?.release();
  });
});

describe.skipIf(python === undefined).each([{ links: true }, { links: false }])(
  'a Python process beside us, with symbolic links: $links',
  ({ links }) => {
    test('reads every byte that we published, also in Python itself', async () => {
      const { result } = await run(server.source, hubCache, server.listed, { links });
      expect(result.ok).toBe(true);
      expect(ask('read', hubCache, repo, 'main')).toEqual(right);
      expect(ask('read', hubCache, repo, commit)).toEqual(right);
    });

    test('that writes the same files all the time does no harm, and comes to none', async () => {
      const source = join(hubCache, 'models--source--of', 'snapshots', commit);
      for (const [path, data] of files) {
        await mkdir(dirname(join(source, path)), { recursive: true });
        await writeFile(join(source, path), data);
      }
      const mode = links ? 'links' : 'files';
      const other = start(python!, [
        join(import.meta.dirname, 'hubPython.py'),
        ...['busy', hubCache, repo, commit, source, mode, '60'],
      ]);
      await other.started;
      server.pause(1);
      const answers: boolean[] = [];
      for (let turn = 0; turn < 4; turn++) {
        const { result } = await run(server.source, hubCache, server.listed, { links });
        answers.push(result.ok);
      }
      expect(answers).toEqual([true, true, true, true]);
      expect(JSON.parse(await other.ended)).toEqual({ wrong: [] });
      expect(ask('read', hubCache, repo, 'main')).toEqual(right);
      expect(scanCache(hubCache).warnings).toEqual([]);
      if (links) {
        for (const [path, data] of files) {
          const etag = path.endsWith('.safetensors') ? sha256(data) : gitSha1(data);
          expect((await readFile(join(repoPaths(hubCache, repo).blobs, etag))).equals(data), path).toBe(true);
        }
      }
    });

    test('knows offline which files of the commit are not here', async () => {
      const absent: TreeEntry = { path: 'original/weights.pth', bytes: 5, gitSha1: 'a'.repeat(40) };
      const listed: TreeEntry[] = [...files].map(([path, data]) => ({
        path,
        bytes: data.length,
        gitSha1: gitSha1(data),
        ...(path.endsWith('.safetensors') && { sha256: sha256(data) }),
      }));
      await run(server.source, hubCache, server.listed, { links, tree: [...listed, absent] });
      expect(ask('offline', hubCache, repo, 'main')).toEqual({ missing: ['original/weights.pth'] });
      await run(server.source, hubCache, server.listed, { links, tree: listed });
      expect(ask('offline', hubCache, repo, 'main')).toEqual({
        snapshot: join(repoPaths(hubCache, repo).snapshots, commit),
      });
    });
  },
);
