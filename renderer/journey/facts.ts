import type { Account, SetupState, Step } from '../../electron/contract/setup.ts';
import { ago, bytes } from '../text/format.ts';
import { t } from '../text/en.ts';
import { standingProblemOf } from './look.ts';

/** The one line a finished row collapses to. */
export function doneFact(step: Step, journey: SetupState, account: Account | undefined, now: number): string {
  const { licence } = journey;
  switch (step) {
    case 'sign-in': {
      if (account) return t.journey.signIn.done(account.name, t.access.kinds[account.kind], account.ending);
      return licence && licence.gate !== 'none' ? t.journey.signIn.doneStored : t.journey.signIn.notNeeded;
    }
    case 'access': {
      if (standingProblemOf(journey.activity)?.problem.code === 'access-lost') return t.journey.licence.lost;
      if (licence?.state === 'not-gated') return t.journey.licence.notGated;
      if (licence) return t.journey.licence.done(licence.account, ago(licence.checkedAt, now));
      const holder = journey.step === 'ready' ? journey.model.licenceAccount : undefined;
      const when = journey.step === 'ready' ? ago(journey.model.installedAt, now) : '';
      return holder === undefined ? t.journey.licence.notGated : t.journey.licence.done(holder, when);
    }
    case 'download':
      return t.journey.download.done(
        'plan' in journey && journey.plan ? bytes(journey.plan.totalBytes) : t.journey.download.allFiles,
      );
    case 'prepare':
      return t.journey.prepare.done(journey.dtype);
    case 'ready':
      return t.journey.later.ready;
  }
}
