import { join } from 'node:path';
import { type Dtype, hubRepoOf, type InstalledModel } from '../../contract/model.ts';
import { failed, ok, type Result } from '../../contract/result.ts';
import { notFound } from '../explain.ts';
import type { Engine } from '../generation/engine.ts';
import { listModels, readManifest, removeModel, writeManifest } from './manifest.ts';

/** The installed models as the app sees them; the disk is asked at start and after each change. */
export interface Library {
  refresh(): Promise<void>;
  list(): readonly InstalledModel[];
  byId(id: string): InstalledModel | undefined;
  find(repo: string, dtype: Dtype): InstalledModel | undefined;
  remove(id: string): Promise<Result<undefined>>;
  /** Runs the built-in prompt again and keeps the new answer. */
  sanityCheck(id: string): Promise<Result<InstalledModel>>;
}

export function createLibrary(options: {
  /** Where the models are right now. */
  readonly folder: () => string;
  readonly engine: Engine;
  readonly onChange: (models: readonly InstalledModel[]) => void;
}): Library {
  let models: readonly InstalledModel[] = [];
  const refresh = async (): Promise<void> => {
    models = await listModels(options.folder());
    options.onChange(models);
  };
  const byId = (id: string): InstalledModel | undefined => models.find((model) => model.id === id);
  return {
    refresh,
    list: () => models,
    byId,
    // What was published ready has whichever dtype its authors chose.
    find: (repo, dtype) => models.find((model) => hubRepoOf(model) === repo && (model.dtype === dtype || model.ready)),
    async remove(id) {
      const model = byId(id);
      if (!model) return failed(notFound('model'));
      await options.engine.unload(); // Windows cannot remove mapped files
      await removeModel(options.folder(), model.id);
      await refresh();
      return ok(undefined);
    },
    async sanityCheck(id) {
      const model = byId(id);
      const folder = model && join(options.folder(), model.id);
      const manifest = folder && (await readManifest(folder));
      if (!model || !folder || !manifest) return failed(notFound('model'));
      const sanity = await options.engine.sanityCheck(model, folder);
      if (!sanity.ok) return sanity;
      const checked = { ...model, sanity: sanity.value };
      await writeManifest(folder, { ...manifest, model: checked });
      await refresh();
      return ok(checked);
    },
  };
}
