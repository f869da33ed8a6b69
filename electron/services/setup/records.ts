import { isAbsolute } from 'node:path';
import { repoPattern } from '../../contract/ipc.ts';
import { type DownloadPlan, type Dtype, dtypes, type ModelFile } from '../../contract/model.ts';
import type { LicenceStatus, SetupState } from '../../contract/setup.ts';

/**
 * What is remembered of a journey between two runs: facts, never a step. Where it goes on is derived from the disk
 * (resume.ts), so a crash anywhere is just a restart.
 */
export interface JourneyRecord {
  readonly repo: string;
  readonly dtype: Dtype;
  readonly addedAt: number;
  readonly autoStart: boolean;
  readonly licence?: LicenceStatus;
  readonly plan?: DownloadPlan;
  /** The person had started the download (or let it start) and did not pause it. */
  readonly wanted: boolean;
  /** It was waiting for approval: when it is granted, it goes on by itself. */
  readonly waited: boolean;
  /** When the person went to the licence page, while the answer to its form is awaited; ms since epoch. */
  readonly expectedSince?: number;
}

/** The memory of one journey. */
export function recordOf(
  state: SetupState,
  { waited, expectedSince }: { readonly waited: boolean; readonly expectedSince: number | undefined },
): JourneyRecord {
  const { repo, dtype, addedAt, autoStart } = state;
  return {
    repo,
    dtype,
    addedAt,
    autoStart,
    ...(state.licence && { licence: state.licence }),
    ...(state.step !== 'ready' && state.plan && { plan: state.plan }),
    wanted:
      state.step === 'prepare' ||
      (state.step === 'download' && ['working', 'waiting', 'blocked'].includes(state.activity.kind)),
    waited,
    ...(expectedSince !== undefined && { expectedSince }),
  };
}

function isRecord(value: unknown): value is JourneyRecord {
  if (typeof value !== 'object' || value === null) return false;
  const { repo, dtype, addedAt, autoStart, plan, expectedSince } = value as Partial<JourneyRecord>;
  return (
    typeof repo === 'string' &&
    repoPattern.test(repo) &&
    dtypes.includes(dtype as Dtype) &&
    typeof addedAt === 'number' &&
    typeof autoStart === 'boolean' &&
    (expectedSince === undefined || typeof expectedSince === 'number') &&
    (plan === undefined ||
      (plan.repo === repo &&
        /^[0-9a-f]{40}$/.test(plan.commit) &&
        Array.isArray(plan.files) &&
        plan.files.every(({ path, bytes }: Partial<ModelFile>) => {
          return typeof path === 'string' && !isAbsolute(path) && Number.isSafeInteger(bytes);
        })))
  );
}

export function areRecords(value: unknown): value is readonly JourneyRecord[] {
  return Array.isArray(value) && value.every(isRecord);
}
