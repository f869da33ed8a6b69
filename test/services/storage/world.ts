/** A data folder with models in it that look like prepared ones, for tests of what is done with their files. */
import { createHash } from 'node:crypto';
import { mkdtempSync } from 'node:fs';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { InstalledModel } from '../../../electron/contract/model.ts';
import { ok } from '../../../electron/contract/result.ts';
import type { Engine } from '../../../electron/services/generation/engine.ts';
import { type Manifest, modelIdOf, writeManifest } from '../../../electron/services/models/manifest.ts';
import { stateFile } from '../../../electron/services/durable/stateFile.ts';
import type { JobContext } from '../../../electron/services/storage/jobs.ts';
import {
  isModelsPlace,
  type ModelsHome,
  type ModelsPlace,
  openModelsHome,
} from '../../../electron/services/storage/modelsHome.ts';
import { noise } from '../download/faultServer.ts';

export const sha256 = (data: Uint8Array): string => createHash('sha256').update(data).digest('hex');
export const temporaryFolder = (): string => mkdtempSync(join(tmpdir(), 'latchkey-storage-'));
export const removeFolder = (folder: string): Promise<void> => rm(folder, { recursive: true, force: true });

/** Files of a small model; `seed` makes its weights its own. */
export function filesOf(seed: number, weightBytes = 300_000): ReadonlyMap<string, Buffer> {
  return new Map([
    ['config.json', Buffer.from(`{"seed":${String(seed)}}`)],
    ['tokenizer.json', noise(5000, seed)],
    ['LICENSE.txt', Buffer.from(`Licence ${String(seed)}: be kind.`)],
    ['onnx/model_q4.onnx', noise(2000, seed + 100)],
    ['onnx/loop_q4.onnx', noise(2000, seed + 150)],
    ['onnx/half_q4.onnx', noise(2000, seed + 160)],
    ['onnx/model_q4.onnx_data', noise(weightBytes, seed + 200)],
  ]);
}

export function manifestOf(repo: string, files: ReadonlyMap<string, Buffer>, more: Partial<Manifest> = {}): Manifest {
  const commit = 'c'.repeat(40);
  const model: InstalledModel = {
    id: modelIdOf(repo, commit, 'q4'),
    repo,
    commit,
    dtype: 'q4',
    bytes: [...files.values()].reduce((sum, data) => sum + data.length, 0),
    installedAt: 1_700_000_000_000,
    architecture: 'LlamaForCausalLM',
    contextLength: 2048,
    instruct: true,
    sampling: { temperature: 0.7, topP: 0.9, topK: 40, minP: 0, repetitionPenalty: 1, maxNewTokens: 512 },
    licence: 'llama3.2',
    licenceAccount: 'ada',
  };
  const listed = [...files].map(([path, data]) => ({ path, bytes: data.length, sha256: sha256(data) }));
  const seen = { name: 'llama3.2', account: 'ada', checkedAt: 1, texts: ['LICENSE.txt'] };
  return { format: 1, model, converter: '0.1.0', licenceSeen: seen, files: listed, ...more };
}

/** Writes a model as preparing leaves it; answers its folder. */
export async function plant(
  root: string,
  manifest: Manifest,
  files: ReadonlyMap<string, Buffer>,
  name = manifest.model.id,
): Promise<string> {
  const folder = join(root, name);
  for (const [path, data] of files) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), data);
  }
  await writeManifest(folder, manifest);
  return folder;
}

/** Every plain file below a folder with its hash. */
export async function contents(folder: string): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => [])) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    found[path.slice(folder.length + 1)] = sha256(await readFile(path));
  }
  return found;
}

export const openHome = (data: string): Promise<ModelsHome> =>
  openModelsHome(
    join(data, 'models'),
    stateFile<ModelsPlace>({
      path: join(data, 'models-place.json'),
      version: 1,
      check: isModelsPlace,
      onDamage: () => undefined,
    }),
  );

/** A job that nobody watches. */
export const job = (signal = new AbortController().signal): JobContext => ({
  signal,
  expect: () => undefined,
  onBytes: () => undefined,
  report: () => undefined,
});

/** Stands for a process that loads whatever it gets and says hello: these tests are about files. */
export const engine: Engine = {
  permit: () => undefined,
  quiet: async () => undefined,
  state: () => ({ kind: 'stopped' }),
  generate: () => Promise.reject(new Error('not asked for')),
  sanityCheck: async () => ok({ prompt: 'Hi', text: ' there', tokens: 1, tokensPerSecond: 1 }),
  proofTokens: () => Promise.reject(new Error('not asked for')),
  compare: () => Promise.reject(new Error('not asked for')),
  waiting: () => 0,
  forgetChat: () => undefined,
  forgetModel: () => undefined,
  unload: async () => undefined,
  close: () => undefined,
};
