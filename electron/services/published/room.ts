import type { InstalledModel } from '../../contract/model.ts';
import { ok, type Result } from '../../contract/result.ts';
import type { PublishedModel } from '../../contract/storage.ts';
import type { Devices } from '../devices/room.ts';
import { freeSpace } from '../download/diskUse.ts';
import type { Engine } from '../generation/engine.ts';
import type { Ports } from '../ports.ts';
import type { JobContext } from '../storage/jobs.ts';
import { findPublished } from './folder.ts';
import { bytesOf, lookInto } from './look.ts';
import { takeInPublished } from './takeIn.ts';

/** Official files that a person brought in a folder. */
export interface Published {
  /** What it is and what it would become; asks nobody. */
  inspect(chosen: string): Promise<Result<PublishedModel>>;
  takeIn(
    chosen: string,
    fingerprint: string,
    job: JobContext,
  ): Promise<Result<{ readonly bytes: number; readonly model: InstalledModel }>>;
}

export function createPublished(options: {
  readonly ports: Pick<Ports, 'version' | 'startWorker' | 'now' | 'log'>;
  readonly modelsFolder: () => string;
  readonly engine: Engine;
  readonly devices: Pick<Devices, 'tune'>;
}): Published {
  const { engine, modelsFolder } = options;
  const { version, now, log } = options.ports;
  const startProcess = () => options.ports.startWorker('convert');
  return {
    async inspect(chosen) {
      const found = await findPublished(chosen);
      if (!found.ok) return found;
      const looked = await lookInto(found.value, { startProcess, log });
      if (!looked.ok) return looked;
      const { edition, files, instruct, licence, licenceTexts, fingerprint } = looked.value;
      const { dtype, ready, architecture, parameters, convertedBytes } = edition;
      return ok({
        name: found.value.name,
        folder: found.value.folder,
        ...{ architecture, parameters, instruct, dtype, convertedBytes, licence, licenceTexts, fingerprint },
        ...(ready && { ready }),
        files: files.length,
        bytes: bytesOf(files),
        freeBytes: (await freeSpace(modelsFolder())).bytes,
      });
    },
    async takeIn(chosen, fingerprint, job) {
      const given = { chosen, fingerprint, modelsFolder: modelsFolder(), startProcess };
      const taken = await takeInPublished({ ...given, version, engine, now, log }, job);
      if (!taken.ok || job.signal.aborted) return taken;
      // It is here already: who stops now only misses the measurement.
      const all = { doneBytes: taken.value.bytes, totalBytes: taken.value.bytes, bytesPerSecond: 0 };
      job.report(all, 'measuring');
      await options.devices.tune(taken.value.model, job.signal);
      return taken;
    },
  };
}
