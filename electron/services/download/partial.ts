/**
 * One file on its way: its bytes at their final positions, and beside them a journal of what is proved to be on disk.
 * A journal line `[block, filled, crc32]` is written only after a sync of the data it speaks of, so after a crash the
 * journal never promises more than the disk holds; a torn last line is simply not there. Whether a promised block still
 * has its bytes is checked again when it is read (a partly filled block at opening, a full one by inOrder.ts).
 */
import { dirname } from 'node:path';
import { crc32 } from 'node:zlib';
import { makeFolder, type OpenFile, openFile, removeTree, replaceFile, syncFolder } from '../durable/files.ts';
import { journalLine, journalPath, partialPath, readJournal } from './journal.ts';
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
  /** Whether the block was completed in an earlier run, so that the disk had time to change it. */
  isEarlier(block: number): boolean;
  /** Adds bytes at the end of what the block holds. One caller per block at a time. Rejects with the system's error. */
  append(block: number, data: Uint8Array): Promise<void>;
  read(into: Uint8Array, position: number): Promise<number>;
  /** Forgets blocks whose bytes turned out wrong. */
  reset(blocks: readonly number[]): void;
  /** Puts everything appended so far on the device and into the journal. */
  checkpoint(): Promise<void>;
  /** Cuts the file to its size and syncs it, ready for its final name. The partial is closed then. */
  seal(): Promise<void>;
  /** Saves what can be saved and closes. Never rejects: what could not be saved is fetched again. */
  close(): Promise<void>;
}

/** Reads what an earlier run proved, or an empty list of blocks. Keeps the block size the file was started with. */
async function restore(data: OpenFile, journal: string, etag: string, bytes: number, preferredBlockBytes: number) {
  const { records, blockBytes = preferredBlockBytes } = await readJournal(journal, etag, bytes);
  const count = Math.ceil(bytes / blockBytes);
  const blocks: Block[] = Array.from({ length: count }, () => ({
    filled: 0,
    crc: 0,
    earlier: false,
  }));
  const size = await data.size();
  for (const [index, filled, crc] of records.values()) {
    const block = blocks[index];
    const start = index * blockBytes;
    const length = Math.min(blockBytes, bytes - start);
    if (block === undefined || filled <= 0 || filled > length || start + filled > size) continue;
    if (filled < length) {
      const held = Buffer.alloc(filled);
      if ((await data.read(held, start)) !== filled || crc32(held) !== crc) continue;
    }
    Object.assign(block, { filled, crc, earlier: true });
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
  let unsynced = 0;
  let running: Promise<void> | undefined;
  let timer: NodeJS.Timeout | undefined;
  let broken: Error | undefined;
  let closed = false;

  const lengthOf = (index: number) => Math.min(blockBytes, bytes - index * blockBytes);
  const blockAt = (index: number): Block => {
    const block = blocks[index];
    if (block === undefined) throw new RangeError(`No block ${String(index)} in a file of ${String(bytes)} bytes`);
    return block;
  };

  async function syncNow(): Promise<void> {
    const changed = [...dirty];
    const amount = unsynced;
    dirty.clear();
    const records = changed.map((index) => {
      const { filled, crc } = blockAt(index);
      return journalLine([index, filled, crc]);
    });
    try {
      await data.syncData();
      const text = Buffer.from(records.join(''));
      await journal.write(text, journalEnd);
      journalEnd += text.length;
      await journal.syncData();
      unsynced -= amount;
    } catch (error) {
      for (const index of changed) dirty.add(index);
      throw error;
    }
  }

  function startSync(): Promise<void> {
    clearTimeout(timer);
    timer = undefined;
    running ??= syncNow().finally(() => {
      running = undefined;
    });
    return running;
  }

  // A sync nobody waits for: its failure is told to the next one who writes.
  function startQuietSync(): void {
    startSync().catch((error: unknown) => {
      broken ??= error instanceof Error ? error : new Error(String(error));
    });
  }

  async function checkpoint(): Promise<void> {
    if (running) await running;
    if (dirty.size > 0) await startSync();
  }

  async function shut(): Promise<void> {
    if (closed) return;
    closed = true;
    clearTimeout(timer);
    await running?.catch(() => undefined);
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
      unsynced += added.length;
      if (unsynced >= tuning.syncBytes) startQuietSync();
      else timer ??= setTimeout(startQuietSync, tuning.syncMs);
      while (unsynced >= tuning.tailBytes) await startSync();
    },
    read: (into, position) => data.read(into, position),
    reset(indexes) {
      for (const index of indexes) {
        Object.assign(blockAt(index), { filled: 0, crc: 0, earlier: false });
        dirty.add(index);
      }
    },
    checkpoint,
    async seal() {
      await data.truncate(bytes);
      await data.sync();
      await shut();
    },
    async close() {
      if (!closed) await checkpoint().catch(() => undefined);
      await shut();
    },
  };
}

/** Removes a partial file and its journal; absent is fine. */
export async function removePartial(own: string, etag: string): Promise<void> {
  await removeTree(journalPath(own, etag));
  await removeTree(partialPath(own, etag));
}
