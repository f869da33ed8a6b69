import type { DownloadPlan } from '../../contract/model.ts';
import { failed } from '../../contract/result.ts';
import type { Devices } from '../devices/room.ts';
import { lockRepo } from '../download/cache.ts';
import { alreadyRunning } from '../download/explain.ts';
import type { Engine } from '../generation/engine.ts';
import type { Library } from '../models/library.ts';
import type { LogEntry, Ports } from '../ports.ts';
import type { Storage } from '../storage/room.ts';
import { createMadeModels } from './madeModels.ts';
import { prepareModel } from './prepare.ts';
import type { SetupEffects } from './runner.ts';
import { takeReady } from './takeReady.ts';

export interface PrepareStep {
  readonly prepare: SetupEffects['prepare'];
  /** Nobody waits for a model of this repository any more: what was made of it and waits for memory goes. */
  forget(repo: string): Promise<void>;
}

/** The last step of a journey: from the official files in the cache to a model in the library. */
export function prepareStep(options: {
  readonly ports: Pick<Ports, 'paths' | 'version' | 'startWorker'>;
  readonly engine: Engine;
  readonly models: Library;
  readonly devices: Devices;
  readonly storage: () => Storage; // opened after the journeys
  readonly modelsFolder: () => string;
  readonly snapshotOf: (plan: DownloadPlan) => Promise<{ readonly complete: boolean; readonly folder: string }>;
  readonly now: () => number;
  readonly log: (entry: LogEntry) => void;
}): PrepareStep {
  const { ports, engine, models, now, log } = options;
  const madeModels = createMadeModels();
  const prepare: SetupEffects['prepare'] = async (plan, licence, { signal, report }) => {
    const storage = options.storage();
    await storage.settled();
    const free = await storage.blocked();
    if (!free.ok) return free;
    const snapshot = await options.snapshotOf(plan);
    if (!snapshot.complete) throw new Error('prepare was reached without a complete snapshot');
    // Nobody, in this process or another, may take the official files away while they are read.
    const lock = await lockRepo(ports.paths.hubCache, plan.repo);
    if (!lock) return failed(alreadyRunning(`${plan.repo}, by another process`));
    const work = {
      ...{ plan, licence, engine, report, now, log, signal, madeModels },
      source: snapshot.folder,
      modelsFolder: options.modelsFolder(),
      version: ports.version,
      startProcess: () => ports.startWorker('convert'),
    };
    const prepared = await (plan.ready ? takeReady(work) : prepareModel(work)).finally(() => lock.release());
    if (!prepared.ok) return prepared;
    await models.refresh();
    // It is here already: who stops now only misses the measurement.
    report({ doneBytes: plan.totalBytes, totalBytes: plan.totalBytes, bytesPerSecond: 0 }, 'measuring');
    await options.devices.tune(prepared.value, signal);
    return prepared;
  };
  const ending = new Map<string, Promise<unknown>>();
  return {
    prepare(plan, ...rest) {
      // One that was stopped a moment ago still holds the files.
      const before = ending.get(plan.repo) ?? Promise.resolve();
      const mine = before.then(() => prepare(plan, ...rest));
      ending.set(
        plan.repo,
        mine.catch(() => undefined),
      );
      return mine;
    },
    async forget(repo) {
      await ending.get(repo);
      await madeModels.forget(repo);
    },
  };
}
