import type { Problem, ProblemCode } from '../../contract/problem.ts';

/** Pauses between two looks, in seconds. */
export interface Pace {
  /** A request the authors have not answered: gentle at first, then gentler. */
  readonly firstSeconds: number;
  readonly laterSeconds: number;
  /** The network or the Hub is away: soon enough to feel automatic after a cable is plugged in. */
  readonly retrySeconds: number;
}

/** What one journey's clock remembers between two looks. */
export interface Patience {
  /** Looks at an unanswered request so far. */
  readonly looks: number;
  /** Looks in a row that the network or a limit of the Hub spoiled. */
  readonly spoiled: number;
}

export const freshPatience: Patience = { looks: 0, spoiled: 0 };

/** Problems that go away by themselves: the app tries again without being asked. */
const passing: ReadonlySet<ProblemCode> = new Set([
  'offline',
  'hub-trouble',
  'cdn-blocked',
  'rate-limited',
  'proxy-or-portal',
  'not-the-hub',
  // another Latchkey works on the same model: when it is done, its files are found here
  'busy',
]);

/** Licence states that change when the person sends the form on the licence page. */
const answerable: ReadonlySet<ProblemCode> = new Set(['access-never-asked', 'access-reset']);

const quickLooks = 10;
const quickRetries = 4;
/** A limit that names no end: a minute, doubled each time it is met again, a quarter of an hour at most. */
const limitSeconds = { first: 60, most: 900 };
/** Whoever has not sent the form a day after looking at it has changed their mind; the window's focus still asks. */
const expectedMilliseconds = 24 * 3_600_000;

/** True when the problem says nothing about access, so that what was known of it still holds. */
export function isPassing(code: ProblemCode): boolean {
  return passing.has(code);
}

/** True when another way to the network may be all it takes. */
export function isOfTheNetwork(code: ProblemCode): boolean {
  return passing.has(code) && code !== 'rate-limited' && code !== 'busy';
}

/** True when a form sent on the licence page would answer the problem. */
export function isAnswerable(code: ProblemCode): boolean {
  return answerable.has(code);
}

/**
 * PURE: when to look again by itself, in ms since epoch, and what to remember until then. Without a time the person has
 * to act. A limit of the Hub is its own clock: the pace of the looks ends there and goes on gentler than before.
 */
export function nextLook(
  problem: Problem,
  known: {
    readonly patience: Patience;
    readonly pace: Pace;
    readonly now: number;
    /** When the person went to the licence page, if they did. */
    readonly expectedSince?: number | undefined;
    /** The network is switched off on purpose: only switching it on helps. */
    readonly switchedOff: boolean;
  },
): { readonly at: number | undefined; readonly patience: Patience } {
  const { patience, pace, now, expectedSince } = known;
  const { looks, spoiled } = patience;
  const afterSeconds = (seconds: number): number => now + 1000 * seconds;
  if (problem.code === 'rate-limited') {
    const named = problem.evidence.find(({ retryAt }) => retryAt !== undefined)?.retryAt;
    const own = afterSeconds(Math.min(limitSeconds.first * 2 ** spoiled, limitSeconds.most));
    return { at: named ?? own, patience: { looks: quickLooks, spoiled: spoiled + 1 } };
  }
  if (isPassing(problem.code)) {
    if (problem.code === 'offline' && known.switchedOff) return { at: undefined, patience };
    const pause = spoiled < quickRetries ? pace.retrySeconds : Math.max(pace.retrySeconds, pace.firstSeconds);
    return { at: afterSeconds(pause), patience: { looks, spoiled: spoiled + 1 } };
  }
  const expected = expectedSince !== undefined && now - expectedSince < expectedMilliseconds;
  if (problem.code === 'access-pending' || (isAnswerable(problem.code) && expected)) {
    const pause = looks < quickLooks ? pace.firstSeconds : pace.laterSeconds;
    return { at: afterSeconds(pause), patience: { looks: looks + 1, spoiled: 0 } };
  }
  return { at: undefined, patience: freshPatience };
}

/** 30 s: a computer that slept wakes with its timers where they were, and this soon it notices the time that passed. */
const longestNap = 30_000;

/** Waits until the clock on the wall says so. `until` is asked again after each nap. Ends early when aborted. */
export async function sleepUntil(until: () => number, now: () => number, signal: AbortSignal): Promise<void> {
  while (!signal.aborted && until() > now()) {
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, Math.min(longestNap, until() - now()));
    signal.addEventListener('abort', () => resolve(), { once: true });
    await promise;
    clearTimeout(timer);
  }
}
