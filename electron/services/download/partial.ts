/**
 * One file on its way: its bytes at their final positions, and beside them a journal of what was written. A journal line
 * `[block, filled, crc32]` follows the bytes it speaks of, so a killed process loses only what no line mentions yet. A
 * power cut may take bytes and lines in any order: no line is believed before its CRC was found in the file (a partly
 * filled block at opening, a full one by inOrder.ts), and syncs run behind the transfer so that little is at stake.
 */
import { dirname } from 'node:path';
import { crc32 } from 'node:zlib';
import { makeFolder, type OpenFile, openFile, removeTree, replaceFile, syncFolder } from '../durable/files.ts';
import { journalLine, journalPath, type JournalRecord, partialPath, readJournal } from './journal.ts';
import { oneAtATime } from './waits.ts';
import type { Tuning } from './tuning.ts';

interface Block {
  filled: number;
  crc: number; // of the filled bytes
  earlier: boolean;
}

export interface PartialFile {
  readonly path: string;
  readonly bytes: number;
  readonly blockBytes: number;
  readonly blockCount: number;
  lengthOf(block: number): number;
  filled(block: number): number;
  isComplete(block: number): boolean;
  /** Bytes present, over all blocks. */
  filledBytes(): number;
  /** Whether these bytes, read back, are the ones that came from the network. */
  isIntact(block: number, data: Uint8Array): boolean;
  /** CRC-32 of what the block holds. */
  crcOf(block: number): number;
  /** Whether the block was completed in an earlier run, so that the disk had time to change it. */
  isEarlier(block: number): boolean;
  /** Adds bytes at the end of what the block holds. One caller per block at a time. Rejects with the system's error. */
  append(block: number, data: Uint8Array): Promise<void>;
  read(into: Uint8Array, position: number): Promise<number>;
  /** Forgets blocks whose bytes turned out wrong. */
  reset(blocks: readonly number[]): void;
  /** Cuts the file to its size and syncs it, ready for its final name. The partial is closed then. */
  seal(): Promise<void>;
  /** Notes what arrived, as far as that works, and closes. Never rejects: what could not be saved is fetched again. */
  close(): Promise<void>;
}

/** The longest start of a block that one of its records describes truly. */
async function longestTrue(
  data: OpenFile,
  start: number,
  records: readonly JournalRecord[],
): Promise<JournalRecord | undefined> {
  const byLength = records.toSorted((a, b) => a[1] - b[1]);
  let found: JournalRecord | undefined;
  let crc = 0;
  let at = 0;
  for (const record of byLength) {
    const more = Buffer.alloc(record[1] - at);
    if ((await data.read(more, start + at)) !== more.length) break;
    crc = crc32(more, crc);
    at = record[1];
    if (crc === record[2]) found = record;
  }
  return found;
}

/** Reads what an earlier run wrote, or an empty list of blocks. Keeps the block size the file was started with. */
async function restore(data: OpenFile, journal: string, etag: string, bytes: number, preferredBlockBytes: number) {
  const { records, blockBytes = preferredBlockBytes } = await readJournal(journal, etag, bytes);
  const blocks: Block[] = Array.from({ length: Math.ceil(bytes / blockBytes) }, () => ({
    filled: 0,
    crc: 0,
    earlier: false,
  }));
  const size = await data.size();
  for (const [index, all] of records) {
    const block = blocks[index];
    const start = index * blockBytes;
    const length = Math.min(blockBytes, bytes - start);
    const possible = all.filter(([, filled]) => filled <= length && start + filled <= size);
    const last = possible.at(-1);
    if (block === undefined || last === undefined) continue;
    const believed = last[1] === length ? last : await longestTrue(data, start, possible);
    if (believed) Object.assign(block, { filled: believed[1], crc: believed[2], earlier: true });
  }
  if (records.size === 0 && size > 0) await data.truncate(0);
  return { blocks, blockBytes };
}

/**
 * Opens (or starts) the partial file of the blob `etag` in the folder `own`. Rejects with the system's error.
 * Two processes must not open the same partial; download.ts sees to that.
 */
export async function openPartial(
  own: string,
  options: { readonly etag: string; readonly bytes: number; readonly tuning: Tuning },
): Promise<PartialFile> {
  const { etag, bytes, tuning } = options;
  const path = partialPath(own, etag);
  const journalFile = journalPath(own, etag);
  await makeFolder(dirname(path), 0o777);
  const data = await openFile(path, 0o666);
  let journal: OpenFile;
  let blocks: readonly Block[];
  let blockBytes: number;
  let journalEnd: number;
  try {
    ({ blocks, blockBytes } = await restore(data, journalFile, etag, bytes, tuning.blockBytes));
    const known = blocks.flatMap(({ filled, crc }, index) => (filled > 0 ? [journalLine([index, filled, crc])] : []));
    const text = journalLine({ format: 1, etag, bytes, blockBytes }) + known.join('');
    await replaceFile(journalFile, text, 0o666);
    journal = await openFile(journalFile, 0o666);
    journalEnd = Buffer.byteLength(text);
    await syncFolder(own);
  } catch (error) {
    await data.close();
    throw error;
  }

  const dirty = new Set<number>();
  let unnoted = 0;
  let unsynced = 0;
  let timer: NodeJS.Timeout | undefined;
  let broken: Error | undefined;
  let closed = false;

  const lengthOf = (index: number) => Math.min(blockBytes, bytes - index * blockBytes);
  const blockAt = (index: number): Block => {
    const block = blocks[index];
    if (block === undefined) throw new RangeError(`No block ${String(index)} in a file of ${String(bytes)} bytes`);
    return block;
  };

  // Lines about blocks whose bytes the operating system has; it keeps both if only this process dies.
  const note = oneAtATime(async () => {
    const changed = [...dirty];
    const amount = unnoted;
    dirty.clear();
    const lines = changed.map((index) => journalLine([index, blockAt(index).filled, blockAt(index).crc]));
    const text = Buffer.from(lines.join(''));
    try {
      await journal.write(text, journalEnd);
    } catch (error) {
      for (const index of changed) dirty.add(index);
      throw error;
    }
    journalEnd += text.length;
    unnoted -= amount;
  });

  const sync = oneAtATime(async () => {
    clearTimeout(timer);
    timer = undefined;
    const amount = unsynced;
    await data.syncData();
    await note();
    await journal.syncData();
    unsynced -= amount;
  });

  // Work nobody waits for: its failure is told to the next one who writes.
  function quietly(work: () => Promise<void>): void {
    work().catch((error: unknown) => {
      broken ??= error instanceof Error ? error : new Error(String(error));
    });
  }

  async function shut(): Promise<void> {
    if (closed) return;
    closed = true;
    clearTimeout(timer);
    await Promise.allSettled([note.settled(), sync.settled()]);
    await Promise.allSettled([data.close(), journal.close()]);
  }

  return {
    path,
    bytes,
    blockBytes,
    blockCount: blocks.length,
    lengthOf,
    filled: (index) => blockAt(index).filled,
    isComplete: (index) => blockAt(index).filled === lengthOf(index),
    filledBytes: () => blocks.reduce((sum, block) => sum + block.filled, 0),
    isIntact: (index, held) => held.length === lengthOf(index) && crc32(held) === blockAt(index).crc,
    crcOf: (index) => blockAt(index).crc,
    isEarlier: (index) => blockAt(index).earlier,
    async append(index, added) {
      const block = blockAt(index);
      if (broken !== undefined) throw broken;
      if (block.filled + added.length > lengthOf(index)) throw new RangeError('More bytes than the block has room for');
      await data.write(added, index * blockBytes + block.filled);
      block.crc = crc32(added, block.crc);
      block.filled += added.length;
      block.earlier = false;
      dirty.add(index);
      unnoted += added.length;
      unsynced += added.length;
      if (unsynced >= tuning.syncBytes) quietly(sync);
      else timer ??= setTimeout(() => quietly(sync), tuning.syncMs);
      if (unnoted >= tuning.noteBytes) await note.afresh(); // one that began before may not mention these bytes
      while (unsynced >= tuning.tailBytes) await sync();
    },
    read: (into, position) => data.read(into, position),
    reset(indexes) {
      for (const index of indexes) {
        Object.assign(blockAt(index), { filled: 0, crc: 0, earlier: false });
        dirty.add(index);
      }
    },
    async seal() {
      await data.truncate(bytes);
      await data.sync();
      await shut();
    },
    async close() {
      // A pause must not wait for a slow disk; the system writes the rest by itself soon.
      const last = unsynced <= 2 * tuning.syncBytes ? sync : note;
      if (!closed && (dirty.size > 0 || unsynced > 0)) await last.afresh().catch(() => undefined);
      await shut();
    },
  };
}

/** Removes a partial file and its journal; absent is fine. */
export async function removePartial(own: string, etag: string): Promise<void> {
  await removeTree(journalPath(own, etag));
  await removeTree(partialPath(own, etag));
}
