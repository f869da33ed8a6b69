import type { ProblemCode } from '../../electron/contract/problem.ts';
import type { SetupState } from '../../electron/contract/setup.ts';
import { problemOf } from '../journey/look.ts';
import { t } from '../text/en.ts';

/** The sentence that follows "Your text says ...": what asking the Hub brought, or that it is being asked. */
export function truthOf(claim: ProblemCode, journey: SetupState): string {
  const stuck = problemOf(journey.activity);
  if (stuck)
    return stuck.problem.code === claim ? t.claims.so(stuck.problem.title) : t.claims.truth(stuck.problem.title);
  if (journey.step === 'access' || journey.step === 'sign-in') return t.claims.asking;
  const { licence } = journey;
  return licence?.state === 'not-gated' ? t.claims.open : t.claims.granted(licence?.account);
}
