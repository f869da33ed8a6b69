/** Run by the kill test in a process of its own: downloads one file until it is done or killed. */
import { writeSync } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import { createNodeHttp } from '../../../electron/adapters/nodeHttp.ts';
import { ok } from '../../../electron/contract/result.ts';
import { planOf } from './bench.ts';
import { download } from '../../../electron/services/download/download.ts';
import type { Tuning } from '../../../electron/services/download/tuning.ts';

interface Job {
  readonly mode: 'careful' | 'naive';
  readonly url: string;
  readonly hubCache: string;
  readonly naiveFile: string;
  readonly file: { readonly path: string; readonly bytes: number; readonly sha256: string };
  readonly tuning: Tuning;
}

const job = JSON.parse(process.argv[2] ?? '') as Job;
const { file, url } = job;

// What many downloaders do: parts in parallel, and after a crash the length of the file says where to go on.
async function naive(): Promise<void> {
  const from = (await stat(job.naiveFile).catch(() => undefined))?.size ?? 0;
  const handle = await open(job.naiveFile, from > 0 ? 'r+' : 'w+');
  const share = Math.ceil((file.bytes - from) / 4);
  await Promise.all(
    [0, 1, 2, 3].map(async (part) => {
      let position = from + part * share;
      const last = Math.min(file.bytes, position + share) - 1;
      if (position > last) return;
      const answer = await fetch(url, { headers: { range: `bytes=${String(position)}-${String(last)}` } });
      for await (const chunk of answer.body!) {
        await handle.write(chunk, 0, chunk.length, position);
        position += chunk.length;
      }
    }),
  );
  await handle.close();
}

if (job.mode === 'naive') {
  await naive();
  writeSync(1, 'done\n');
} else {
  const result = await download(planOf([file]), {
    source: {
      http: createNodeHttp(),
      resolve: async () => ok({ url, headers: {}, bytes: file.bytes, etag: file.sha256 }),
    },
    hubCache: job.hubCache,
    onProgress: ({ doneBytes }) => writeSync(1, `${String(doneBytes)}\n`),
    signal: new AbortController().signal,
    now: Date.now,
    log: () => undefined,
    tuning: job.tuning,
  });
  writeSync(1, result.ok ? 'done\n' : `${JSON.stringify(result.problem)}\n`);
}
process.exit(0);
