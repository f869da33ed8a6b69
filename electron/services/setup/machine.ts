/**
 * The journey of one model as a pure state machine: (state, event) -> state. It decides nothing about how things are
 * done (runner.ts) nor where to begin after a restart (resume.ts).
 */
import type { DownloadPlan, Dtype, InstalledModel } from '../../contract/model.ts';
import type { Problem, ProblemCode } from '../../contract/problem.ts';
import { assertNever } from '../../contract/result.ts';
import type { Activity, LicenceStatus, Progress, SetupState } from '../../contract/setup.ts';
import { isPassing } from './nextLook.ts';

export type SetupEvent =
  | { readonly type: 'check' }
  | {
      readonly type: 'checked';
      readonly licence?: LicenceStatus | undefined;
      readonly plan?: DownloadPlan | undefined;
      readonly problem?: Problem | undefined;
      readonly nextCheckAt?: number | undefined;
      /** The wait for approval has just ended: go on without asking again. */
      readonly afterWait: boolean;
    }
  /** The person went to the licence page: the app looks by itself whether the form was sent. */
  | { readonly type: 'expected'; readonly nextCheckAt: number }
  | { readonly type: 'start' }
  | { readonly type: 'pause' }
  | { readonly type: 'progress'; readonly progress: Progress; readonly note?: string }
  | { readonly type: 'downloaded' }
  | { readonly type: 'prepared'; readonly model: InstalledModel }
  /** With `nextCheckAt` the app tries again by itself (the network is away); without, the person must act. */
  | { readonly type: 'failed'; readonly problem: Problem; readonly nextCheckAt?: number | undefined }
  | { readonly type: 'autoStart'; readonly on: boolean };

/** Problems that a person solves in the sign-in row, because the token is what must change. */
const tokenProblems: ReadonlySet<ProblemCode> = new Set([
  'no-token',
  'token-malformed',
  'token-not-accepted',
  'token-lacks-gated',
  'repo-unknown-without-token',
  'organisation-policy',
]);

const nothingYet: Progress = { doneBytes: 0, totalBytes: 0, bytesPerSecond: 0 };

/** A journey that has just been chosen: the first thing to do is to ask the Hub. */
export function begin(repo: string, dtype: Dtype, addedAt: number): SetupState {
  return { repo, dtype, addedAt, autoStart: true, step: 'access', activity: { kind: 'working' } };
}

/** Total: an event that does not fit the state leaves it as it is (a late answer of a stopped effect, say). */
export function next(state: SetupState, event: SetupEvent): SetupState {
  switch (event.type) {
    case 'check':
      return canCheck(state) ? { ...state, step: 'access', activity: lookingAgain(state) } : state;
    case 'checked':
      return state.step === 'access' && state.activity.kind === 'working' ? afterCheck(state, event) : state;
    case 'expected':
      return state.step === 'access' && state.activity.kind === 'blocked'
        ? {
            ...state,
            activity: { kind: 'waiting', problem: state.activity.problem, nextCheckAt: event.nextCheckAt },
          }
        : state;
    case 'start':
      return (state.step === 'download' || state.step === 'prepare') && state.activity.kind !== 'working'
        ? { ...state, activity: { kind: 'working' } }
        : state;
    case 'pause':
      if (state.activity.kind !== 'working') return state;
      if (state.step === 'prepare') return { ...state, activity: { kind: 'idle' } }; // it begins anew, later
      return state.step === 'download'
        ? { ...state, activity: { kind: 'paused', progress: state.activity.progress ?? nothingYet } }
        : state;
    case 'progress':
      return (state.step === 'download' || state.step === 'prepare') && state.activity.kind === 'working'
        ? {
            ...state,
            activity: { kind: 'working', progress: event.progress, ...(event.note && { note: event.note }) },
          }
        : state;
    case 'downloaded':
      return state.step === 'download' ? { ...state, step: 'prepare', activity: { kind: 'working' } } : state;
    case 'prepared': {
      if (state.step !== 'prepare') return state;
      const { plan: _plan, ...rest } = state;
      return { ...rest, step: 'ready', activity: { kind: 'idle' }, model: event.model };
    }
    case 'failed': {
      if (state.step === 'ready') return state;
      const { problem, nextCheckAt } = event;
      return {
        ...state,
        activity: nextCheckAt === undefined ? { kind: 'blocked', problem } : { kind: 'waiting', problem, nextCheckAt },
      };
    }
    case 'autoStart':
      return { ...state, autoStart: event.on };
    default:
      return assertNever(event);
  }
}

/** Only what stands in the licence row stays there meanwhile; a check from another row is news of its own. */
function lookingAgain({ step, activity }: SetupState): Activity {
  const stuck = step === 'access' && (activity.kind === 'waiting' || activity.kind === 'blocked');
  return stuck ? { kind: 'working', again: activity.problem } : { kind: 'working' };
}

function canCheck(state: SetupState): boolean {
  if (state.step === 'ready') return false;
  // Bytes in flight prove access better than any question; a check would only interrupt them.
  return !((state.step === 'download' || state.step === 'prepare') && state.activity.kind === 'working');
}

function afterCheck(state: SetupState, event: Extract<SetupEvent, { type: 'checked' }>): SetupState {
  const { licence, plan, problem } = event;
  // A network that is away, or a Hub that asks for a pause, says nothing about access: what was known still holds.
  const known = problem && isPassing(problem.code) ? state.licence : undefined;
  const now = known && licence?.state === 'unknown' ? known : (licence ?? known);
  const facts = { ...(now && { licence: now }), ...(plan && { plan }) };
  const { repo, dtype, addedAt, autoStart } = state;
  const journey = { repo, dtype, addedAt, autoStart };
  if (problem) {
    if (tokenProblems.has(problem.code)) {
      return { ...journey, ...facts, step: 'sign-in', activity: { kind: 'blocked', problem } };
    }
    const { nextCheckAt } = event;
    return {
      ...journey,
      ...facts,
      step: 'access',
      activity: nextCheckAt === undefined ? { kind: 'blocked', problem } : { kind: 'waiting', problem, nextCheckAt },
    };
  }
  if (!licence || !plan) throw new Error('a check without a problem must bring licence and plan');
  const goOn = event.afterWait && autoStart && plan.fits;
  return { ...journey, licence, plan, step: 'download', activity: { kind: goOn ? 'working' : 'idle' } };
}
