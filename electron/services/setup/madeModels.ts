import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { RepoId } from '../../contract/model.ts';
import type { Problem } from '../../contract/problem.ts';
import { removeTree } from '../durable/files.ts';
import type { ConvertOutput } from '../work/protocol.ts';
import type { Site } from './install.ts';

/**
 * Models that were made, and for whose proof the memory did not do: it may do later, or at the person's own risk, and
 * nothing has to be made again then. Known until the app closes; the next start sweeps their folders.
 */
export interface MadeModels {
  /** What stands whole at `site` from an earlier try; from now on it belongs to this one. */
  take(site: Site): Promise<ConvertOutput | undefined>;
  keep(site: Site, repo: RepoId, made: ConvertOutput): void;
  /** Removes what stands there of a repository that nobody waits for any more. */
  forget(repo: RepoId): Promise<void>;
}

export function createMadeModels(): MadeModels {
  const kept = new Map<string, { readonly site: Site; readonly repo: RepoId; readonly made: ConvertOutput }>();
  return {
    async take({ id, unfinished }) {
      const { site, made } = kept.get(id) ?? {};
      kept.delete(id);
      // Somebody may have freed the space, or moved the models elsewhere.
      return made && site?.unfinished === unfinished && (await isWhole(unfinished, made)) ? made : undefined;
    },
    keep: (site, repo, made) => void kept.set(site.id, { site, repo, made }),
    async forget(repo) {
      for (const one of [...kept.values()].filter((other) => other.repo === repo)) {
        kept.delete(one.site.id);
        await removeTree(one.site.unfinished);
      }
    },
  };
}

async function isWhole(folder: string, { files }: ConvertOutput): Promise<boolean> {
  const sizes = await Promise.all(
    files.map(({ path }) =>
      stat(join(folder, ...path.split('/'))).then(
        ({ size }) => size,
        () => -1,
      ),
    ),
  );
  return sizes.every((size, index) => size === files[index]?.bytes);
}

/** The end of a model that was made and not proved: where only the memory was in the way it is kept, if somebody keeps. */
export async function setAside(
  site: Site,
  { repo, made, madeModels }: { repo: RepoId; made: ConvertOutput; madeModels: MadeModels | undefined },
  { code }: Problem,
): Promise<void> {
  if (code === 'not-enough-memory' && madeModels) madeModels.keep(site, repo, made);
  else await removeTree(site.unfinished);
}
