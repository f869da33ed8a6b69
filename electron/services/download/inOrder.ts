/**
 * The checksum of a whole file whose blocks arrive in any order: follows the growing start of the file and reads it back
 * (it is still in the page cache), so that almost nothing is left to read when the last block arrives.
 */
import { setImmediate as breathe } from 'node:timers/promises';
import type { Checksum } from './cachePaths.ts';
import { startChecksum } from './checksum.ts';
import type { PartialFile } from './partial.ts';

export interface InOrder {
  /**
   * Reads on as far as complete blocks reach. Blocks kept from an earlier run are compared with their own CRC first;
   * those that changed on disk are answered (and must be reset), and reading stops in front of them.
   */
  advance(signal: AbortSignal): Promise<readonly number[]>;
  /** After the end was reached: whether the bytes are the published ones. */
  matches(): boolean;
  atEnd(): boolean;
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

const slice = 2 ** 20;

/** Starts at byte 0 of `partial`. */
export function followInOrder(partial: PartialFile, checksum: Checksum): InOrder {
  const whole = startChecksum(checksum.kind, partial.bytes);
  const buffer = Buffer.alloc(Math.max(1, Math.min(partial.blockBytes, partial.bytes)));
  let next = 0;
  let digest: string | undefined;

  return {
    async advance(signal) {
      while (next < partial.blockCount && partial.isComplete(next)) {
        signal.throwIfAborted();
        const view = buffer.subarray(0, partial.lengthOf(next));
        const got = await partial.read(view, next * partial.blockBytes);
        if (got !== view.length) return [next];
        if (partial.isEarlier(next) && !partial.isIntact(next, view)) return [next];
        for (let at = 0; at < view.length; at += slice) {
          whole.update(view.subarray(at, at + slice));
          await breathe(); // 1 MiB takes up to 4 ms on processors without SHA instructions
        }
        next++;
      }
      return [];
    },
    atEnd: () => next === partial.blockCount,
    matches() {
      digest ??= whole.digest('hex');
      return digest === checksum.hex;
    },
  };
}
