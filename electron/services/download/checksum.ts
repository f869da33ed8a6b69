/** The two kinds of checksum the Hub gives, and the proof of a file as it stands on the disk. */
import { createHash, type Hash } from 'node:crypto';
import { closeSync, fstatSync, readSync } from 'node:fs';
import { crc32 } from 'node:zlib';
import type { Checksum } from './cachePaths.ts';
import { openToReadSync } from '../durable/reading.ts';

/** A running checksum of the given kind for a file of `bytes` bytes. git's sha1 covers "blob <bytes>\0" and the content. */
export function startChecksum(kind: Checksum['kind'], bytes: number): Hash {
  return kind === 'sha256' ? createHash('sha256') : createHash('sha1').update(`blob ${String(bytes)}\0`);
}

/** A piece of a file, in its order. With a `crc` it is read twice: nothing is taken into the checksum that is not that. */
export interface Piece {
  readonly bytes: number;
  readonly crc?: number;
}

/** One file being read from its start. */
export interface FileSum {
  /** Bytes taken so far. */
  position(): number;
  /** Reads the next piece; false = it is not there or not what its CRC says, and will be read again next time. */
  take(piece: Piece): boolean;
  /** The checksum of everything taken, in hex. */
  digest(): string;
  close(): void;
}

// Small enough to stay in the processor's cache between reading and hashing.
const stepBytes = 256 * 1024;

/** Takes pieces one by one and answers how many were good; none when they do not begin where `sum` stands. */
export function takePieces(sum: FileSum, from: number, pieces: readonly Piece[]): number {
  if (sum.position() !== from) return 0;
  const bad = pieces.findIndex((piece) => !sum.take(piece));
  return bad === -1 ? pieces.length : bad;
}

/**
 * Opens a file to be proved, reading in steps that block the calling thread: large files belong to a thread of their own
 * (hashing.ts). Throws the system's error.
 */
export function openFileSum(path: string, kind: Checksum['kind'], bytes: number): FileSum {
  const file = openToReadSync(path);
  const hash = startChecksum(kind, bytes);
  const buffer = Buffer.alloc(Math.max(1, Math.min(stepBytes, bytes)));
  let position = 0;
  let open = true;

  function pass(length: number, use: (data: Buffer) => void): boolean {
    for (let done = 0; done < length;) {
      const got = readSync(file, buffer, 0, Math.min(buffer.length, length - done), position + done);
      if (got === 0) return false;
      use(buffer.subarray(0, got));
      done += got;
    }
    return true;
  }

  return {
    position: () => position,
    take({ bytes: length, crc }) {
      if (crc !== undefined) {
        let found = 0;
        if (!pass(length, (data) => (found = crc32(data, found))) || found !== crc) return false;
      } else if (fstatSync(file).size < position + length) return false; // half a piece must not enter the checksum
      if (!pass(length, (data) => hash.update(data))) throw new Error(`${path} became shorter while it was read`);
      position += length;
      return true;
    },
    digest: () => hash.digest('hex'),
    close() {
      if (open) closeSync(file);
      open = false;
    },
  };
}
