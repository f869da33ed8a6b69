import type { ProblemCode } from '../../electron/contract/problem.ts';
import type { SetupState } from '../../electron/contract/setup.ts';
import { problemOf } from '../journey/look.ts';

export type Link = 'passed' | 'here' | 'later';

/** Which door each problem stands at: 0 token, 1 account, 2 model, 3 licence, 4 files. */
const doors: Partial<Readonly<Record<ProblemCode, number>>> = {
  'no-token': 0,
  'token-malformed': 0,
  'token-not-accepted': 0,
  'token-hidden': 1,
  'token-lacks-gated': 1,
  'organisation-policy': 1,
  'repo-not-found': 2,
  'repo-unknown-without-token': 2,
  'repo-renamed': 2,
  'repo-disabled': 2,
  'region-blocked': 2,
};

/** The five doors of a journey in order: passed, the one it stands at, not reached. */
export function chainOf(journey: SetupState): readonly Link[] {
  const stuck = problemOf(journey.activity);
  const byStep = { 'sign-in': 0, access: 3, download: 4, prepare: 5, ready: 5 }[journey.step];
  const at = (stuck && doors[stuck.problem.code]) ?? byStep;
  return [0, 1, 2, 3, 4].map((door) => (door < at ? 'passed' : door === at ? 'here' : 'later'));
}
