import type { InstalledModel } from '../../contract/model.ts';
import type { Activity, SetupState } from '../../contract/setup.ts';
import { describe } from '../hub/words.ts';
import type { JourneyRecord, Limit } from './records.ts';

/** What the disk and the keychain say about one remembered journey. */
export interface Findings {
  readonly model?: InstalledModel | undefined;
  /** Every official file of the plan stands in the cache with its length; the download step proves the bytes. */
  readonly complete: boolean;
  /** A limit of the Hub that still holds, met by this journey or by another. */
  readonly limit?: Limit | undefined;
}

/**
 * Where a journey goes on after a restart, from what is really there: a model -> ready; all official files, or a download
 * that was wanted -> download (which proves what is there and fetches only the rest); else ask the Hub again. The first
 * two need no network. Where the network is needed and the Hub asked to slow down, the journey waits until then.
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
  const next = (needsHub: boolean): Activity =>
    needsHub && findings.limit ? waitFor(repo, findings.limit) : { kind: 'working' };
  const proved = licence?.state === 'granted' || licence?.state === 'not-gated';
  if (plan && licence && proved) {
    if (findings.complete || record.wanted) {
      return { ...journey, licence, plan, step: 'download', activity: next(!findings.complete) };
    }
  }
  return {
    ...journey,
    ...(licence && { licence }),
    ...(plan && { plan }),
    step: 'access',
    activity: next(true),
  };
}

function waitFor(repo: string, { until, evidence }: Limit): Activity {
  return { kind: 'waiting', problem: describe('rate-limited', { repo }, evidence), nextCheckAt: until };
}
