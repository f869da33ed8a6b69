/** The journal of a partial file: where it is and how it is read. What its lines mean is told in partial.ts. */
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';

const journalLimit = 64 * 2 ** 20;

/** Path of the bytes of a partial file; the journal stands beside it. */
export function partialPath(own: string, etag: string): string {
  return join(own, `${etag}.part`);
}

/** Path of the journal that belongs to partialPath. */
export function journalPath(own: string, etag: string): string {
  return join(own, `${etag}.journal`);
}

/** First line of a journal: which file it speaks of. */
export interface Header {
  readonly format: 1;
  readonly etag: string;
  readonly bytes: number;
  readonly blockBytes: number;
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

function isHeader(value: unknown, etag: string, bytes: number): value is Header {
  if (typeof value !== 'object' || value === null) return false;
  const { format, etag: named, bytes: size, blockBytes } = value as Record<string, unknown>;
  return (
    format === 1 && named === etag && size === bytes && Number.isSafeInteger(blockBytes) && Number(blockBytes) >= 1
  );
}

/** Of block `block`, the first `filled` bytes were written, and this is their CRC-32. */
export type JournalRecord = readonly [block: number, filled: number, crc: number];

function isRecord(value: unknown): value is JournalRecord {
  if (!Array.isArray(value) || value.length !== 3) return false;
  const [block, filled, crc] = value as unknown[];
  return Number.isSafeInteger(block) && Number.isSafeInteger(filled) && Number.isSafeInteger(crc);
}

/**
 * What was said of each block, oldest first, up to the first line that is not whole; and the block size it was said
 * with. A block that was given up has only what was said since. Anything that is not a journal of this file reads as an
 * empty one.
 */
export async function readJournal(
  path: string,
  etag: string,
  bytes: number,
): Promise<{ readonly records: ReadonlyMap<number, readonly JournalRecord[]>; readonly blockBytes?: number }> {
  const records = new Map<number, JournalRecord[]>();
  const size = (await stat(path).catch(() => undefined))?.size ?? 0;
  if (size === 0 || size > journalLimit) return { records };
  const lines = (await readFile(path, 'utf8')).split('\n');
  lines.pop(); // no newline = torn
  const header = parsed(lines.shift() ?? '');
  if (!isHeader(header, etag, bytes)) return { records };
  for (const line of lines) {
    const record = parsed(line);
    if (!isRecord(record)) break;
    const earlier = records.get(record[0]);
    if (earlier === undefined || record[1] <= 0) records.set(record[0], record[1] <= 0 ? [] : [record]);
    else earlier.push(record);
  }
  return { records, blockBytes: header.blockBytes };
}

/** One line of a journal. */
export function journalLine(value: Header | JournalRecord): string {
  return `${JSON.stringify(value)}\n`;
}
