import type { DownloadPlan, Dtype, InstalledModel } from '../../contract/model.ts';
import type { Problem, ProblemCode } from '../../contract/problem.ts';
import type { Result } from '../../contract/result.ts';
import type { LicenceStatus, Progress, SetupState } from '../../contract/setup.ts';
import { type LogEntry } from '../ports.ts';
import { internal } from '../explain.ts';
import { next, type SetupEvent } from './machine.ts';

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
  send(event: SetupEvent): void;
  /** Starts what the first state asks for. */
  start(): void;
  close(): void;
}

/** Problems that go away by themselves: the app tries again without being asked. */
const passing: ReadonlySet<ProblemCode> = new Set([
  'offline',
  'hub-trouble',
  'rate-limited',
  'proxy-or-portal',
  'not-the-hub',
  // another Latchkey works on the same model: when it is done, its files are found here
  'busy',
]);

/** 15 s: soon enough to feel automatic after a cable is plugged in, rare enough to cost nothing. */
const retrySeconds = 15;

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
  readonly effects: SetupEffects;
  readonly approvalPoll: { readonly firstSeconds: number; readonly laterSeconds: number };
  readonly now: () => number;
  readonly onChange: (state: SetupState, previous: SetupState) => void;
  readonly log: (entry: LogEntry) => void;
}): Runner {
  const { effects, now } = options;
  let state = options.initial;
  let running: { readonly name: EffectName; readonly abort: AbortController } | undefined;
  let waited = options.waited;
  let polls = 0;
  let lastReport = 0;

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
      if (!signal.aborted) send({ type: 'progress', progress, ...(note !== undefined && { note }) });
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
        if (signal.aborted) return;
        settle(own, done.ok ? { type: 'prepared', model: done.value } : failure(done.problem));
        return;
      }
      case 'wait': {
        const at = state.activity.kind === 'waiting' ? (state.activity.nextCheckAt ?? now()) : now();
        await sleepUntil(at, now, signal);
        if (signal.aborted) return;
        settle(own, state.step === 'download' || state.step === 'prepare' ? { type: 'start' } : { type: 'check' });
      }
    }
  };

  const checked = (found: CheckFindings): SetupEvent => {
    const afterWait = waited && found.problem === undefined;
    const pending = found.problem?.code === 'access-pending';
    if (pending) {
      waited = true;
      polls += 1;
    } else if (found.problem === undefined) {
      waited = false;
      polls = 0;
    }
    const { firstSeconds, laterSeconds } = options.approvalPoll;
    const retryAt = found.problem?.evidence.find((evidence) => evidence.retryAt !== undefined)?.retryAt;
    const nextCheckAt = pending
      ? now() + 1000 * (polls <= 10 ? firstSeconds : laterSeconds)
      : found.problem?.code === 'rate-limited'
        ? (retryAt ?? now() + 60_000)
        : undefined;
    return { type: 'checked', ...found, licence: found.licence && dated(found.licence), nextCheckAt, afterWait };
  };

  /** The Hub does not say since when a request is pending; the first time we saw it is the best that is known. */
  const dated = (licence: LicenceStatus): LicenceStatus => {
    if (licence.state !== 'pending') return licence;
    const before = state.licence?.state === 'pending' ? state.licence.pendingSince : undefined;
    return { ...licence, pendingSince: before ?? now() };
  };

  const failure = (problem: Problem): SetupEvent => ({
    type: 'failed',
    problem,
    nextCheckAt: passing.has(problem.code)
      ? (problem.evidence.find((evidence) => evidence.retryAt !== undefined)?.retryAt ?? now() + 1000 * retrySeconds)
      : undefined,
  });

  return {
    state: () => state,
    waited: () => waited,
    send,
    start: follow,
    close() {
      running?.abort.abort();
      running = undefined;
    },
  };
}

async function sleepUntil(at: number, now: () => number, signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, Math.max(0, at - now()));
  signal.addEventListener('abort', () => resolve(), { once: true });
  await promise;
  clearTimeout(timer);
}
