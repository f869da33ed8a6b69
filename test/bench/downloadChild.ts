/** Run by the download bench in a process of its own: one real download, and what it cost. */
import { closeSync, openSync, writeSync } from 'node:fs';
import { createNodeHttp } from '../../electron/adapters/nodeHttp.ts';
import { ok } from '../../electron/contract/result.ts';
import { download } from '../../electron/services/download/download.ts';
import type { HttpPort } from '../../electron/services/ports.ts';

export interface DownloadJob {
  readonly url: string;
  readonly hubCache: string;
  readonly bytes: number;
  readonly sha256: string;
  /** File in which the count of received bytes stands at every moment, so that a kill cannot hide one. */
  readonly countFile?: string;
}

/** What the child says when it is done. */
export interface DownloadCost {
  readonly seconds: number;
  readonly cpuSeconds: number;
  readonly idleBytes: number;
  readonly peakBytes: number;
}

function counting(http: HttpPort, path: string): HttpPort {
  const file = openSync(path, 'w');
  let received = 0;
  process.on('exit', () => closeSync(file));
  return async (request, options) => {
    const answer = await http(request, options);
    const body = async function* (): AsyncGenerator<Uint8Array> {
      for await (const chunk of answer.body) {
        received += chunk.length;
        writeSync(file, String(received).padStart(16), 0);
        yield chunk;
      }
    };
    return { ...answer, body: body() };
  };
}

const job = JSON.parse(process.argv[2] ?? '') as DownloadJob;
const { bytes, sha256 } = job;
const http = createNodeHttp();
const idleBytes = process.memoryUsage.rss();
const cpu = process.cpuUsage();
const started = performance.now();
const result = await download(
  {
    repo: 'bench/model',
    commit: 'b'.repeat(40),
    files: [{ path: 'model.safetensors', bytes, sha256 }],
    totalBytes: bytes,
    cachedBytes: 0,
    convertedBytes: 0,
    freeBytes: 0,
    fits: true,
    dtype: 'q4',
    architecture: 'LlamaForCausalLM',
    parameters: 1,
  },
  {
    source: {
      http: job.countFile === undefined ? http : counting(http, job.countFile),
      resolve: async () => ok({ url: job.url, headers: {}, bytes, etag: sha256 }),
    },
    hubCache: job.hubCache,
    onProgress: () => undefined,
    signal: new AbortController().signal,
    now: Date.now,
    log: (entry) => {
      if (process.env['BENCH_LOG']) console.error(JSON.stringify(entry));
    },
  },
);
if (!result.ok) throw new Error(JSON.stringify(result.problem));
const seconds = (performance.now() - started) / 1000;
const { user, system } = process.cpuUsage(cpu);
const cost: DownloadCost = {
  seconds,
  cpuSeconds: (user + system) / 1e6,
  idleBytes,
  peakBytes: process.resourceUsage().maxRSS * 1024,
};
console.log(JSON.stringify(cost));
process.exit(0);
