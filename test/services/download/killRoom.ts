/** Kills a downloading child with SIGKILL at random moments, and looks at what every death left. */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { createNodeHttp } from '../../../electron/adapters/nodeHttp.ts';
import { checksumOf, repoPaths } from '../../../electron/services/download/cachePaths.ts';
import { partialPath } from '../../../electron/services/download/journal.ts';
import { openPartial } from '../../../electron/services/download/partial.ts';
import { commit, repo, smallTuning, temporaryFolder } from './bench.ts';
import { gitSha1, noise, sha256, startFaultServer } from './faultServer.ts';
import type { KilledJob } from './killedChild.ts';

const KiB = 1024;
const contents = new Map([
  ['config.json', Buffer.from('{"architectures":["LlamaForCausalLM"]}')],
  ['model-00001-of-00002.safetensors', noise(2 * KiB * KiB + 777, 42)],
  ['model-00002-of-00002.safetensors', noise(KiB * KiB + 5, 43)],
]);
const tuning = {
  ...smallTuning,
  blockBytes: 64 * KiB,
  writeBytes: 4 * KiB,
  noteBytes: 32 * KiB,
  syncBytes: 32 * KiB,
  tailBytes: 96 * KiB,
  startConnections: 4,
  reportMs: 2,
  stallMs: 5000,
};
/** What a kill may cost: what no journal mentions yet of both files, and what each connection had on its way to a note. */
export const tail = 2 * tuning.noteBytes + tuning.maxConnections * tuning.writeBytes;

/** Some kills come before the first byte is noted, some downloads end before theirs. */
const mostBytes = 900_000;

const node = process.execPath;

export interface Tally {
  kills: number;
  /** Downloads that came to their end between the kills. */
  whole: number;
  /** Bytes that were there and had to be fetched again, after the worst kill. */
  worst: number;
  /** Bytes under a final name, or behind a promise of a journal, that were not the published ones. */
  readonly wrong: string[];
}

export interface KillRoom {
  /** Kills until there were so many deaths, then lets the last download end. */
  sweep(kills: number): Promise<Tally>;
  /** Whether one of at most so many downloads of another make, killed once each, ends with wrong bytes. */
  naive(downloads: number): Promise<boolean>;
  close(): Promise<void>;
}

/** The same seed gives the same moments, counted in bytes that the server sent to a child. */
export async function openKillRoom(seed: number): Promise<KillRoom> {
  const server = await startFaultServer(contents, createNodeHttp());
  const urls: Record<string, string> = {};
  for (const { path } of server.listed) {
    const answer = await server.source.resolve(path, { signal: new AbortController().signal });
    if (answer.ok) urls[path] = answer.value.url;
  }
  let state = seed;
  const random = (): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };

  /** Kills a child when it was sent so many bytes; answers how far it said it had come, unless it came to its end. */
  async function run(mode: KilledJob['mode'], folder: string, afterBytes: number) {
    const job: KilledJob = { mode, folder, files: server.listed, urls, tuning };
    const child = spawn(node, [join(import.meta.dirname, 'killedChild.ts'), JSON.stringify(job)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let last = '';
    let reported = 0;
    const before = server.counts.sent;
    const poll = setInterval(() => {
      if (server.counts.sent - before > afterBytes) child.kill('SIGKILL');
    }, 1);
    child.stdout.on('data', (data: Buffer) => {
      const lines = data.toString().trim().split('\n');
      last = lines.at(-1) ?? last;
      reported = Math.max(reported, ...lines.map((line) => Number(line) || 0));
    });
    await new Promise((resolve) => child.on('close', resolve));
    clearInterval(poll);
    return { done: last === 'done', reported, last };
  }

  // Few pieces, so that this process has time to kill: the server must not be what is busy.
  const slowly = (): void => server.pause(4, 16 * KiB);

  const toTheEnd = async (mode: KilledJob['mode'], folder: string) => {
    server.pause(0);
    const end = await run(mode, folder, Infinity);
    slowly();
    return end;
  };

  /** Bytes that the next run need not fetch; names of what is not true goes to `wrong`. */
  async function kept(folder: string, wrong: string[]): Promise<number> {
    const { blobs, own } = repoPaths(folder, repo);
    let bytes = 0;
    for (const name of await readdir(blobs).catch((): string[] => [])) {
      const data = await readFile(join(blobs, name));
      if (sha256(data) !== name && gitSha1(data) !== name) wrong.push(`blob ${name}`);
      bytes += data.length;
    }
    for (const file of server.listed) {
      const etag = checksumOf(file)?.hex ?? '';
      if (!existsSync(partialPath(own, etag))) continue;
      const data = await readFile(partialPath(own, etag));
      const partial = await openPartial(own, { etag, bytes: file.bytes, tuning });
      for (let block = 0; block < partial.blockCount; block++) {
        const start = block * partial.blockBytes;
        const end = start + partial.filled(block);
        const right = contents.get(file.path)?.subarray(start, end);
        if (!right || !data.subarray(start, end).equals(right)) wrong.push(`block ${String(block)} of ${file.path}`);
      }
      bytes += partial.filledBytes();
      await partial.close();
    }
    return bytes;
  }

  async function expectWhole(folder: string, wrong: string[]): Promise<void> {
    const { snapshots, own } = repoPaths(folder, repo);
    for (const [path, data] of contents) {
      const found = await readFile(join(snapshots, commit, path)).catch(() => undefined);
      if (!found?.equals(data)) wrong.push(`${path} of a whole download`);
    }
    const left = (await readdir(own)).filter((name) => /\.(part|journal)$/.test(name));
    if (left.length > 0) wrong.push(`left ${left.join()}`);
  }

  slowly();
  return {
    async sweep(kills) {
      const tally: Tally = { kills: 0, whole: 0, worst: 0, wrong: [] };
      const folder = await temporaryFolder();
      const ended = async (): Promise<void> => {
        tally.whole++;
        await expectWhole(folder, tally.wrong);
        await rm(folder, { recursive: true });
        await mkdir(folder);
      };
      while (tally.kills < kills) {
        const { done, reported, last } = await run('careful', folder, random() * mostBytes);
        if (done) await ended();
        else if (last.startsWith('{')) tally.wrong.push(last);
        else {
          tally.kills++;
          tally.worst = Math.max(tally.worst, reported - (await kept(folder, tally.wrong)));
        }
        if (tally.wrong.length > 0) break;
      }
      const { done, last } = await toTheEnd('careful', folder);
      if (done) await ended();
      else tally.wrong.push(last);
      await rm(folder, { recursive: true });
      return tally;
    },
    async naive(downloads) {
      let broken = false;
      // A kill that comes late, on a busy machine, finds the download at its end: then the next one counts.
      for (let round = 0; round < downloads && !broken; round++) {
        const folder = await temporaryFolder();
        await run('naive', folder, 300_000 + random() * mostBytes);
        await toTheEnd('naive', folder);
        for (const [path, data] of contents) {
          if (!(await readFile(join(folder, path))).equals(data)) broken = true;
        }
        await rm(folder, { recursive: true });
      }
      return broken;
    },
    close: () => server.close(),
  };
}
