/**
 * The checksum of a whole file whose blocks arrive in any order: follows the growing start of the file and reads it back
 * (it is still in the page cache), so that almost nothing is left to read when the last block arrives. Starts at byte 0.
 */
import type { Checksum } from './cachePaths.ts';
import type { Piece } from './checksum.ts';
import type { FileHash, Hashing } from './hashing.ts';
import type { PartialFile } from './partial.ts';
import { orAbort } from './waits.ts';

export interface InOrder {
  /**
   * Reads on as far as complete blocks reach. Blocks kept from an earlier run are compared with their own CRC first;
   * those that changed on disk are answered (and must be reset), and reading stops in front of them. `onRead` hears of every step.
   */
  advance(signal: AbortSignal, onRead: () => void): Promise<readonly number[]>;
  /** After the end was reached: whether the bytes are the published ones. */
  matches(): Promise<boolean>;
  atEnd(): boolean;
  /** Bytes of this run that wait to be read; 0 as long as the reading is busy with what an earlier run left. */
  behind(): number;
  close(): Promise<void>;
}

/** Blocks whose bytes on disk are not the bytes that came from the network. */
export async function changedBlocks(partial: PartialFile, signal: AbortSignal): Promise<readonly number[]> {
  const buffer = Buffer.alloc(Math.min(partial.blockBytes, partial.bytes));
  const changed: number[] = [];
  for (let block = 0; block < partial.blockCount; block++) {
    signal.throwIfAborted();
    const view = buffer.subarray(0, partial.lengthOf(block));
    const got = await partial.read(view, block * partial.blockBytes);
    if (!partial.isIntact(block, view.subarray(0, got))) changed.push(block);
  }
  return changed;
}

// Blocks handed over at once, and how often before the first answer: the thread must never wait for us in between.
const atOnce = 2;
const questions = 3;

/** Starts at byte 0 of `partial`. */
export function followInOrder(partial: PartialFile, checksum: Checksum, hashing: Hashing): InOrder {
  let opened: Promise<FileHash> | undefined;
  let next = 0;
  let found: string | undefined;

  function ready(from: number): readonly Piece[] {
    const pieces: Piece[] = [];
    for (let at = from; at < partial.blockCount && pieces.length < atOnce && partial.isComplete(at); at++) {
      const bytes = partial.lengthOf(at);
      pieces.push(partial.isEarlier(at) ? { bytes, crc: partial.crcOf(at) } : { bytes });
    }
    return pieces;
  }

  const hash = (): Promise<FileHash> => (opened ??= hashing.open(partial.path, checksum.kind, partial.bytes));

  return {
    async advance(signal, onRead) {
      const asked: { readonly pieces: readonly Piece[]; readonly good: Promise<number> }[] = [];
      let upTo = next;
      for (;;) {
        for (let pieces = ready(upTo); pieces.length > 0 && asked.length < questions; pieces = ready(upTo)) {
          const good = (await orAbort(hash(), signal)).take(upTo * partial.blockBytes, pieces);
          good.catch(() => undefined); // heard when its turn comes, if that still comes
          asked.push({ pieces, good });
          upTo += pieces.length;
        }
        const first = asked.shift();
        if (!first) return [];
        const good = await orAbort(first.good, signal);
        next += good;
        onRead();
        if (good === first.pieces.length) continue;
        await Promise.allSettled(asked.map((one) => one.good)); // none of them was taken
        return [next];
      }
    },
    atEnd: () => next === partial.blockCount,
    behind() {
      if (next < partial.blockCount && partial.isEarlier(next)) return 0;
      return partial.filledBytes() - Math.min(next * partial.blockBytes, partial.bytes);
    },
    async matches() {
      found ??= await (await hash()).digest();
      return found === checksum.hex;
    },
    async close() {
      await (await opened?.catch(() => undefined))?.close();
    },
  };
}
