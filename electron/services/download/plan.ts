/** What will be fetched, how much room that takes, and whether it fits; before the first byte of weights. */
import type { Commit, DownloadPlan, Dtype, ModelFile, RepoId } from '../../contract/model.ts';
import { failed, ok, type Result } from '../../contract/result.ts';
import { cachedBytes } from './cache.ts';
import { checkedCommit, checksumOf, repoPaths } from './cachePaths.ts';
import { freeSpace, partialBytes } from './diskUse.ts';
import { checksumsHidden, explainDisk } from './explain.ts';

/** What of a repository will be fetched, and what becomes of it here. */
export interface Edition {
  /** With real checksums. */
  readonly files: readonly ModelFile[];
  readonly dtype: Dtype;
  /** The authors made the ONNX files: nothing is converted. */
  readonly ready?: true;
  /** Bytes that will be written to the models folder. */
  readonly convertedBytes: number;
  readonly parameters: number;
  readonly architecture: string; // the class in config.json
}

export interface PlanOptions {
  readonly repo: RepoId;
  readonly commit: Commit;
  readonly edition: Edition;
  readonly hubCache: string;
  readonly modelsFolder: string;
  /** Measured in an earlier download of this computer. */
  readonly bytesPerSecond?: number | undefined;
}

// Room that stays free for journals, state files and the rest of the computer.
const margin = 256 * 2 ** 20;

interface Space {
  readonly bytes: number;
  readonly device: number;
}

/** Whether both folders have room; on one device the needs add up. `free` is the tighter of the two. Bytes. */
export function judgeSpace(
  cache: Space,
  models: Space,
  need: { readonly download: number; readonly converted: number },
): { readonly fits: boolean; readonly free: number } {
  if (cache.device === models.device) {
    const free = Math.min(cache.bytes, models.bytes);
    return { free, fits: need.download + need.converted + margin <= free };
  }
  const fits = need.download + margin <= cache.bytes && need.converted + margin <= models.bytes;
  return { fits, free: Math.min(cache.bytes, models.bytes) };
}

/**
 * Plans one model. Problems: 'access-unknown' while the Hub hides checksums, 'disk-trouble'.
 * A plan that does not fit is still a plan (`fits` false).
 */
export async function makePlan(options: PlanOptions): Promise<Result<DownloadPlan>> {
  const { repo, edition, hubCache, modelsFolder, bytesPerSecond } = options;
  const commit = checkedCommit(options.commit);
  let totalBytes = 0;
  let cached = 0;
  try {
    for (const file of edition.files) {
      const checksum = checksumOf(file);
      if (checksum === undefined || !Number.isSafeInteger(file.bytes) || file.bytes < 0) {
        return failed(checksumsHidden(file.path));
      }
      totalBytes += file.bytes;
      if (!Number.isSafeInteger(totalBytes)) return failed(checksumsHidden(file.path));
      cached += await cachedBytes(hubCache, repo, commit, file, checksum);
    }
    const started = await partialBytes(repoPaths(hubCache, repo).own);
    const missing = Math.max(0, totalBytes - cached - started);
    const { fits, free } = judgeSpace(await freeSpace(hubCache), await freeSpace(modelsFolder), {
      download: missing,
      converted: edition.convertedBytes,
    });
    return ok({
      repo,
      commit,
      ...edition,
      totalBytes,
      cachedBytes: cached,
      freeBytes: free,
      fits,
      ...(bytesPerSecond !== undefined && { secondsLeft: Math.ceil(missing / bytesPerSecond) }),
    });
  } catch (error) {
    const problem = explainDisk(repo, error, totalBytes - cached, hubCache);
    if (problem === undefined) throw error;
    return failed(problem);
  }
}
