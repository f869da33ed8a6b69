/**
 * Run by the fault sweep in a process of its own, under strace: saves a small state three times, or gives a model's files
 * their places in the shared cache. The naive way of both shows that the sweep can fail. Says each step that it finished.
 */
import './slowClock.ts';
import { writeSync } from 'node:fs';
import { copyFile, mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { noteMissing, openCache, publishFile, writeRef, writeTree } from '../../../electron/services/download/cache.ts';
import { repoPaths } from '../../../electron/services/download/cachePaths.ts';
import { openPartial } from '../../../electron/services/download/partial.ts';
import { defaultTuning } from '../../../electron/services/download/tuning.ts';
import { makeFolder } from '../../../electron/services/durable/files.ts';
import { stateFile } from '../../../electron/services/durable/stateFile.ts';
import { type FaultedJob, isState, models, stateOf, statePath, tree } from './faultedWork.ts';

const say = (line: string): void => void writeSync(1, `${line}\n`);

async function saveState(folder: string): Promise<void> {
  const file = stateFile({ path: join(folder, statePath), version: 1, check: isState, onDamage: () => undefined });
  for (let n = 1; n <= 3; n++) {
    await file.write(stateOf(n));
    say(`saved ${String(n)}`);
  }
}

async function saveStateNaively(folder: string): Promise<void> {
  for (let n = 1; n <= 3; n++) {
    await writeFile(join(folder, statePath), JSON.stringify({ version: 1, value: stateOf(n) }));
    say(`saved ${String(n)}`);
  }
}

async function publishModel(hubCache: string, links: boolean): Promise<void> {
  const { repo, commit, files } = models();
  const cache = await openCache(hubCache, repo, commit, links);
  for (const { paths, data, checksum } of files) {
    const partial = await openPartial(cache.own, { etag: checksum.hex, bytes: data.length, tuning: defaultTuning });
    try {
      // Whatever an earlier run left is believed as far as its journal goes.
      if (data.length > 0) await partial.append(0, data.subarray(partial.filled(0)));
      await partial.seal();
    } finally {
      await partial.close();
    }
    await publishFile(cache, { temporary: partial.path, checksum, paths });
    say(`published ${checksum.hex}`);
  }
  await noteMissing(hubCache, cache, ['chat_template.jinja']);
  await writeTree(hubCache, cache, tree());
  await writeRef(hubCache, cache, 'main');
}

async function publishNaively(hubCache: string): Promise<void> {
  const { repo, commit, files } = models();
  const { snapshots, refs } = repoPaths(hubCache, repo);
  await makeFolder(refs);
  await writeFile(join(refs, 'main'), commit);
  for (const { paths, data, checksum } of files) {
    const [first = '', ...others] = paths.map((path) => join(snapshots, commit, path));
    await mkdir(dirname(first), { recursive: true });
    await writeFile(first, data);
    for (const other of others) {
      await mkdir(dirname(other), { recursive: true });
      await copyFile(first, other);
    }
    say(`published ${checksum.hex}`);
  }
}

const { work, folder } = JSON.parse(process.argv[2] ?? '') as FaultedJob;
try {
  if (work === 'state') await saveState(folder);
  else if (work === 'naive-state') await saveStateNaively(folder);
  else if (work === 'naive-publish') await publishNaively(folder);
  else await publishModel(folder, work === 'publish-links');
  say('done');
} catch (error) {
  say(`failed ${error instanceof Error && 'code' in error ? String(error.code) : String(error)}`);
}
process.exit(0);
