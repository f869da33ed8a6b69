import { join } from 'node:path';
import type { Dtype, Fidelity, InstalledModel, SanityCheck } from '../../contract/model.ts';
import { failed, ok, type Result } from '../../contract/result.ts';
import type { Progress } from '../../contract/setup.ts';
import { removeTree } from '../durable/files.ts';
import type { Engine } from '../generation/engine.ts';
import type { LogEntry, WorkerProcess } from '../ports.ts';
import { connectWorker } from '../work/client.ts';
import type { ConvertWork } from '../work/protocol.ts';
import { converterExit, farFromOfficial, sanityFailed } from './explain.ts';
import { endingWith } from './endingWith.ts';
import type { PreparationPlan } from './install.ts';
import { progressMeter } from './progressMeter.ts';

/**
 * Mean divergence in nats per token above which a model is not installed. Several times what sound conversions of small
 * models show (they suffer most), and far below what one wrong matrix causes.
 */
export const mostDivergence: Readonly<Record<Dtype, number>> = {
  fp32: 0.001,
  fp16: 0.02,
  q8: 0.05,
  q4: 0.5,
  q4f16: 0.5,
};

/** Weights times positions that the comparison may cost: about ten seconds on one core. */
const proofBudget = 1e10;
const proofPositions = { least: 3, most: 12 };

/** What is known of a model that passed. */
export interface Proof {
  readonly sanity: SanityCheck;
  readonly fidelity: Fidelity;
}

/**
 * Loads a freshly converted model in the inference process, lets it continue a fixed prompt, and compares its logits for
 * that prompt with those of the official weights, which the conversion process computes anew without the graph. A model
 * that fails comes back as a Problem. Leaves the model loaded.
 */
export async function proveModel(options: {
  readonly draft: InstalledModel;
  readonly folder: string;
  readonly plan: PreparationPlan;
  readonly source: string;
  readonly engine: Engine;
  readonly startProcess: () => WorkerProcess;
  readonly report: (progress: Progress, note?: string) => void;
  readonly now: () => number;
  readonly log: (entry: LogEntry) => void;
  readonly signal: AbortSignal;
}): Promise<Result<Proof>> {
  const { draft, folder, plan, engine, signal } = options;
  const meter = progressMeter(options.now);
  options.report(meter(0, plan.totalBytes), 'proving');
  const ending = <T>(work: () => Promise<Result<T>>): Promise<Result<T>> => endingWith(signal, engine, draft, work);
  const sanity = await ending(() => engine.sanityCheck(draft, folder));
  if (!sanity.ok) return sanity;
  if (sanity.value.text.trim() === '') return failed(sanityFailed(draft.repo, 'the model wrote nothing'));
  const affordable = Math.floor(proofBudget / plan.parameters);
  const most = Math.max(proofPositions.least, Math.min(proofPositions.most, affordable));
  const ids = await ending(() => engine.proofTokens(draft, folder, most));
  if (!ids.ok) return ids;

  const reference = join(folder, 'reference.f32');
  const worker = connectWorker<ConvertWork>(options.startProcess(), { explainExit: converterExit, log: options.log });
  const onEvent = ({ done, total }: { readonly done: number; readonly total: number }): void =>
    options.report(meter((plan.totalBytes * done) / total, plan.totalBytes), 'proving');
  const written = await worker
    .call(
      'reference',
      { source: options.source, output: reference, ids: ids.value, contextLength: draft.contextLength },
      { signal, onEvent },
    )
    .finally(() => worker.kill());
  if (!written.ok) return written;
  const fidelity = await ending(() => engine.compare(draft, folder, { ids: ids.value, reference }));
  await removeTree(reference);
  if (!fidelity.ok) return fidelity;
  const limit = mostDivergence[draft.dtype];
  if (!(fidelity.value.meanDivergence <= limit)) return failed(farFromOfficial(draft, fidelity.value, limit));
  return ok({ sanity: sanity.value, fidelity: fidelity.value });
}
