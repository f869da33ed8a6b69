/** Preparing with the real work of both worker processes, inside this process: what crosses is JSON, as with a fork. */
import { fileURLToPath } from 'node:url';
import type { DownloadPlan, Dtype, InstalledModel } from '../../../electron/contract/model.ts';
import type { Result } from '../../../electron/contract/result.ts';
import type { Progress } from '../../../electron/contract/setup.ts';
import { convertWork } from '../../../electron/workers/convertWork.ts';
import { createEngine, type Engine } from '../../../electron/services/generation/engine.ts';
import { createInferWork } from '../../../electron/services/inference/inferWork.ts';
import type { WorkerProcess } from '../../../electron/services/ports.ts';
import type { MadeModels } from '../../../electron/services/setup/madeModels.ts';
import { prepareModel } from '../../../electron/services/setup/prepare.ts';
import type { ConvertWork, InferWork } from '../../../electron/services/work/protocol.ts';
import { serve } from '../../../electron/services/work/serve.ts';

/** The model that comes with the product. */
export const practice = fileURLToPath(new URL('../../../electron/practice/model', import.meta.url));

/** A worker that is no process of its own. */
export function inThisProcess(start: (port: Parameters<typeof serve>[0]) => void): WorkerProcess {
  const [fromWorker, toWorker, exits]: [((m: unknown) => void)[], ((m: unknown) => void)[], (() => void)[]] = [
    [],
    [],
    [],
  ];
  const send = (listeners: readonly ((message: unknown) => void)[], message: unknown): void => {
    const text = JSON.stringify(message);
    queueMicrotask(() => listeners.forEach((listener) => listener(JSON.parse(text))));
  };
  start({ post: (message) => send(fromWorker, message), onMessage: (listener) => void toWorker.push(listener) });
  return {
    post: (message) => send(toWorker, message),
    onMessage: (listener) => void fromWorker.push(listener),
    onExit: (listener) => void exits.push(() => listener({ code: 0 })),
    kill: () => exits.forEach((exit) => exit()),
  };
}

/** The conversion process. */
export const converterHere = (work = convertWork): WorkerProcess =>
  inThisProcess((port) => serve<ConvertWork>(port, work));

/** The engine, with the real inference work. */
export const engineHere = (folderOf: (model: InstalledModel) => string = () => ''): Engine =>
  createEngine({
    startProcess: () =>
      inThisProcess((port) =>
        serve<InferWork>(
          port,
          createInferWork(() => undefined),
        ),
      ),
    folderOf,
    cachesFolder: '',
    onChange: () => undefined,
    now: Date.now,
    log: () => undefined,
  });

/** Called with the converted folder before it is proved. */
export type Damage = (folder: string) => void;

export interface Preparation {
  readonly result: Result<InstalledModel>;
  readonly notes: readonly string[];
  readonly reports: readonly Progress[];
}

/** Prepares `source` in `modelsFolder`. */
export async function prepareHere(options: {
  readonly source: string;
  readonly modelsFolder: string;
  readonly dtype: Dtype;
  readonly parameters?: number;
  readonly damage?: Damage | undefined;
  readonly signal?: AbortSignal;
  readonly engine?: Engine;
  readonly madeModels?: MadeModels;
}): Promise<Preparation> {
  const notes = new Set<string>();
  const reports: Progress[] = [];
  const work: typeof convertWork = {
    ...convertWork,
    async convert(input, context) {
      const converted = await convertWork.convert(input, context);
      if (converted.ok) options.damage?.(input.output);
      return converted;
    },
  };
  const engine = options.engine ?? engineHere();
  const plan: DownloadPlan = {
    repo: 'practice-labs/Keyhole-1-Instruct',
    commit: 'c'.repeat(40),
    files: [],
    totalBytes: 4_000_000,
    cachedBytes: 0,
    convertedBytes: 1,
    freeBytes: 1,
    fits: true,
    dtype: options.dtype,
    architecture: 'LlamaForCausalLM',
    parameters: options.parameters ?? 2_000_000,
  };
  const result = await prepareModel({
    plan,
    licence: { licence: 'x', checkedAt: 1 },
    source: options.source,
    modelsFolder: options.modelsFolder,
    version: '1.2.3',
    engine,
    startProcess: () => converterHere(work),
    report: (progress, note) => {
      reports.push(progress);
      if (note !== undefined) notes.add(note);
    },
    now: Date.now,
    log: () => undefined,
    signal: options.signal ?? new AbortController().signal,
    ...(options.madeModels && { madeModels: options.madeModels }),
  });
  engine.close();
  return { result, notes: [...notes], reports };
}
