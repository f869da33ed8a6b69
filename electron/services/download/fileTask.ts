/**
 * One content on its way into the cache: which of its blocks are missing, who fetches which, and the proof at the end.
 * Usually one file; several when a repository has the same bytes under more than one name.
 */
import { join } from 'node:path';
import type { ModelFile } from '../../contract/model.ts';
import type { Problem } from '../../contract/problem.ts';
import type { Result } from '../../contract/result.ts';
import { removeTree } from '../durable/files.ts';
import type { HttpPort } from '../ports.ts';
import { type CacheFolder, publishFile, reuseFile } from './cache.ts';
import { below, type Checksum } from './cachePaths.ts';
import { damagedFile } from './explain.ts';
import type { Hashing } from './hashing.ts';
import { fetchRange, type Link, type Miss } from './fetchRange.ts';
import { changedBlocks, followInOrder, type InOrder } from './inOrder.ts';
import { journalPath } from './journal.ts';
import { openPartial, type PartialFile, removePartial } from './partial.ts';
import { startSink } from './sink.ts';
import type { Tuning } from './tuning.ts';
import type { Verified } from './verified.ts';

/** Where the bytes of a planned file are, as the Hub says right now. */
export interface Resolved {
  readonly url: string;
  /** `authorization` only when the URL is of the Hub's own origin. */
  readonly headers: Readonly<Record<string, string>>;
  readonly bytes: number;
  readonly etag: string;
}

/** What the download needs from the Hub, lent by the caller. */
export interface FileSource {
  /** Asks the Hub; called again whenever a signed link expired. Access problems come back as they are. */
  resolve(path: string, options: { readonly signal: AbortSignal }): Promise<Result<Resolved>>;
  readonly http: HttpPort;
}

/** A run of neighbouring blocks that one request fetches: bytes [from, to). */
export interface Segment {
  readonly task: FileTask;
  readonly from: number;
  readonly to: number;
  readonly whole: boolean;
  readonly blocks: readonly number[];
}

export interface Fetched {
  readonly miss?: Miss | { readonly kind: 'problem'; readonly problem: Problem };
  /** New bytes that reached the partial file. */
  readonly gained: number;
  readonly link?: Link;
}

export interface FileTask {
  readonly path: string;
  readonly totalBytes: number;
  state(): 'waiting' | 'opening' | 'open' | 'done';
  doneBytes(): number;
  /** New bytes that came over the network in this run. */
  fetchedBytes(): number;
  /** Reuses cached bytes or opens the partial file. Rejects with a system error or AbortError. */
  open(signal: AbortSignal): Promise<void>;
  /** Reserves missing blocks for one request; undefined when none is free now. */
  claim(connections: number): Segment | undefined;
  fetch(segment: Segment, signal: AbortSignal): Promise<Fetched>;
  release(segment: Segment): void;
  /** Asks the Hub for a new link before the next request, unless that has happened since `link` (when given). */
  dropLink(link?: Link): void;
  /**
   * Proves what has arrived; publishes the file when it is whole and right. A Problem means it was wrong twice.
   * `onProved` hears of every step: claim() may give then what it held back.
   */
  settle(signal: AbortSignal, onProved: () => void): Promise<Problem | undefined>;
  close(): Promise<void>;
}

export interface TaskOptions {
  readonly files: readonly [ModelFile, ...ModelFile[]];
  readonly checksum: Checksum;
  readonly cache: CacheFolder;
  readonly verified: Verified;
  readonly hashing: Hashing;
  readonly source: FileSource;
  readonly tuning: Tuning;
  /** What seems to be there already; shown until opening has proved it. */
  readonly expectedBytes: number;
  readonly now: () => number;
  readonly pace: (bytes: number, signal: AbortSignal) => Promise<void>;
}

// The bytes are fetched at most this often before the person hears that they are wrong.
const maxMismatches = 2;
const hexHash = /^([0-9a-f]{40}|[0-9a-f]{64})$/;

/** Makes the task of one content; nothing happens before open(). */
export function createFileTask(options: TaskOptions): FileTask {
  const { files, checksum, cache, verified, hashing, source, tuning } = options;
  const [{ path, bytes }] = files;
  const claimed = new Set<number>();
  let state: ReturnType<FileTask['state']> = 'waiting';
  let partial: PartialFile | undefined;
  let order: InOrder | undefined;
  let link: Promise<Result<Link>> | undefined;
  let known: Link | undefined;
  let active = 0;
  let wholeAnswers = 0;
  let mismatches = 0;
  let fetchedBytes = 0;
  let settling: Promise<Problem | undefined> | undefined;
  let moreToSettle = false;

  async function resolve(signal: AbortSignal): Promise<Result<Link>> {
    const answer = await source.resolve(path, { signal });
    if (!answer.ok) return answer;
    const etag = answer.value.etag.replace(/^W\//, '').replaceAll('"', '');
    // Some mirrors send an ETag of their own; only a hash of the same kind can contradict the plan.
    const contradicts = hexHash.test(etag) && etag.length === checksum.hex.length && etag !== checksum.hex;
    if (contradicts || answer.value.bytes !== bytes) {
      const cause = contradicts
        ? `listed as ${checksum.hex}, offered as ${etag}`
        : `${String(answer.value.bytes)} bytes offered`;
      return { ok: false, problem: damagedFile(cache.repo, path, cause) };
    }
    known = { url: answer.value.url, headers: answer.value.headers };
    return { ok: true, value: known };
  }

  // All connections of a file share one link and one question for it.
  async function currentLink(signal: AbortSignal): Promise<Result<Link>> {
    link ??= resolve(signal);
    const mine = link;
    try {
      const answer = await mine;
      if (!answer.ok && link === mine) link = undefined;
      return answer;
    } catch (error) {
      if (link === mine) link = undefined;
      throw error;
    }
  }

  async function finish(file: PartialFile, proof: InOrder, signal: AbortSignal): Promise<Problem | undefined> {
    const matches = await proof.matches();
    await proof.close();
    if (!matches) {
      mismatches++;
      const changed = await changedBlocks(file, signal);
      if (mismatches >= maxMismatches) {
        await file.close();
        await removePartial(cache.own, checksum.hex);
        return damagedFile(cache.repo, path, `expected ${checksum.kind} ${checksum.hex}`);
      }
      const all = Array.from({ length: file.blockCount }, (_, block) => block);
      file.reset(changed.length > 0 ? changed : all);
      order = followInOrder(file, checksum, hashing);
      if (known) dropLink(known);
      return undefined;
    }
    await file.seal();
    const paths = files.map((one) => one.path);
    await publishFile(cache, { temporary: file.path, checksum, paths });
    for (const one of paths) await verified.note(below(cache.snapshot, one), checksum);
    if (cache.links) await verified.note(join(cache.blobs, checksum.hex), checksum);
    await removeTree(journalPath(cache.own, checksum.hex));
    state = 'done';
    return undefined;
  }

  async function settleNow(signal: AbortSignal, onProved: () => void): Promise<Problem | undefined> {
    for (;;) {
      moreToSettle = false;
      if (partial === undefined || order === undefined || state !== 'open') return undefined;
      const damaged = await order.advance(signal, onProved);
      partial.reset(damaged);
      if (order.atEnd() && active === 0) return finish(partial, order, signal);
      // A check after the last await: whoever asked meanwhile is served by another round.
      if (!moreToSettle) return undefined;
    }
  }

  function dropLink(old?: Link): void {
    if (old === undefined || known === old) link = known = undefined;
  }

  const segment = (blocks: readonly number[], from: number, to: number, whole: boolean): Segment => {
    for (const block of blocks) claimed.add(block);
    active++;
    return { task, from, to, whole, blocks };
  };

  const task: FileTask = {
    path,
    totalBytes: bytes * files.length,
    state: () => state,
    doneBytes() {
      if (state === 'done') return bytes * files.length;
      return partial?.filledBytes() ?? Math.min(options.expectedBytes, bytes);
    },
    fetchedBytes: () => fetchedBytes,
    async open(signal) {
      state = 'opening';
      let reused = true;
      for (const file of files) reused = (await reuseFile(cache, file, checksum, verified, signal)) && reused;
      if (reused) {
        await removePartial(cache.own, checksum.hex);
        state = 'done';
        return;
      }
      partial = await openPartial(cache.own, { etag: checksum.hex, bytes, tuning });
      order = followInOrder(partial, checksum, hashing);
      state = 'open';
    },
    claim(connections) {
      if (partial === undefined || state !== 'open') return undefined;
      if (order !== undefined && order.behind() > tuning.aheadBytes) return undefined;
      const file = partial;
      const free = (block: number) => block < file.blockCount && !claimed.has(block) && !file.isComplete(block);
      if (wholeAnswers > 1) {
        const missing = Array.from({ length: file.blockCount }, (_, block) => block).filter(free);
        return active > 0 || missing.length === 0 ? undefined : segment(missing, 0, bytes, true);
      }
      let first = 0;
      let missing = 0;
      for (let block = file.blockCount - 1; block >= 0; block--) {
        if (!free(block)) continue;
        first = block;
        missing++;
      }
      if (missing === 0) return undefined;
      // Short requests near the end, so that no connection is left alone with a long one.
      const share = Math.ceil(missing / connections / 2);
      // Short ones also at the start, so that the proof begins early: it is read from the first byte on.
      const early = 1 + Math.floor((file.blockCount - missing) / connections / 2);
      const blocks = [first];
      for (let next = first + 1; blocks.length < Math.min(share, early, tuning.blocksPerRequest); next++) {
        if (!free(next) || file.filled(next) > 0) break;
        blocks.push(next);
      }
      const end = (first + blocks.length) * file.blockBytes;
      return segment(blocks, first * file.blockBytes + file.filled(first), Math.min(bytes, end), false);
    },
    async fetch({ from, to, whole }, signal) {
      const answer = await currentLink(signal);
      if (!answer.ok) return { miss: { kind: 'problem', problem: answer.problem }, gained: 0 };
      if (partial === undefined) throw new Error('Fetching into a file that is not open');
      const sink = startSink(partial, from, tuning.writeBytes, (count) => {
        fetchedBytes += count;
      });
      let miss;
      try {
        miss = await fetchRange({
          http: source.http,
          link: answer.value,
          from,
          to,
          total: bytes,
          whole,
          page: /\.html?$/.test(path),
          take: async (chunk) => {
            await options.pace(chunk.length, signal);
            await sink.take(chunk);
          },
          tuning,
          now: options.now,
          signal,
        });
      } finally {
        await sink.flush();
      }
      if (miss?.kind === 'no-range') {
        wholeAnswers++;
        delete answer.value.pin; // perhaps only If-Range was not understood
      }
      return { ...(miss ? { miss } : {}), gained: sink.gained(), link: answer.value };
    },
    release({ blocks }) {
      for (const block of blocks) claimed.delete(block);
      active--;
    },
    dropLink,
    settle(signal, onProved) {
      moreToSettle = true;
      settling ??= settleNow(signal, onProved).finally(() => {
        settling = undefined;
      });
      return settling;
    },
    async close() {
      await order?.close();
      await partial?.close();
    },
  };
  return task;
}
