import type { DownloadPlan, Dtype, InstalledModel } from '../../contract/model.ts';
import type { Problem } from '../../contract/problem.ts';
import type { Result } from '../../contract/result.ts';
import type { LicenceStatus, Progress, SetupState } from '../../contract/setup.ts';
import { type LogEntry } from '../ports.ts';
import { internal } from '../explain.ts';
import { next, type SetupEvent } from './machine.ts';
import { freshPatience, isAnswerable, isOfTheNetwork, nextLook, type Pace, sleepUntil } from './nextLook.ts';

/** What the Hub said about one repository, and what fetching it would mean. */
export interface CheckFindings {
  readonly licence?: LicenceStatus | undefined;
  readonly plan?: DownloadPlan | undefined;
  readonly problem?: Problem | undefined;
}

type Report = (progress: Progress, note?: string) => void;

/** The three kinds of work a journey asks for. */
export interface SetupEffects {
  check(journey: { repo: string; dtype: Dtype }, options: { signal: AbortSignal }): Promise<CheckFindings>;
  download(plan: DownloadPlan, options: { signal: AbortSignal; report: Report }): Promise<Result<unknown>>;
  prepare(
    plan: DownloadPlan,
    licence: LicenceStatus,
    options: { signal: AbortSignal; report: Report },
  ): Promise<Result<InstalledModel>>;
}

export interface Runner {
  state(): SetupState;
  waited(): boolean;
  /** When the person went to the licence page, while its answer is still awaited. */
  expectedSince(): number | undefined;
  send(event: SetupEvent): void;
  /** The person went to the licence page: its answer may come any minute, and then the journey goes on by itself. */
  expect(): void;
  /** Tries again what the network, and nothing else, holds up. */
  networkChanged(): void;
  /** Starts what the first state asks for. */
  start(): void;
  close(): void;
}

/** One limit of the Hub holds for all journeys of this computer. */
export interface QuietPeriod {
  /** ms since epoch; in the past when nothing forbids a question. */
  until(): number;
  extend(until: number): void;
}

type EffectName = 'check' | 'download' | 'prepare' | 'wait' | 'none';

function effectOf(state: SetupState): EffectName {
  if (state.activity.kind === 'waiting' && state.activity.nextCheckAt !== undefined) return 'wait';
  if (state.activity.kind !== 'working') return 'none';
  if (state.step === 'access') return 'check';
  return state.step === 'download' || state.step === 'prepare' ? state.step : 'none';
}

/**
 * Runs one journey: looks at each new state, keeps exactly the one effect alive that it names, feeds what comes of it
 * back as events. One AbortController per effect; a late answer of an aborted effect is dropped.
 */
export function createRunner(options: {
  readonly initial: SetupState;
  readonly waited: boolean;
  readonly expectedSince?: number | undefined;
  readonly effects: SetupEffects;
  readonly pace: Pace;
  readonly quiet: QuietPeriod;
  readonly isOffline: () => boolean;
  readonly now: () => number;
  readonly onChange: (state: SetupState, previous: SetupState) => void;
  readonly log: (entry: LogEntry) => void;
}): Runner {
  const { effects, now } = options;
  let state = options.initial;
  let running: { readonly name: EffectName; readonly abort: AbortController } | undefined;
  let waited = options.waited;
  let expectedSince = options.expectedSince;
  let patience = freshPatience;
  let lastReport = 0;
  let closed = false;

  const send = (event: SetupEvent): void => {
    const previous = state;
    state = next(state, event);
    if (state === previous) return;
    if (event.type === 'progress') {
      // At most 10 per second reach the page; the state itself is always the newest.
      if (now() - lastReport < 100 && event.progress.doneBytes < event.progress.totalBytes) return;
      lastReport = now();
    } else {
      options.log({
        area: 'setup',
        event: event.type,
        repo: state.repo,
        step: state.step,
        activity: state.activity.kind,
      });
    }
    options.onChange(state, previous);
    follow();
  };

  const follow = (): void => {
    const name = effectOf(state);
    if (running?.name === name && name !== 'wait') return;
    running?.abort.abort();
    running = undefined;
    if (name === 'none') return;
    const abort = new AbortController();
    running = { name, abort };
    void run(name, abort.signal).catch((error: unknown) => {
      if (!abort.signal.aborted) settle(abort, { type: 'failed', problem: internal(error) });
    });
  };

  /** Ends the current effect before its event is applied, so that the next state may start the same effect again. */
  const settle = (abort: AbortController, event: SetupEvent): void => {
    if (running?.abort !== abort) return;
    running = undefined;
    try {
      send(event);
    } catch (error) {
      send({ type: 'failed', problem: internal(error) });
    }
    follow();
  };

  const run = async (name: Exclude<EffectName, 'none'>, signal: AbortSignal): Promise<void> => {
    const own = running?.abort;
    if (!own) return;
    const report: Report = (progress, note) => {
      if (signal.aborted) return;
      // Bytes arrive: the next failure is a first one again.
      if (progress.bytesPerSecond > 0) patience = freshPatience;
      send({ type: 'progress', progress, ...(note !== undefined && { note }) });
    };
    switch (name) {
      case 'check': {
        const found = await effects.check(state, { signal });
        if (signal.aborted) return;
        settle(own, checked(found));
        return;
      }
      case 'download': {
        if (state.step !== 'download') return;
        const done = await effects.download(state.plan, { signal, report });
        if (signal.aborted) return;
        settle(own, done.ok ? { type: 'downloaded' } : failure(done.problem));
        return;
      }
      case 'prepare': {
        if (state.step !== 'prepare') return;
        const done = await effects.prepare(state.plan, state.licence, { signal, report });
        // Stopped when only the measurement was left: the model is there all the same.
        if (signal.aborted && done.ok && !closed) send({ type: 'prepared', model: done.value });
        if (signal.aborted) return;
        settle(own, done.ok ? { type: 'prepared', model: done.value } : failure(done.problem));
        return;
      }
      case 'wait': {
        const at = state.activity.kind === 'waiting' ? (state.activity.nextCheckAt ?? now()) : now();
        await sleepUntil(() => Math.max(at, options.quiet.until()), now, signal);
        if (signal.aborted) return;
        settle(own, state.step === 'download' || state.step === 'prepare' ? { type: 'start' } : { type: 'check' });
      }
    }
  };

  const lookAfter = (problem: Problem): number | undefined => {
    const switchedOff = options.isOffline();
    const next = nextLook(problem, { patience, pace: options.pace, now: now(), expectedSince, switchedOff });
    patience = next.patience;
    if (problem.code === 'rate-limited' && next.at !== undefined) options.quiet.extend(next.at);
    return next.at;
  };

  const checked = (found: CheckFindings): SetupEvent => {
    const { problem } = found;
    const afterWait = waited && problem === undefined;
    if (problem?.code === 'access-pending') waited = true;
    if (problem === undefined) {
      waited = false;
      expectedSince = undefined;
      patience = freshPatience;
    }
    const nextCheckAt = problem && lookAfter(problem);
    return { type: 'checked', ...found, licence: found.licence && dated(found.licence), nextCheckAt, afterWait };
  };

  /** The Hub does not say since when a request is pending; the first time we saw it is the best that is known. */
  const dated = (licence: LicenceStatus): LicenceStatus => {
    if (licence.state !== 'pending') return licence;
    const before = state.licence?.state === 'pending' ? state.licence.pendingSince : undefined;
    return { ...licence, pendingSince: before ?? now() };
  };

  const failure = (problem: Problem): SetupEvent => ({ type: 'failed', problem, nextCheckAt: lookAfter(problem) });

  return {
    state: () => state,
    waited: () => waited,
    expectedSince: () => expectedSince,
    send,
    expect() {
      if (state.step !== 'access') return;
      waited = true;
      expectedSince = now();
      patience = freshPatience;
      const { activity } = state;
      if (activity.kind !== 'blocked' || !isAnswerable(activity.problem.code)) return;
      const nextCheckAt = lookAfter(activity.problem);
      if (nextCheckAt !== undefined) send({ type: 'expected', nextCheckAt });
    },
    networkChanged() {
      const { step, activity } = state;
      if (activity.kind !== 'blocked' && activity.kind !== 'waiting') return;
      if (!isOfTheNetwork(activity.problem.code)) return;
      patience = freshPatience;
      send(step === 'download' || step === 'prepare' ? { type: 'start' } : { type: 'check' });
    },
    start: follow,
    close() {
      closed = true;
      running?.abort.abort();
      running = undefined;
    },
  };
}
