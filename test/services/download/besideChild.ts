/** Run by beside.test.ts: one more Latchkey process that wants the same model; says how it ended. */
import { createNodeHttp } from '../../../electron/adapters/nodeHttp.ts';
import type { ModelFile } from '../../../electron/contract/model.ts';
import { ok } from '../../../electron/contract/result.ts';
import { download } from '../../../electron/services/download/download.ts';
import { planOf, smallTuning } from './bench.ts';

interface Job {
  readonly hubCache: string;
  readonly files: readonly ModelFile[];
  readonly urls: Readonly<Record<string, string>>;
}

const job = JSON.parse(process.argv[2] ?? '') as Job;
const result = await download(planOf(job.files), {
  source: {
    http: createNodeHttp(),
    resolve: async (path) => {
      const file = job.files.find((one) => one.path === path)!;
      return ok({ url: job.urls[path]!, headers: {}, bytes: file.bytes, etag: file.sha256 ?? file.gitSha1! });
    },
  },
  hubCache: job.hubCache,
  onProgress: () => undefined,
  signal: new AbortController().signal,
  now: Date.now,
  log: () => undefined,
  tuning: { ...smallTuning, stallMs: 10_000 },
});
console.log(result.ok ? 'done' : result.problem.code);
process.exit(0);
