import { createReadStream } from 'node:fs';

/** The bytes of one file, wherever they are. */
export interface Content {
  /** Bytes. */
  readonly size: number;
  /** Bytes `start` up to, not including, `end`, in pieces of about a MiB. */
  read(start: number, end: number): AsyncIterable<Uint8Array>;
}

const pieceBytes = 1 << 20;

/** Bytes held in memory. */
export function memoryContent(bytes: Uint8Array | string): Content {
  const buffer = typeof bytes === 'string' ? Buffer.from(bytes) : bytes;
  return {
    size: buffer.byteLength,
    async *read(start, end) {
      for (let at = start; at < end; at += pieceBytes) yield buffer.subarray(at, Math.min(end, at + pieceBytes));
    },
  };
}

/** A file on disk of known size. */
export function diskContent(path: string, size: number): Content {
  return {
    size,
    async *read(start, end) {
      if (end <= start) return;
      const stream = createReadStream(path, { start, end: end - 1, highWaterMark: pieceBytes });
      for await (const piece of stream) yield piece as Buffer;
    },
  };
}

/** Bytes made on demand; `generate(offset, length)` must always give the same ones. */
export function generatedContent(size: number, generate: (offset: number, length: number) => Uint8Array): Content {
  return {
    size,
    async *read(start, end) {
      for (let at = start; at < end; at += pieceBytes) yield generate(at, Math.min(pieceBytes, end - at));
    },
  };
}

/** The whole content in memory; for small files. */
export async function wholeContent(content: Content): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  for await (const piece of content.read(0, content.size)) pieces.push(piece);
  return Buffer.concat(pieces);
}
