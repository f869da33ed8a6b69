import type { InstalledModel } from '../../contract/model.ts';
import { ok, type Result } from '../../contract/result.ts';
import { removeTree } from '../durable/files.ts';
import type { LogEntry, WorkerProcess } from '../ports.ts';
import { connectWorker } from '../work/client.ts';
import type { ConvertWork } from '../work/protocol.ts';
import { converterExit } from './explain.ts';
import { clearSite, draftModel, install, type Preparation } from './install.ts';
import { progressMeter } from './progressMeter.ts';
import { proveModel } from './prove.ts';

/**
 * Official files -> a model that was loaded once, has answered, and was compared with the official weights. It appears
 * under its final name whole, with its manifest, or not at all; the official files are only read.
 */
export async function prepareModel(
  options: Preparation & {
    readonly startProcess: () => WorkerProcess;
    readonly log: (entry: LogEntry) => void;
  },
): Promise<Result<InstalledModel>> {
  const { plan, licence, brought, engine, signal } = options;
  const site = await clearSite(options.modelsFolder, plan);
  const { unfinished } = site;
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
  const draft = await draftModel(site, options, { bytes, architecture, contextLength, instruct });
  const proof = await proveModel({ ...options, draft, folder: unfinished });
  await engine.unload(); // releases the mapped files, so that the folder can be renamed on every system
  if (!proof.ok) {
    await removeTree(unfinished);
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
