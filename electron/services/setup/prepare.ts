import type { InstalledModel } from '../../contract/model.ts';
import { ok, type Result } from '../../contract/result.ts';
import { removeTree } from '../durable/files.ts';
import type { LogEntry, WorkerProcess } from '../ports.ts';
import { connectWorker } from '../work/client.ts';
import type { ConvertOutput, ConvertWork } from '../work/protocol.ts';
import { converterExit } from './explain.ts';
import { draftModel, install, openSite, type Preparation } from './install.ts';
import { setAside } from './madeModels.ts';
import { progressMeter } from './progressMeter.ts';
import { proveModel } from './prove.ts';

type Converting = Preparation & {
  readonly startProcess: () => WorkerProcess;
  readonly log: (entry: LogEntry) => void;
};

/**
 * Official files -> a model that was loaded once, has answered, and was compared with the official weights. It appears
 * under its final name whole, with its manifest, or not at all; the official files are only read.
 */
export async function prepareModel(options: Converting): Promise<Result<InstalledModel>> {
  const { plan, licence, brought, engine, madeModels } = options;
  const { site, made } = await openSite(options);
  const { unfinished } = site;
  await engine.unload(); // two heavy processes at once could exhaust memory
  const converted = made ? ok(made) : await convert(unfinished, options);
  if (!converted.ok) {
    await removeTree(unfinished);
    return converted;
  }
  const { bytes, files, architecture, contextLength, instruct } = converted.value;
  const draft = await draftModel(site, options, { bytes, architecture, contextLength, instruct });
  const proof = await proveModel({ ...options, draft, folder: unfinished });
  await engine.unload(); // releases the mapped files, so that the folder can be renamed on every system
  if (!proof.ok) {
    await setAside(site, { repo: plan.repo, made: converted.value, madeModels }, proof.problem);
    return proof;
  }
  const same = (await brought?.unchanged()) ?? ok(undefined);
  if (!same.ok) {
    await removeTree(unfinished);
    return same;
  }
  const model: InstalledModel = { ...draft, ...proof.value };
  await install(site, model, { files, licence, brought, version: options.version });
  return ok(model);
}

/** Writes the converted files into `output`. */
async function convert(output: string, options: Converting): Promise<Result<ConvertOutput>> {
  const { source, plan, signal } = options;
  const meter = progressMeter(options.now);
  const worker = connectWorker<ConvertWork>(options.startProcess(), { explainExit: converterExit, log: options.log });
  const onEvent = (event: { readonly doneBytes: number; readonly totalBytes: number; readonly item: string }): void =>
    options.report(meter(event.doneBytes, event.totalBytes, event.item), 'converting');
  return worker
    .call('convert', { source, output, dtype: plan.dtype }, { signal, onEvent })
    .finally(() => worker.kill());
}
