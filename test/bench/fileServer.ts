/**
 * Run by the download bench in a process of its own: serves one large file out of memory, so that the server is never
 * what is measured. `/fast` as quickly as the loopback takes it; `/slow` like a far server: a delay before every answer
 * and a limit per connection.
 */
import { createCipheriv } from 'node:crypto';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

export interface ServerJob {
  readonly bytes: number;
  readonly delayMs: number;
  /** Of one connection to `/slow`. */
  readonly bytesPerSecond: number;
}

// Odd, so that no two blocks of a file are alike; small enough to stay in memory beside everything else.
const periodBytes = 61 * 2 ** 20 + 12_345;
const pieceBytes = 2 ** 20;
const sliceMs = 10;

/** The bytes that repeat to make the file. */
export function filePeriod(): Buffer {
  return createCipheriv('aes-128-ctr', Buffer.alloc(16, 7), Buffer.alloc(16)).update(Buffer.alloc(periodBytes));
}

/** The file from byte `from` to `to` in pieces that share memory with `period`. */
export function* filePieces(period: Buffer, from: number, to: number, most: number): Generator<Buffer> {
  for (let at = from; at < to;) {
    const start = at % period.length;
    const piece = period.subarray(start, Math.min(start + most, period.length, start + to - at));
    yield piece;
    at += piece.length;
  }
}

async function send(answer: ServerResponse, pieces: Iterable<Buffer>, bytesPerSecond: number): Promise<void> {
  const started = performance.now();
  let sent = 0;
  for (const piece of pieces) {
    if (answer.destroyed) return;
    answer.write(piece);
    sent += piece.length;
    const early = (sent / bytesPerSecond) * 1000 - (performance.now() - started);
    if (early > 1) await delay(early);
    if (answer.writableNeedDrain) {
      await new Promise<void>((resolve) => {
        const go = (): void => {
          answer.off('drain', go).off('close', go);
          resolve();
        };
        answer.on('drain', go).on('close', go);
      });
    }
  }
  answer.end();
}

function serve(job: ServerJob): void {
  const period = filePeriod();
  const server = createServer((request, answer) => {
    const slow = request.url?.startsWith('/slow') ?? false;
    const range = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? '');
    const [from, to] = range ? [Number(range[1]), Number(range[2]) + 1] : [0, job.bytes];
    const headers = { etag: '"bench"', 'content-length': to - from, 'accept-ranges': 'bytes' };
    const pace = slow ? job.bytesPerSecond : Infinity;
    const most = slow ? Math.ceil((job.bytesPerSecond * sliceMs) / 1000) : pieceBytes;
    void delay(slow ? job.delayMs : 0).then(() => {
      answer.writeHead(range ? 206 : 200, {
        ...headers,
        ...(range && { 'content-range': `bytes ${from}-${to - 1}/${job.bytes}` }),
      });
      return send(answer, filePieces(period, from, to, most), pace);
    });
  });
  server.listen(0, '127.0.0.1', () => process.send?.((server.address() as AddressInfo).port));
  process.on('disconnect', () => process.exit(0));
}

if (process.argv[1] === import.meta.filename) serve(JSON.parse(process.argv[2] ?? '') as ServerJob);
