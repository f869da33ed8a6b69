/**
 * A plain range server with a few faults, armed for a place in a file and a number of times, and with hands on its pace
 * and its counters. Every way of failing is the practice Hub's business: see faultHub.ts.
 */
import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { ModelFile } from '../../../electron/contract/model.ts';
import { assertNever, failed, ok } from '../../../electron/contract/result.ts';
import type { Problem } from '../../../electron/contract/problem.ts';
import type { FileSource } from '../../../electron/services/download/fileTask.ts';
import type { HttpPort } from '../../../electron/services/ports.ts';

export type Verb = 'stall' | 'slow-headers' | 'expire' | '429' | '500';

export interface Fault {
  readonly do: Verb;
  /** Byte of the file at which it happens: the first request that covers it meets the fault. */
  readonly at: number;
  readonly times: number;
  readonly path?: string;
}

export interface FaultServer {
  readonly source: FileSource;
  readonly listed: readonly ModelFile[];
  arm(...faults: Fault[]): void;
  disarm(): void;
  /** What resolve answers instead of a link. */
  refuse(problem: Problem | undefined): void;
  /** Body bytes sent, requests for bytes, and links asked for. */
  readonly counts: { sent: number; requests: number; resolved: number };
  readonly seen: IncomingMessage['headers'][];
  /** Slows the body down: ms between pieces of 1 KiB, unless said otherwise. */
  pause(ms: number, pieceBytes?: number): void;
  close(): Promise<void>;
}

export const sha256 = (data: Uint8Array) => createHash('sha256').update(data).digest('hex');
export const gitSha1 = (data: Uint8Array) =>
  createHash('sha1')
    .update(`blob ${String(data.length)}\0`)
    .update(data)
    .digest('hex');

/** Bytes that look random but are the same for every run. */
export function noise(bytes: number, seed = 1): Buffer {
  const data = Buffer.alloc(bytes);
  let state = seed * 2654435761;
  for (let index = 0; index < bytes; index++) {
    state = (Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x9e3779b9) | 0;
    data[index] = state >>> 24;
  }
  return data;
}

/** Describes a file as the Hub lists it: weights by sha256, small files by git's sha1. */
export function listedFile(path: string, data: Uint8Array): ModelFile {
  return path.endsWith('.safetensors')
    ? { path, bytes: data.length, sha256: sha256(data) }
    : { path, bytes: data.length, gitSha1: gitSha1(data) };
}

export async function startFaultServer(files: ReadonlyMap<string, Buffer>, http: HttpPort): Promise<FaultServer> {
  let armed: { fault: Fault; left: number }[] = [];
  let refusal: Problem | undefined;
  let generation = 1;
  let gap = 0;
  let pieceBytes = 1024;
  const counts = { sent: 0, requests: 0, resolved: 0 };
  const seen: IncomingMessage['headers'][] = [];

  function faultFor(path: string, from: number, to: number): Fault | undefined {
    const hit = armed.find(
      ({ fault, left }) => left > 0 && fault.at >= from && fault.at < to && (fault.path ?? path) === path,
    );
    if (hit) hit.left--;
    return hit?.fault;
  }

  async function send(answer: ServerResponse, data: Buffer, ms = gap, piece = pieceBytes): Promise<void> {
    for (let at = 0; at < data.length && !answer.destroyed; at += piece) {
      const part = data.subarray(at, at + piece);
      counts.sent += part.length;
      answer.write(part);
      if (ms > 0) await new Promise((resolve) => setTimeout(resolve, ms));
    }
  }

  async function serve(request: IncomingMessage, answer: ServerResponse): Promise<void> {
    counts.requests++;
    seen.push(request.headers);
    const url = new URL(request.url ?? '/', 'http://server');
    const [, , link, name] = url.pathname.split('/');
    const path = decodeURIComponent(name ?? '');
    const file = files.get(path);
    if (file === undefined) return void answer.writeHead(404).end();
    if (Number(link) < generation) return void answer.writeHead(403).end('Request has expired');
    const tag = `"v1-${gitSha1(Buffer.from(path)).slice(0, 8)}"`;
    const asked = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? '');
    const fresh = request.headers['if-range'] === undefined || request.headers['if-range'] === tag;
    const [from, to] = asked && fresh ? [Number(asked[1]), Number(asked[2]) + 1] : [0, file.length];
    const ranged = asked !== null && fresh;
    const fault = faultFor(path, from, to);
    const verb = fault?.do;
    const at = fault?.at ?? 0;
    const status = ranged ? 206 : 200;
    const body = file.subarray(from, to);
    const headers: Record<string, string> = { etag: tag, 'content-length': String(body.length) };
    if (ranged) headers['content-range'] = `bytes ${String(from)}-${String(to - 1)}/${String(file.length)}`;
    const begin = () => answer.writeHead(status, headers).flushHeaders();

    switch (verb) {
      case undefined:
        break;
      case 'stall':
        begin();
        return void (await send(answer, body.subarray(0, at - from)));
      case 'slow-headers':
        return;
      case 'expire':
        begin();
        generation++;
        await send(answer, body.subarray(0, at - from));
        await new Promise((resolve) => setTimeout(resolve, 5));
        return void request.socket.resetAndDestroy();
      case '429':
        return void answer.writeHead(429, { ratelimit: '"resolvers";r=0;t=0', 'retry-after': '0.02' }).end();
      case '500':
        return void answer.writeHead(500).end();
      default:
        assertNever(verb);
    }
    begin();
    await send(answer, body);
    answer.end();
  }

  const server = createServer((request, answer) => {
    serve(request, answer).catch(() => answer.destroy());
  });
  server.keepAliveTimeout = 200;
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const base = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
  const listed = [...files].map(([path, data]) => listedFile(path, data));

  return {
    listed,
    counts,
    seen,
    source: {
      http,
      async resolve(path) {
        counts.resolved++;
        if (refusal) return failed(refusal);
        const file = listed.find((one) => one.path === path)!;
        const url = `${base}/cdn/${String(generation)}/${encodeURIComponent(path)}`;
        return ok({ url, headers: {}, bytes: file.bytes, etag: `"${file.sha256 ?? file.gitSha1 ?? ''}"` });
      },
    },
    arm(...faults) {
      armed = faults.map((fault) => ({ fault, left: fault.times }));
    },
    disarm() {
      armed = [];
    },
    refuse(problem) {
      refusal = problem;
    },
    pause(ms, bytes = 1024) {
      gap = ms;
      pieceBytes = bytes;
    },
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
