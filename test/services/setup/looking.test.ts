/** When a journey that is held up looks again by itself, and when only the person can help. */
import { describe, expect, test } from 'vitest';
import type { ProblemCode } from '../../../electron/contract/problem.ts';
import type { LicenceStatus } from '../../../electron/contract/setup.ts';
import type { CheckFindings } from '../../../electron/services/setup/runner.ts';
import { granted, licence, neverAsked, pending, problem, repo, world } from './scriptedJourneys.ts';

describe('looking again', () => {
  test.each<ProblemCode>(['offline', 'hub-trouble', 'rate-limited', 'proxy-or-portal', 'not-the-hub', 'busy'])(
    'an access check that meets %s is repeated by itself',
    async (code) => {
      const limited = { ...problem(code), evidence: [{ retryAt: Date.now() + 30 }] };
      const { journeys, seen, reach } = world({ checks: [{ problem: limited }, { problem: limited }, granted] });
      journeys.choose(repo, 'q4');
      await reach('download/idle');
      expect(seen).toEqual(['check', 'check', 'check']);
    },
  );

  test.each<ProblemCode>(['tls-intercepted', 'no-token', 'access-rejected', 'region-blocked', 'access-never-asked'])(
    'an access check that meets %s waits for the person',
    async (code) => {
      const { journeys, seen } = world({ checks: [{ problem: problem(code) }] });
      journeys.choose(repo, 'q4');
      await expect.poll(() => journeys.list()[0]?.activity.kind).toBe('blocked');
      await new Promise((resolve) => setTimeout(resolve, 100));
      expect(seen).toEqual(['check']);
    },
  );

  test('looks by itself once the licence page was opened, tells the person, and goes on to the end', async () => {
    const { journeys, seen, notes, reach } = world({ checks: [neverAsked, neverAsked, pending, granted] });
    journeys.choose(repo, 'q4');
    await reach('access/blocked');
    journeys.visited(repo);
    await reach('ready/idle');
    expect(seen).toEqual(['check', 'check', 'check', 'check', 'download', 'prepare']);
    expect(notes).toEqual(['Access granted', 'Ready to chat']);
  });

  test('still looks after a restart whether the form was sent', async () => {
    const first = world({ checks: [neverAsked], pace: { firstSeconds: 60 } });
    first.journeys.choose(repo, 'q4');
    await first.reach('access/blocked');
    first.journeys.visited(repo);
    await first.reach('access/waiting');
    await first.journeys.close();
    const second = world({ checks: [neverAsked, neverAsked, granted] });
    await second.journeys.start();
    await second.reach('ready/idle');
    expect(second.notes).toEqual(['Access granted', 'Ready to chat']);
  });

  test('a limit of the Hub stops the looks of every journey until its own time, and no longer', async () => {
    let end = 0;
    const limit = (): CheckFindings => {
      end = Date.now() + 250; // from the moment at which the Hub says so, however late that is
      return { problem: { ...problem('rate-limited'), evidence: [{ retryAt: end }] } };
    };
    const { journeys, checkedAt, reach } = world({ checks: [pending, limit], pace: { laterSeconds: 0.02 } });
    journeys.choose(repo, 'q4');
    journeys.choose('org/other', 'q4');
    await reach('ready/idle');
    expect(checkedAt[2]).toBeGreaterThanOrEqual(end);
  });

  test('what was known of the licence survives a network that goes away', async () => {
    const since = { ...pending, licence: { ...licence, state: 'pending', pendingSince: 7 } as LicenceStatus };
    const { journeys, notes, reach } = world({ checks: [since, { problem: problem('offline') }, granted] });
    journeys.choose(repo, 'q4');
    await reach('ready/idle');
    expect(notes).toContain('Access granted');
  });

  test('switched off on purpose, it asks nothing, and goes on when the network is switched on', async () => {
    const { journeys, seen, reach, network } = world({ checks: [{ problem: problem('offline') }] });
    network.off = true;
    journeys.choose(repo, 'q4');
    await reach('access/blocked');
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(seen).toEqual(['check']);
    network.off = false;
    journeys.networkChanged();
    await reach('download/idle');
  });

  test.each(['offline', 'cdn-blocked', 'hub-trouble', 'proxy-or-portal', 'not-the-hub'] as const)(
    'what "%s" holds up is tried again as soon as the network is another one',
    async (code) => {
      const { journeys, reach } = world({ checks: [{ problem: problem(code) }], pace: { retrySeconds: 60 } });
      journeys.choose(repo, 'q4');
      await reach('access/waiting');
      journeys.networkChanged();
      await reach('download/idle');
    },
  );

  test.each(['rate-limited', 'access-pending', 'access-rejected'] as const)(
    'what "%s" holds up is not: another network changes nothing there',
    async (code) => {
      const held = { problem: problem(code) };
      const { journeys, seen } = world({ checks: [held], pace: { firstSeconds: 60, retrySeconds: 60 } });
      journeys.choose(repo, 'q4');
      await expect.poll(() => journeys.list()[0]?.activity.kind).not.toBe('working');
      journeys.networkChanged();
      await new Promise((resolve) => setTimeout(resolve, 50));
      expect(seen).toEqual(['check']);
    },
  );
});
