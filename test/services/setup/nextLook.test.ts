import { describe, expect, test, vi } from 'vitest';
import type { Problem, ProblemCode } from '../../../electron/contract/problem.ts';
import { freshPatience, nextLook, sleepUntil } from '../../../electron/services/setup/nextLook.ts';

const pace = { firstSeconds: 60, laterSeconds: 300, retrySeconds: 15 };
const now = 1_000_000_000;
const hour = 3_600_000;
const problem = (code: ProblemCode, retryAt?: number): Problem => ({
  code,
  title: '',
  explanation: '',
  actions: [],
  evidence: retryAt === undefined ? [] : [{ retryAt }],
});

/** Seconds until each of the next looks, the problem staying the same. */
function pauses(code: ProblemCode, times: number, more: { expectedSince?: number; switchedOff?: boolean } = {}) {
  let patience = freshPatience;
  return Array.from({ length: times }, () => {
    const next = nextLook(problem(code), { patience, pace, now, switchedOff: false, ...more });
    patience = next.patience;
    return next.at === undefined ? undefined : (next.at - now) / 1000;
  });
}

describe('the next look by itself', () => {
  test('at a request under review is a minute away ten times, then five', () => {
    expect(pauses('access-pending', 12)).toEqual([...Array<number>(10).fill(60), 300, 300]);
  });

  test.each<[string, ProblemCode, number | undefined, number | undefined]>([
    ['a form that was just looked at', 'access-never-asked', now - 1, 60],
    ['a form looked at hours ago', 'access-never-asked', now - 23 * hour, 60],
    ['a form looked at yesterday', 'access-never-asked', now - 25 * hour, undefined],
    ['a form nobody looked at', 'access-never-asked', undefined, undefined],
    ['a licence to be accepted again', 'access-reset', now - 1, 60],
    ['a declined request', 'access-rejected', now - 1, undefined],
    ['a missing token', 'no-token', now - 1, undefined],
    ['a foreign certificate', 'tls-intercepted', now - 1, undefined],
  ])('after %s (%s)', (_name, code, expectedSince, seconds) => {
    expect(pauses(code, 1, expectedSince === undefined ? {} : { expectedSince })).toEqual([seconds]);
  });

  test('while the network is away comes quickly at first, then gently', () => {
    expect(pauses('offline', 6)).toEqual([15, 15, 15, 15, 60, 60]);
    expect(pauses('hub-trouble', 5)).toEqual([15, 15, 15, 15, 60]);
  });

  test('never comes while the network is switched off on purpose', () => {
    expect(pauses('offline', 2, { switchedOff: true })).toEqual([undefined, undefined]);
  });

  test('after a limit keeps the time the Hub named', () => {
    const { at } = nextLook(problem('rate-limited', now + 12_000), {
      patience: freshPatience,
      pace,
      now,
      switchedOff: false,
    });
    expect(at).toBe(now + 12_000);
  });

  test('after a limit without a time backs off to a quarter of an hour', () => {
    expect(pauses('rate-limited', 6)).toEqual([60, 120, 240, 480, 900, 900]);
  });

  test('goes on at the gentler pace after a limit was met', () => {
    const limited = nextLook(problem('rate-limited'), { patience: freshPatience, pace, now, switchedOff: false });
    const { at } = nextLook(problem('access-pending'), { patience: limited.patience, pace, now, switchedOff: false });
    expect(at).toBe(now + 300_000);
  });
});

test('sleep notices that the clock on the wall has jumped, as after a computer slept', async () => {
  vi.useFakeTimers();
  try {
    let wall = 0;
    const awake = vi.fn();
    void sleepUntil(
      () => 3_600_000,
      () => wall,
      new AbortController().signal,
    ).then(awake);
    await vi.advanceTimersByTimeAsync(31_000);
    expect(awake).not.toHaveBeenCalled();
    wall = 3_600_001;
    await vi.advanceTimersByTimeAsync(31_000);
    expect(awake).toHaveBeenCalled();
  } finally {
    vi.useRealTimers();
  }
});
