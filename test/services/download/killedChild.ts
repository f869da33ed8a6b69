/** Run by the kill room in a process of its own: downloads a small model until it is done or killed. */
import { writeSync } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { createNodeHttp } from '../../../electron/adapters/nodeHttp.ts';
import type { ModelFile } from '../../../electron/contract/model.ts';
import { ok } from '../../../electron/contract/result.ts';
import { download } from '../../../electron/services/download/download.ts';
import type { Tuning } from '../../../electron/services/download/tuning.ts';
import { planOf } from './bench.ts';

export interface KilledJob {
  readonly mode: 'careful' | 'naive';
  readonly folder: string;
  readonly files: readonly ModelFile[];
  readonly urls: Readonly<Record<string, string>>;
  readonly tuning: Tuning;
}

const { mode, folder, files, urls, tuning } = JSON.parse(process.argv[2] ?? '') as KilledJob;

// What many downloaders do: parts in parallel, and after a crash the length of the file says where to go on.
async function naive({ path, bytes }: ModelFile): Promise<void> {
  const name = join(folder, path);
  const from = (await stat(name).catch(() => undefined))?.size ?? 0;
  const handle = await open(name, from > 0 ? 'r+' : 'w+');
  const share = Math.ceil((bytes - from) / 4);
  await Promise.all(
    [0, 1, 2, 3].map(async (part) => {
      let position = from + part * share;
      const last = Math.min(bytes, position + share) - 1;
      if (position > last) return;
      const answer = await fetch(urls[path] ?? '', { headers: { range: `bytes=${String(position)}-${String(last)}` } });
      for await (const chunk of answer.body!) {
        await handle.write(chunk, 0, chunk.length, position);
        position += chunk.length;
      }
    }),
  );
  await handle.close();
}

if (mode === 'naive') {
  await Promise.all(files.map(naive));
  writeSync(1, 'done\n');
} else {
  const result = await download(planOf(files), {
    source: {
      http: createNodeHttp(),
      async resolve(path) {
        const { bytes, sha256, gitSha1 } = files.find((file) => file.path === path)!;
        return ok({ url: urls[path] ?? '', headers: {}, bytes, etag: sha256 ?? gitSha1 ?? '' });
      },
    },
    hubCache: folder,
    onProgress: ({ doneBytes }) => writeSync(1, `${String(doneBytes)}\n`),
    signal: new AbortController().signal,
    now: Date.now,
    log: () => undefined,
    tuning,
  });
  writeSync(1, result.ok ? 'done\n' : `${JSON.stringify(result.problem)}\n`);
}
process.exit(0);
