import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import type { DownloadPlan, InstalledModel } from '../../../electron/contract/model.ts';
import type { Problem, ProblemCode } from '../../../electron/contract/problem.ts';
import { failed, ok } from '../../../electron/contract/result.ts';
import type { LicenceStatus, SetupState } from '../../../electron/contract/setup.ts';
import { stateFile } from '../../../electron/services/durable/stateFile.ts';
import { announcement } from '../../../electron/services/setup/announce.ts';
import { createJourneys } from '../../../electron/services/setup/journeys.ts';
import { areRecords } from '../../../electron/services/setup/records.ts';
import type { Pace } from '../../../electron/services/setup/nextLook.ts';
import type { CheckFindings, SetupEffects } from '../../../electron/services/setup/runner.ts';

const repo = 'org/model';
const licence: LicenceStatus = { repo, state: 'granted', gate: 'manual', licence: 'x', checkedAt: 1 };
const plan: DownloadPlan = {
  repo,
  commit: 'a'.repeat(40),
  files: [{ path: 'model.safetensors', bytes: 10 }],
  totalBytes: 10,
  cachedBytes: 0,
  convertedBytes: 5,
  freeBytes: 100,
  fits: true,
  dtype: 'q4',
  architecture: 'LlamaForCausalLM',
  parameters: 1,
};
const model = { id: 'm', repo, dtype: 'q4' } as InstalledModel;
const problem = (code: ProblemCode): Problem => ({ code, title: code, explanation: '', actions: [], evidence: [] });
const granted: CheckFindings = { licence, plan };
const neverAsked: CheckFindings = {
  licence: { ...licence, state: 'never-asked' },
  problem: problem('access-never-asked'),
};
const pending: CheckFindings = { licence: { ...licence, state: 'pending' }, problem: problem('access-pending') };

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'latchkey-journeys-'));
});

/** Journeys over scripted effects: each kind of work takes its next answer from a list. */
function world(script: {
  checks?: CheckFindings[];
  found?: boolean;
  complete?: boolean;
  hangs?: boolean;
  /** Preparing lasts until it is stopped, and has its model by then or not. */
  preparing?: 'with the model' | 'without';
  pace?: Partial<Pace>;
}) {
  const seen: string[] = [];
  const notes: string[] = [];
  const told: string[] = [];
  const network = { off: false };
  const checks = [...(script.checks ?? [])];
  const effects: SetupEffects = {
    async check() {
      seen.push('check');
      return checks.shift() ?? granted;
    },
    async download(_plan, { signal, report }) {
      seen.push('download');
      report({ doneBytes: 4, totalBytes: 10, bytesPerSecond: 2 });
      if (script.hangs) {
        await new Promise((resolve) => {
          signal.addEventListener('abort', resolve);
        });
        seen.push('stopped');
      }
      return ok(undefined);
    },
    async prepare(_plan, _licence, { signal }) {
      seen.push('prepare');
      if (script.preparing) {
        await new Promise((resolve) => signal.addEventListener('abort', resolve));
        seen.push('stopped');
      }
      return script.preparing === 'without' ? failed(problem('cancelled')) : ok(model);
    },
  };
  const journeys = createJourneys({
    records: stateFile({
      path: join(folder, 'journeys.json'),
      version: 1,
      check: areRecords,
      onDamage: () => undefined,
    }),
    effects,
    findModel: async () => (script.found ? model : undefined),
    isComplete: async () => script.complete ?? false,
    pace: { firstSeconds: 0.02, laterSeconds: 0.02, retrySeconds: 0.02, ...script.pace },
    isOffline: () => network.off,
    now: Date.now,
    onChange(state: SetupState, previous: SetupState) {
      told.push(`${state.step}/${state.activity.kind}`);
      const note = announcement(state, previous);
      if (note) notes.push(note.title);
    },
    onRemove: (gone) => seen.push(`removed ${gone}`),
    onReplace: (gone) => seen.push(`replaced ${gone}`),
    log: () => undefined,
  });
  const at = (): string => {
    const state = journeys.list()[0];
    return state ? `${state.step}/${state.activity.kind}` : 'none';
  };
  const reach = (place: string) => vi.waitFor(() => expect(at()).toBe(place));
  return { journeys, seen, notes, told, reach, network };
}

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
    await vi.waitFor(() => expect(journeys.list()[0]?.activity).toMatchObject({ progress: { doneBytes: 4 } }));
    journeys.send(repo, { type: 'pause' });
    await vi.waitFor(() => expect(seen).toContain('stopped'));
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
    await vi.waitFor(() => expect(seen).toContain('stopped'));
    await reach(place);
  });

  test('a preparation that ends after everything was closed changes nothing', async () => {
    const { journeys, seen, told, reach } = world({ preparing: 'with the model', complete: true });
    journeys.choose(repo, 'q4');
    await reach('download/idle');
    journeys.send(repo, { type: 'start' });
    await reach('prepare/working');
    await journeys.close();
    await vi.waitFor(() => expect(seen).toContain('stopped'));
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
    await vi.waitFor(() => expect(seen).toContain('stopped'));
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
      await vi.waitFor(() => expect(journeys.list()[0]?.activity.kind).toBe('blocked'));
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
    const end = Date.now() + 250;
    const limit = { problem: { ...problem('rate-limited'), evidence: [{ retryAt: end }] } };
    const asked: number[] = [];
    const { journeys, seen, reach } = world({ checks: [pending, limit], pace: { laterSeconds: 0.02 } });
    journeys.choose(repo, 'q4');
    journeys.choose('org/other', 'q4');
    await vi.waitFor(() => expect(seen.filter((one) => one === 'check')).toHaveLength(2));
    const before = seen.length;
    while (Date.now() < end - 20) {
      asked.push(seen.length - before);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    expect(Math.max(...asked)).toBe(0);
    await reach('ready/idle');
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
      await vi.waitFor(() => expect(journeys.list()[0]?.activity.kind).not.toBe('working'));
      journeys.networkChanged();
      await new Promise((resolve) => setTimeout(resolve, 50));
      expect(seen).toEqual(['check']);
    },
  );

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
