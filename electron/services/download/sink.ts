/** Takes the bytes of one connection in order, collects small pieces, and puts them into their blocks. */
import type { PartialFile } from './partial.ts';

export interface Sink {
  take(chunk: Uint8Array): Promise<void>;
  /** Writes what is still collected. */
  flush(): Promise<void>;
  /** New bytes so far; bytes the partial had already are not counted. */
  gained(): number;
}

/** Starts at byte `from` of the file; collects up to `writeBytes` before a write, and tells of every write. */
export function startSink(
  partial: PartialFile,
  from: number,
  writeBytes: number,
  onWritten: (bytes: number) => void,
): Sink {
  const held = Buffer.alloc(writeBytes);
  let heldBytes = 0;
  let heldBlock = 0;
  let position = from;
  let gained = 0;

  async function append(block: number, data: Uint8Array): Promise<void> {
    await partial.append(block, data);
    gained += data.length;
    onWritten(data.length);
  }

  async function flush(): Promise<void> {
    if (heldBytes === 0) return;
    const bytes = heldBytes;
    heldBytes = 0; // a failed write must not be tried again by the flush at the end
    await append(heldBlock, held.subarray(0, bytes));
  }

  async function place(block: number, inBlock: number, piece: Uint8Array): Promise<void> {
    if (heldBlock !== block) await flush();
    heldBlock = block;
    const skip = partial.filled(block) + heldBytes - inBlock;
    if (skip < 0) throw new Error('A gap between the block and the arriving bytes');
    const fresh = piece.subarray(skip);
    if (fresh.length === 0) return;
    if (heldBytes + fresh.length > held.length) await flush();
    if (fresh.length >= held.length) {
      await append(block, fresh);
    } else {
      held.set(fresh, heldBytes);
      heldBytes += fresh.length;
    }
    if (partial.filled(block) + heldBytes === partial.lengthOf(block)) await flush();
  }

  return {
    async take(chunk) {
      for (let offset = 0; offset < chunk.length;) {
        const block = Math.floor(position / partial.blockBytes);
        const inBlock = position - block * partial.blockBytes;
        // Never more at once than is collected at most, however large the chunks of a host are: see tuning.noteBytes.
        const piece = chunk.subarray(offset, offset + Math.min(partial.lengthOf(block) - inBlock, held.length));
        position += piece.length;
        offset += piece.length;
        await place(block, inBlock, piece);
      }
    },
    flush,
    gained: () => gained,
  };
}
