import { hubRepoOf, type InstalledModel } from '../../electron/contract/model.ts';
import type { Problem, ProblemCode } from '../../electron/contract/problem.ts';
import { type Activity, type SetupState, type Step, steps } from '../../electron/contract/setup.ts';
import type { Door } from '../text/en.ts';

export type RowState = 'done' | 'current' | 'later';

/** Where a row stands when the journey is at `at`. */
export function rowState(row: Step, at: Step | undefined): RowState {
  if (at === undefined) return 'later';
  const distance = steps.indexOf(row) - steps.indexOf(at);
  return distance < 0 ? 'done' : distance === 0 ? 'current' : 'later';
}

/** What no licence opens, whatever it says. */
const shut: ReadonlySet<ProblemCode> = new Set(['repo-disabled', 'region-blocked']);

/**
 * The door to show for a journey: what its problem says of it, else what was learnt of the licence, else unknown. Refused
 * in the middle of a download, what was learnt before does not hold any more, and what holds now was not asked yet.
 */
export function doorOf(journey: SetupState | undefined): Door {
  if (!journey) return 'unknown';
  const code = standingProblemOf(journey.activity)?.problem.code;
  if (code !== undefined && shut.has(code)) return 'closed';
  if (code === 'access-lost') return 'unknown';
  if (journey.licence) return journey.licence.state;
  return journey.step === 'ready' ? doorOfModel(journey.model) : 'unknown';
}

/** An installed model was granted to the account noted at its download; without one it was open to everybody. */
export function doorOfModel(model: InstalledModel): Door {
  if (hubRepoOf(model) === undefined) return 'folder';
  return model.licenceAccount === undefined ? 'not-gated' : 'granted';
}

/** The problem an activity carries, if any. */
export function problemOf(activity: Activity): Extract<Activity, { kind: 'waiting' | 'blocked' }> | undefined {
  return activity.kind === 'waiting' || activity.kind === 'blocked' ? activity : undefined;
}

/** As `problemOf`, also while the problem is looked at again: it does not blink away and back at every check. */
export function standingProblemOf(
  activity: Activity,
): { readonly problem: Problem; readonly nextCheckAt?: number } | undefined {
  if (activity.kind !== 'working') return problemOf(activity);
  // A check that runs is due now, whatever time it is.
  return activity.again && { problem: activity.again, nextCheckAt: 0 };
}

/** Minutes to prepare a model of this many parameters, at 1 min per billion: an assumption, to be replaced by a measurement. */
export function prepareMinutes(parameters: number): string {
  const minutes = Math.max(1, Math.round(parameters / 1e9));
  return `${minutes} min`;
}
