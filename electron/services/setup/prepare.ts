import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { DownloadPlan, InstalledModel } from '../../contract/model.ts';
import { ok, type Result } from '../../contract/result.ts';
import type { LicenceStatus, Progress } from '../../contract/setup.ts';
import { makeFolder, publish, removeTree } from '../durable/files.ts';
import type { Engine } from '../generation/engine.ts';
import { defaultSampling } from '../models/defaultSampling.ts';
import { licenceText, modelIdOf, unfinishedPrefix, writeManifest } from '../models/manifest.ts';
import type { LogEntry, WorkerProcess } from '../ports.ts';
import { connectWorker } from '../work/client.ts';
import type { ConvertWork } from '../work/protocol.ts';
import { converterExit } from './explain.ts';
import { progressMeter } from './progressMeter.ts';
import { proveModel } from './prove.ts';

/**
 * Official files -> a model that was loaded once, has answered, and was compared with the official weights. It appears under its final name whole, with its
 * manifest, or not at all; the official files are only read.
 */
export async function prepareModel(options: {
  readonly plan: DownloadPlan;
  readonly licence: LicenceStatus;
  readonly source: string; // snapshot folder
  readonly modelsFolder: string;
  readonly version: string;
  readonly engine: Engine;
  readonly startProcess: () => WorkerProcess;
  readonly report: (progress: Progress, note?: string) => void;
  readonly now: () => number;
  readonly log: (entry: LogEntry) => void;
  readonly signal: AbortSignal;
}): Promise<Result<InstalledModel>> {
  const { plan, licence, engine, signal } = options;
  const id = modelIdOf(plan.repo, plan.commit, plan.dtype);
  const unfinished = join(options.modelsFolder, `${unfinishedPrefix}${id}`);
  const final = join(options.modelsFolder, id);
  await makeFolder(options.modelsFolder);
  await removeTree(unfinished);
  await engine.unload(); // two heavy processes at once could exhaust memory

  const meter = progressMeter(options.now);
  const worker = connectWorker<ConvertWork>(options.startProcess(), { explainExit: converterExit, log: options.log });
  const converted = await worker
    .call(
      'convert',
      { source: options.source, output: unfinished, dtype: plan.dtype },
      {
        signal,
        onEvent: ({ doneBytes, totalBytes, item }) => options.report(meter(doneBytes, totalBytes, item), 'converting'),
      },
    )
    .finally(() => worker.kill());
  if (!converted.ok) {
    await removeTree(unfinished);
    return converted;
  }
  const { bytes, files, architecture, contextLength, instruct } = converted.value;
  const draft: InstalledModel = {
    id,
    repo: plan.repo,
    commit: plan.commit,
    dtype: plan.dtype,
    bytes,
    installedAt: options.now(),
    architecture,
    contextLength,
    instruct,
    sampling: defaultSampling(await readJson(join(unfinished, 'generation_config.json'))),
    licence: licence.licence,
    ...(licence.account !== undefined && { licenceAccount: licence.account }),
  };
  const proof = await proveModel({ ...options, draft, folder: unfinished });
  await engine.unload(); // releases the mapped files, so that the folder can be renamed on every system
  if (!proof.ok) {
    await removeTree(unfinished);
    return proof;
  }
  const model: InstalledModel = { ...draft, ...proof.value };
  await writeManifest(unfinished, {
    format: 1,
    model,
    converter: options.version,
    licenceSeen: {
      name: licence.licence,
      ...(licence.account !== undefined && { account: licence.account }),
      checkedAt: licence.checkedAt,
      texts: files.map(({ path }) => path).filter((path) => licenceText.test(path)),
    },
    files,
  });
  await removeTree(final);
  await publish(unfinished, final);
  return ok(model);
}

/** A small JSON file of the model, or undefined: it is optional, and what it says is checked by whoever reads it. */
async function readJson(path: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as unknown;
  } catch {
    return undefined;
  }
}
