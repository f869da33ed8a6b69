import type { InstalledModel } from '../../contract/model.ts';
import type { SetupState } from '../../contract/setup.ts';
import type { JourneyRecord } from './records.ts';

/** What the disk and the keychain say about one remembered journey. */
export interface Findings {
  readonly model?: InstalledModel | undefined;
  /** Every official file of the plan stands in the cache with its length; the download step proves the bytes. */
  readonly complete: boolean;
}

/**
 * Where a journey goes on after a restart, from what is really there: a model -> ready; all official files, or a download
 * that was wanted -> download (which proves what is there and fetches only the rest); else ask the Hub again. The first
 * two need no network.
 */
export function resume(record: JourneyRecord, findings: Findings): SetupState {
  const { repo, dtype, addedAt, autoStart, licence, plan } = record;
  const journey = { repo, dtype, addedAt, autoStart };
  if (findings.model) {
    return {
      ...journey,
      step: 'ready',
      activity: { kind: 'idle' },
      model: findings.model,
      ...(licence && { licence }),
    };
  }
  const proved = licence?.state === 'granted' || licence?.state === 'not-gated';
  if (plan && licence && proved) {
    if (findings.complete || record.wanted) {
      return { ...journey, licence, plan, step: 'download', activity: { kind: 'working' } };
    }
  }
  return {
    ...journey,
    ...(licence && { licence }),
    ...(plan && { plan }),
    step: 'access',
    activity: { kind: 'working' },
  };
}
