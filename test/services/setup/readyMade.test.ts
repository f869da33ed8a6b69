/** Repositories that were published in the layout of transformers.js: from the Hub to an answer, without converting. */
import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createNodeHttp } from '../../../electron/adapters/nodeHttp.ts';
import type { DownloadPlan, InstalledModel } from '../../../electron/contract/model.ts';
import { startNodeProcess } from '../../../electron/hosts/nodeWorkers.ts';
import type { PracticeHub } from '../../../electron/practice/hub/practiceHub.ts';
import { listFolder } from '../../../electron/practice/hub/repositories.ts';
import { startPracticeHub } from '../../../electron/practice/hub/startPracticeHub.ts';
import { stateFile } from '../../../electron/services/durable/stateFile.ts';
import { createEngine, type Engine } from '../../../electron/services/generation/engine.ts';
import { listModels, readManifest, verifyModel } from '../../../electron/services/models/manifest.ts';
import { checkRepo } from '../../../electron/services/setup/checkRepo.ts';
import { fetchModel } from '../../../electron/services/setup/fetchModel.ts';
import { fileSource } from '../../../electron/services/setup/fileSource.ts';
import { takeReady } from '../../../electron/services/setup/takeReady.ts';
import { createSignIn, isAccountNote, type AccountNote } from '../../../electron/services/signIn/signIn.ts';
import { clientFor } from '../hub/wire.ts';
import { convertedPractice, greedy, removeFolders, temporaryFolder, withBranchInput } from '../inference/models.ts';
import { practice } from './prepareRoom.ts';

const entry = fileURLToPath(new URL('../../../electron/workers/infer.ts', import.meta.url));
const standard = 'open-practice/Doorstep-ONNX';
const unusual = 'open-practice/Unusual-ONNX';
const half = 'open-practice/Half-ONNX';

const room = temporaryFolder();
const hubCache = join(room, 'hub');
const modelsFolder = join(room, 'models');
let hub: PracticeHub;
let engine: Engine;
let words: string;

const engineFor = (folderOf: (model: InstalledModel) => string): Engine =>
  createEngine({
    startProcess: () => startNodeProcess(entry),
    folderOf,
    cachesFolder: join(room, 'caches'),
    onChange: () => undefined,
    now: Date.now,
    log: () => undefined,
  });

async function answerOf(asked: Engine, model: InstalledModel): Promise<string> {
  let text = '';
  const result = await asked.generate(
    model,
    { cacheKey: 'c', messages: [{ role: 'user', text: 'What is a licence?' }], sampling: greedy },
    { signal: new AbortController().signal, onText: (piece) => (text += piece) },
  );
  if (!result.ok) throw new Error(JSON.stringify(result.problem));
  return text;
}

beforeAll(async () => {
  const made = await convertedPractice('q4');
  const published = join(room, 'published');
  cpSync(made, published, { recursive: true });
  for (const ours of ['loop_q4.onnx', 'half_q4.onnx']) rmSync(join(published, 'onnx', ours));
  const strange = join(room, 'strange');
  cpSync(published, strange, { recursive: true });
  const graph = join(strange, 'onnx/model_q4.onnx');
  writeFileSync(graph, withBranchInput(readFileSync(graph)));
  const halfMade = await convertedPractice('q4f16');
  const card = { license: 'apache-2.0' };
  hub = await startPracticeHub({
    modelFolder: practice,
    repositories: [
      { id: standard, card, files: await listFolder(published) },
      { id: unusual, card, files: await listFolder(strange) },
      { id: half, card, files: await listFolder(halfMade) },
    ],
  });
  engine = engineFor((model) => join(modelsFolder, model.id));
  const reference = engineFor(() => made);
  words = await answerOf(reference, { dtype: 'q4', id: 'made' } as InstalledModel);
  reference.close();
}, 120_000);
afterAll(async () => {
  engine.close();
  await hub.close();
  removeFolders();
});

async function planOf(repo: string): Promise<DownloadPlan> {
  const empty = async () => ({ kind: 'empty' as const });
  const signIn = createSignIn({
    isWithheld: () => false,
    vault: { read: empty, write: empty, remove: empty },
    note: stateFile<AccountNote | null>({
      path: join(room, 'account.json'),
      version: 1,
      check: (value): value is AccountNote | null => value === null || isAccountNote(value),
      onDamage: () => undefined,
    }),
    whoAmI: () => Promise.reject(new Error('nobody is asked')),
    now: () => 0,
    onChange: () => undefined,
    log: () => undefined,
  });
  const found = await checkRepo({
    repo,
    dtype: 'q4',
    hub: clientFor(hub.endpoint),
    signIn,
    folders: { hubCache, models: modelsFolder },
    signal: new AbortController().signal,
  });
  if (!found.plan) throw new Error(JSON.stringify(found.problem));
  return found.plan;
}

async function install(plan: DownloadPlan): Promise<InstalledModel> {
  const client = clientFor(hub.endpoint);
  const { signal } = new AbortController();
  const source = fileSource({ hub: client, http: createNodeHttp(), token: () => undefined })(plan);
  const fetched = await fetchModel(plan, {
    ...{ hub: client, token: undefined, source, hubCache, signal },
    onProgress: () => undefined,
    now: Date.now,
    log: () => undefined,
  });
  if (!fetched.ok) throw new Error(JSON.stringify(fetched.problem));
  const taken = await takeReady({
    ...{ plan, modelsFolder, engine, signal },
    licence: { licence: 'apache-2.0', checkedAt: 1 },
    source: fetched.value.snapshotFolder,
    version: '1.2.3',
    report: () => undefined,
    now: Date.now,
  });
  if (!taken.ok) throw new Error(JSON.stringify(taken.problem));
  return taken.value;
}

describe('a repository with ONNX files and no official weights', () => {
  it('gets a plan for one graph, its weights and the small files', async () => {
    const plan = await planOf(standard);
    expect(plan).toMatchObject({ ready: true, dtype: 'q4', architecture: 'LlamaForCausalLM' });
    expect(plan.files.map(({ path }) => path).filter((path) => path.startsWith('onnx/'))).toEqual([
      'onnx/model_q4.onnx',
      'onnx/model_q4.onnx_data',
    ]);
    expect(plan.convertedBytes).toBe(plan.totalBytes);
  });

  it('takes the format that is there when the wished one is not', async () => {
    expect(await planOf(half)).toMatchObject({ ready: true, dtype: 'q4f16' });
  });

  it.each([
    ['a standard graph is run by our own loop', standard, undefined],
    ['a graph with an input our loop does not know is run by transformers.js', unusual, true],
  ])('%s, with the same words', { timeout: 120_000 }, async (_, repo, generic) => {
    const model = await install(await planOf(repo));
    expect(model).toMatchObject({ ready: true, dtype: 'q4', instruct: true, contextLength: 1024 });
    expect(model.sanity?.text).toMatch(/[a-z]{3}/u);
    expect(await answerOf(engine, model)).toBe(words);
    const state = engine.state();
    expect(state).toMatchObject({ kind: 'ready', device: 'cpu', contextLimit: 1024 });
    expect(state.kind === 'ready' && state.generic).toBe(generic);
    const folder = join(modelsFolder, model.id);
    const manifest = await readManifest(folder);
    expect(manifest && (await verifyModel(folder, manifest))).toEqual([]);
    expect((await listModels(modelsFolder)).map(({ id }) => id)).toContain(model.id);
  });
});
