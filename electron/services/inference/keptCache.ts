/**
 * One KV cache on disk, so that a long chat goes on at once after a restart. The file only ever grows at its end or is
 * cut: a header that names the model, then segments of tokens, each with the CRC of its own bytes. So a crash costs the
 * last segment at most, and nothing has to wait for the disk: what is not whole is computed again.
 */
import type { FileHandle } from 'node:fs/promises';
import { crc32 } from 'node:zlib';
import { openFile } from '../durable/files.ts';
import { openToRead } from '../durable/reading.ts';
import type { KvCache } from './kvCache.ts';
import { commonPrefix } from './prefix.ts';

/** What a file must have been written for. */
export interface KeptFor {
  readonly fingerprint: Uint8Array; // 32 bytes; another model, or another layout of its cache, has another
  readonly bytesPerToken: number;
}

/** Tokens in one file from `start` (bytes from the beginning of the file) on. */
interface Segment {
  readonly ids: readonly number[];
  readonly start: number;
  readonly end: number;
  readonly crc: number;
}

const magic = 0x564b_4b4c; // "LKKV", little-endian
const version = 1;
const headerBytes = 48; // magic, version, fingerprint, bytes per token, CRC of the 44 bytes before it
const segmentHeaderBytes = 12; // mark, tokens, CRC of ids and rows
const mark = 0x3147_4553; // "SEG1"
/** Tokens in one segment at most: bounds the memory of reading and writing. */
const mostTokens = 256;

function headerFor({ fingerprint, bytesPerToken }: KeptFor): Buffer {
  const header = Buffer.alloc(headerBytes);
  header.writeUInt32LE(magic, 0);
  header.writeUInt32LE(version, 4);
  header.set(fingerprint.subarray(0, 32), 8);
  header.writeUInt32LE(bytesPerToken, 40);
  header.writeUInt32LE(crc32(header.subarray(0, 44)), 44);
  return header;
}

interface Readable {
  read(into: Uint8Array, position: number): Promise<number>;
  size(): Promise<number>;
}

async function bytesAt(file: Readable, position: number, length: number): Promise<Buffer | undefined> {
  const bytes = Buffer.alloc(length);
  return (await file.read(bytes, position)) === length ? bytes : undefined;
}

/** The segments up to the first that cannot be one; none when the file was written for something else. Reads no rows. */
async function readSegments(file: Readable, kept: KeptFor): Promise<Segment[]> {
  const header = await bytesAt(file, 0, headerBytes);
  if (!header?.equals(headerFor(kept))) return [];
  const size = await file.size();
  const segments: Segment[] = [];
  let start = headerBytes;
  while (start + segmentHeaderBytes <= size) {
    const head = await bytesAt(file, start, segmentHeaderBytes);
    const count = head?.readUInt32LE(4) ?? 0;
    const end = start + segmentHeaderBytes + count * (4 + kept.bytesPerToken);
    if (!head || head.readUInt32LE(0) !== mark || count < 1 || count > mostTokens || end > size) break;
    const ids = await bytesAt(file, start + segmentHeaderBytes, count * 4);
    if (!ids) break;
    const list = Array.from({ length: count }, (_, index) => ids.readUInt32LE(index * 4));
    segments.push({ ids: list, start, end, crc: head.readUInt32LE(8) });
    start = end;
  }
  return segments;
}

function segmentBytes(cache: KvCache, from: number, to: number): Buffer {
  const rows = cache.pack(from, to);
  const bytes = Buffer.alloc(segmentHeaderBytes + (to - from) * 4 + rows.length);
  cache.ids.slice(from, to).forEach((id, index) => bytes.writeUInt32LE(id, segmentHeaderBytes + index * 4));
  bytes.set(rows, segmentHeaderBytes + (to - from) * 4);
  bytes.writeUInt32LE(mark, 0);
  bytes.writeUInt32LE(to - from, 4);
  bytes.writeUInt32LE(crc32(bytes.subarray(segmentHeaderBytes)), 8);
  return bytes;
}

/**
 * Brings the file at `path` to the first `tokens` tokens of `cache`, writing only what it does not hold yet.
 *
 * @throws the system's error when the disk does not take it.
 */
export async function keepCache(path: string, kept: KeptFor, cache: KvCache, tokens: number): Promise<void> {
  const file = await openFile(path);
  try {
    let end = headerBytes;
    let held = 0;
    for (const segment of await readSegments(file, kept)) {
      const to = held + segment.ids.length;
      if (to > tokens || commonPrefix(segment.ids, cache.ids.slice(held, to)) < segment.ids.length) break;
      held = to;
      end = segment.end;
    }
    if (held === 0) await file.write(headerFor(kept), 0);
    await file.truncate(end);
    while (held < tokens) {
      const to = Math.min(tokens, held + mostTokens);
      const bytes = segmentBytes(cache, held, to);
      await file.write(bytes, end);
      end += bytes.length;
      held = to;
    }
  } finally {
    await file.close();
  }
}

function readable(handle: FileHandle): Readable {
  return {
    async read(into, position) {
      let done = 0;
      while (done < into.length) {
        const { bytesRead } = await handle.read(into, done, into.length - done, position + done);
        if (bytesRead === 0) break;
        done += bytesRead;
      }
      return done;
    },
    size: async () => (await handle.stat()).size,
  };
}

/**
 * Adds to `cache`, which holds a true prefix of `prompt`, what the file at `path` knows of the tokens after it; at least
 * one token of the prompt stays to be run. Damage ends what is taken, and an absent file holds nothing.
 */
export async function restoreCache(
  path: string,
  kept: KeptFor,
  cache: KvCache,
  prompt: readonly number[],
): Promise<void> {
  const handle = await openToRead(path).catch(() => undefined);
  if (!handle) return;
  try {
    const file = readable(handle);
    const segments = await readSegments(file, kept);
    const known = segments.flatMap(({ ids }) => ids);
    const wanted = Math.min(commonPrefix(known, prompt), prompt.length - 1);
    let from = 0;
    for (const { ids, start, end, crc } of segments) {
      const to = from + ids.length;
      const have = cache.ids.length;
      if (to > have) {
        if (have >= wanted) return;
        const bytes = await bytesAt(file, start + segmentHeaderBytes, end - start - segmentHeaderBytes);
        if (!bytes || crc32(bytes) !== crc) return;
        const place = { first: have - from, rows: ids.length };
        cache.unpack(ids.slice(have - from, Math.min(to, wanted) - from), bytes.subarray(ids.length * 4), place);
      }
      from = to;
    }
  } finally {
    await handle.close();
  }
}
