import { join } from 'node:path';
import type { InstalledModel } from '../../contract/model.ts';
import { failed, ok, type Result } from '../../contract/result.ts';
import type { StateFile } from '../durable/stateFile.ts';
import { modelDamaged } from '../storage/explain.ts';
import { listModels, readManifest, verifyModel } from './manifest.ts';

/** What is remembered of the run before. */
export interface LastRun {
  /** It has not ended yet, or it ended without saying so: killed, crashed, out of power. */
  readonly open: boolean;
  /** Models whose bytes are to be proved before they are loaded again. */
  readonly unproved: readonly string[];
}

export function isLastRun(value: unknown): value is LastRun {
  if (typeof value !== 'object' || value === null) return false;
  const { open, unproved } = value as Partial<LastRun>;
  return typeof open === 'boolean' && Array.isArray(unproved) && unproved.every((id) => typeof id === 'string');
}

/**
 * After an end that nobody ordered, a disk may hold other bytes than were written, under the right name and of the right
 * length. Each model that was there is proved once more against its manifest before its first load.
 */
export interface Unproved {
  /** Call it before anything is loaded. */
  start(): Promise<void>;
  /** Proves the model if that is due; 'model-damaged' when it is not what was prepared. */
  prove(model: InstalledModel, folder: string): Promise<Result<undefined>>;
  /** The end is ordered. */
  close(): Promise<void>;
}

export function createUnproved(file: StateFile<LastRun>, modelsFolder: () => string): Unproved {
  let due = new Set<string>();
  const save = (open: boolean): Promise<void> => file.write({ open, unproved: [...due] });
  return {
    async start() {
      const before = await file.read();
      due = new Set(before?.unproved);
      if (before?.open) for (const { id } of await listModels(modelsFolder())) due.add(id);
      await save(true);
    },
    async prove(model, folder) {
      const { id } = model;
      if (!due.has(id) || folder !== join(modelsFolder(), id)) return ok(undefined);
      const manifest = await readManifest(folder);
      const wrong = manifest ? await verifyModel(folder, manifest) : ['latchkey.json'];
      if (wrong.length > 0) return failed(modelDamaged(model, wrong));
      due.delete(id);
      await save(true);
      return ok(undefined);
    },
    close: () => save(false),
  };
}
