import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { ModelFile } from '../../../electron/contract/model.ts';
import { repoPaths } from '../../../electron/services/download/cachePaths.ts';
import { chooseFiles } from '../../../electron/services/download/chooseFiles.ts';
import { judgeSpace, makePlan } from '../../../electron/services/download/plan.ts';
import { commit, removeFolder, repo, temporaryFolder } from './bench.ts';

const file = (path: string, bytes = 10): ModelFile =>
  path.endsWith('.safetensors') ? { path, bytes, sha256: 'a'.repeat(64) } : { path, bytes, gitSha1: 'b'.repeat(40) };
const listed = (...paths: string[]) => paths.map((path) => file(path));
const paths = (files: readonly ModelFile[]) => {
  const result = chooseFiles(files);
  return result.ok ? result.value.map(({ path }) => path) : result.problem.code;
};
const llama = listed(
  '.gitattributes',
  'LICENSE.txt',
  'README.md',
  'USE_POLICY.md',
  'config.json',
  'generation_config.json',
  'model.safetensors',
  'original/consolidated.00.pth',
  'original/params.json',
  'original/tokenizer.model',
  'special_tokens_map.json',
  'tokenizer.json',
  'tokenizer_config.json',
);
const shards = (stem: string, total: number) =>
  Array.from(
    { length: total },
    (_, index) => `${stem}-${String(index + 1).padStart(5, '0')}-of-${String(total).padStart(5, '0')}.safetensors`,
  );

describe('which files a model needs', () => {
  test('a Llama repository gives its small files and its weights, nothing else', () => {
    expect(paths(llama)).toEqual([
      'LICENSE.txt',
      'README.md',
      'USE_POLICY.md',
      'config.json',
      'generation_config.json',
      'special_tokens_map.json',
      'tokenizer.json',
      'tokenizer_config.json',
      'model.safetensors',
    ]);
  });
  test('shards come with their index, in order', () => {
    const names = shards('model', 3);
    const list = listed('config.json', 'model.safetensors.index.json', ...[...names].reverse());
    expect(paths(list)).toEqual(['config.json', 'model.safetensors.index.json', ...names]);
  });
  test('the author`s own copy of the weights is left on the Hub', () => {
    const names = shards('model', 2);
    const list = listed('config.json', 'consolidated.safetensors', 'model.safetensors.index.json', ...names);
    expect(paths(list)).toEqual(['config.json', 'model.safetensors.index.json', ...names]);
  });
  test.each([
    [['config.json', 'pytorch_model.bin']],
    [['config.json', 'model.pth', 'model.pickle', 'model.gguf']],
    [['config.json', 'original/model.safetensors']],
    [['config.json', 'adapter_model.safetensors']],
    [['config.json', 'consolidated.safetensors']],
    [['config.json', 'a.safetensors', 'b.safetensors']],
    [['config.json', 'model.safetensors.index.json', ...shards('model', 3).slice(1)]],
    [['config.json', 'model.safetensors.index.json']],
    [['config.json', ...shards('model', 2)]],
    [['model.safetensors']],
    [[]],
  ])('%j is nothing to run', (names) => {
    expect(paths(listed(...names))).toBe('nothing-to-run');
  });
  test.each([
    [['config.json'], 'there are no safetensors weights'],
    [['config.json', ...shards('model', 2)], 'not complete'],
    // The converter opens what transformers opens, so that nothing is fetched that it refuses afterwards.
    [['config.json', 'llama.safetensors'], 'there is llama.safetensors'],
    [
      ['config.json', 'llama.safetensors.index.json', ...shards('llama', 2)],
      'there is llama-00001-of-00002.safetensors',
    ],
  ])('%j: why is said', (names, why) => {
    const chosen = chooseFiles(listed(...names));
    expect(chosen.ok ? '' : chosen.problem.explanation).toContain(why);
  });
  test.each(['../config.json', '/etc/passwd', 'C:\\x', '\\\\host\\share', 'a\0b', 'sub/../../x'])(
    'a repository with the name %j is refused as a whole',
    (name) => {
      expect(paths([...llama, file(name)])).toBe('unsafe-file-name');
    },
  );
  test.each(['docs/aux.md', 'notes: today.md', 'readme.md', 'LICENCE '])(
    'the odd name %j elsewhere does not matter',
    (name) => {
      expect(paths([...llama, file(name)])).toHaveLength(9);
    },
  );
});

describe('the plan', () => {
  const chosen = chooseFiles(llama);
  const needed = chosen.ok ? chosen.value : [];
  let folder: string;
  beforeEach(async () => {
    folder = await temporaryFolder();
  });
  afterEach(() => removeFolder(folder));
  const plan = (list: readonly ModelFile[], more: { convertedBytes?: number; bytesPerSecond?: number } = {}) =>
    makePlan({
      repo,
      commit,
      edition: {
        files: list,
        dtype: 'q4',
        convertedBytes: 500,
        parameters: 7,
        architecture: 'LlamaForCausalLM',
        ...more,
      },
      hubCache: join(folder, 'not', 'made', 'yet'),
      modelsFolder: join(folder, 'models'),
      bytesPerSecond: more.bytesPerSecond,
    });

  test('adds up sizes and carries the estimate', async () => {
    const result = await plan(needed);
    expect(result).toMatchObject({
      ok: true,
      value: {
        totalBytes: 90,
        cachedBytes: 0,
        convertedBytes: 500,
        parameters: 7,
        fits: true,
        dtype: 'q4',
        repo,
        commit,
      },
    });
    expect(result.ok && result.value.freeBytes).toBeGreaterThan(0);
  });
  test('counts what is in the cache, as a blob or in the snapshot', async () => {
    const { blobs, snapshots } = repoPaths(join(folder, 'not', 'made', 'yet'), repo);
    await mkdir(blobs, { recursive: true });
    await mkdir(join(snapshots, commit), { recursive: true });
    await writeFile(join(blobs, 'a'.repeat(64)), '0123456789');
    await writeFile(join(snapshots, commit, 'README.md'), '0123456789');
    await writeFile(join(snapshots, commit, 'config.json'), 'short');
    expect(await plan(needed)).toMatchObject({ ok: true, value: { totalBytes: 90, cachedBytes: 20 } });
  });
  test('says how long the missing bytes take at the speed of the last download, and nothing before the first one', async () => {
    const known = await plan(needed, { bytesPerSecond: 40 });
    expect(known).toMatchObject({ ok: true, value: { secondsLeft: 3 } });
    const unknown = await plan(needed);
    expect(unknown.ok && 'secondsLeft' in unknown.value).toBe(false);
  });
  test('says so when it does not fit', async () => {
    expect(await plan(needed, { convertedBytes: 2 ** 52 })).toMatchObject({ ok: true, value: { fits: false } });
  });
  test.each([
    [{ path: 'config.json', bytes: 10 }],
    [{ path: 'config.json', bytes: 10, sha256: '*'.repeat(64) }],
    [{ path: 'config.json', bytes: Number.NaN, gitSha1: 'b'.repeat(40) }],
  ])('refuses a file whose bytes could not be proved: %j', async (odd) => {
    const list = [...needed.filter(({ path }) => path !== 'config.json'), odd];
    expect(await plan(list)).toMatchObject({ ok: false, problem: { code: 'access-unknown' } });
  });
});

const GB = 1e9;
test.each([
  [{ bytes: 10 * GB, device: 1 }, { bytes: 10 * GB, device: 1 }, 5, 4, true, 10],
  [{ bytes: 10 * GB, device: 1 }, { bytes: 10 * GB, device: 1 }, 5, 5, false, 10],
  [{ bytes: 10 * GB, device: 1 }, { bytes: 6 * GB, device: 2 }, 9, 5, true, 6],
  [{ bytes: 10 * GB, device: 1 }, { bytes: 5 * GB, device: 2 }, 9, 5, false, 5],
  [{ bytes: 9 * GB, device: 1 }, { bytes: 6 * GB, device: 2 }, 9, 5, false, 6],
])('%j and %j for %d + %d GB: fits %s', (cache, models, download, converted, fits, free) => {
  expect(judgeSpace(cache, models, { download: download * GB, converted: converted * GB })).toEqual({
    fits,
    free: free * GB,
  });
});
