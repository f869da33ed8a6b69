import { describe, expect, test } from 'vitest';
import type { LicenceStatus } from '../../../electron/contract/setup.ts';
import { granted, licence, pending, problem, repo, world } from './scriptedJourneys.ts';

describe('running a journey', () => {
  test('waits for approval, tells the person, and goes on to the end by itself', async () => {
    const { journeys, seen, notes, reach } = world({ checks: [pending, pending, granted] });
    journeys.choose(repo, 'q4');
    await reach('ready/idle');
    expect(seen).toEqual(['check', 'check', 'check', 'download', 'prepare']);
    expect(notes).toEqual(['Access granted', 'Ready to chat']);
  });

  test('asks before downloading when there was nothing to wait for', async () => {
    const { journeys, seen, reach } = world({});
    journeys.choose(repo, 'q4');
    await reach('download/idle');
    expect(seen).toEqual(['check']);
    journeys.send(repo, { type: 'start' });
    await reach('ready/idle');
  });

  test('tells every change, from the first moment of a journey on', async () => {
    const { journeys, told, reach } = world({});
    journeys.choose(repo, 'q4');
    expect(told).toEqual(['access/working']);
    await reach('download/idle');
    expect(told).toEqual(['access/working', 'download/idle']);
  });

  test('stops the transfer when paused and keeps what was done', async () => {
    const { journeys, seen, reach } = world({ hangs: true });
    journeys.choose(repo, 'q4');
    await reach('download/idle');
    journeys.send(repo, { type: 'start' });
    await expect.poll(() => journeys.list()[0]?.activity).toMatchObject({ progress: { doneBytes: 4 } });
    journeys.send(repo, { type: 'pause' });
    await expect.poll(() => seen).toContain('stopped');
    expect(journeys.list()[0]?.activity).toMatchObject({ kind: 'paused', progress: { doneBytes: 4 } });
  });

  test.each([
    ['with the model', 'ready/idle'],
    ['without', 'prepare/idle'],
  ] as const)('stops preparing when told to: %s at hand it is %s', async (preparing, place) => {
    const { journeys, seen, reach } = world({ preparing, complete: true });
    journeys.choose(repo, 'q4');
    await reach('download/idle');
    journeys.send(repo, { type: 'start' });
    await reach('prepare/working');
    journeys.send(repo, { type: 'pause' });
    await expect.poll(() => seen).toContain('stopped');
    await reach(place);
  });

  test('a preparation that ends after everything was closed changes nothing', async () => {
    const { journeys, seen, told, reach } = world({ preparing: 'with the model', complete: true });
    journeys.choose(repo, 'q4');
    await reach('download/idle');
    journeys.send(repo, { type: 'start' });
    await reach('prepare/working');
    await journeys.close();
    await expect.poll(() => seen).toContain('stopped');
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(told.at(-1)).toBe('prepare/working');
  });

  test('goes on in another format when one is named, and in its own when none is', async () => {
    const { journeys, seen, told, reach } = world({ complete: true, preparing: 'without' });
    journeys.choose(repo, 'fp16');
    await reach('download/idle');
    journeys.send(repo, { type: 'start' });
    await reach('prepare/working');
    expect(journeys.choose(repo).dtype).toBe('fp16');
    expect(seen.filter((one) => one.startsWith('replaced'))).toEqual([]);
    expect(journeys.choose(repo, 'q4')).toMatchObject({ dtype: 'q4', step: 'access' });
    expect(told.at(-1)).toBe('access/working');
    await expect.poll(() => seen).toContain('stopped');
    await reach('download/idle');
    expect(seen.filter((one) => one.startsWith('replaced'))).toEqual([`replaced ${repo}`]);
    expect(journeys.list()).toHaveLength(1);
  });

  test('goes on after a restart where the disk says it stands', async () => {
    const first = world({ hangs: true });
    first.journeys.choose(repo, 'q4');
    await first.reach('download/idle');
    first.journeys.send(repo, { type: 'start' });
    await first.reach('download/working');
    await first.journeys.close();

    const downloading = world({ hangs: true });
    await downloading.journeys.start();
    await downloading.reach('download/working');
    await downloading.journeys.close();

    const complete = world({ complete: true });
    await complete.journeys.start();
    await complete.reach('ready/idle');
    expect(complete.seen).toEqual(['download', 'prepare']);
    await complete.journeys.close();

    const installed = world({ found: true });
    await installed.journeys.start();
    await installed.reach('ready/idle');
    expect(installed.seen).toEqual([]);
  });

  test('still waits after a restart, and still goes on by itself', async () => {
    const first = world({ checks: Array.from({ length: 1000 }, () => pending) });
    first.journeys.choose(repo, 'q4');
    await first.reach('access/waiting');
    await first.journeys.close();
    const second = world({ checks: [granted] });
    await second.journeys.start();
    await second.reach('ready/idle');
  });

  test('asks again when the token changes, but leaves bytes in flight alone', async () => {
    const { journeys, seen, reach } = world({ checks: [{ problem: problem('no-token') }], hangs: true });
    journeys.choose(repo, 'q4');
    await reach('sign-in/blocked');
    journeys.tokenChanged();
    await reach('download/idle');
    journeys.send(repo, { type: 'start' });
    await reach('download/working');
    journeys.tokenChanged();
    expect(seen).toEqual(['check', 'check', 'download']);
    await journeys.close();
  });

  test('turns a bug in an effect into a problem instead of a spinner', async () => {
    const { journeys, reach } = world({ checks: [{ licence }] }); // licence without plan or problem
    journeys.choose(repo, 'q4');
    await reach('access/blocked');
    expect(journeys.list()[0]?.activity).toMatchObject({ problem: { code: 'internal' } });
  });

  test('forgets a removed journey', async () => {
    const { journeys, seen, reach } = world({});
    journeys.choose(repo, 'q4');
    await reach('download/idle');
    await journeys.remove(repo);
    expect(seen).toContain(`removed ${repo}`);
    const again = world({});
    await again.journeys.start();
    expect(again.journeys.list()).toEqual([]);
  });

  test('an installed model stays, whatever becomes of its licence', async () => {
    const rejected = {
      licence: { ...licence, state: 'rejected' } as LicenceStatus,
      problem: problem('access-rejected'),
    };
    const { journeys, seen, reach } = world({ found: true, checks: [rejected] });
    const first = world({});
    first.journeys.choose(repo, 'q4');
    await first.reach('download/idle');
    await first.journeys.close();
    await journeys.start();
    await reach('ready/idle');
    journeys.send(repo, { type: 'check' });
    journeys.choose(repo, 'q4');
    journeys.visited(repo);
    journeys.tokenChanged();
    journeys.networkChanged();
    expect(journeys.list()[0]).toMatchObject({ step: 'ready', model: { id: 'm' } });
    expect(seen).toEqual([]);
  });
});
