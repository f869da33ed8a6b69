/** A limit of the Hub outlives the app: whoever starts it again asks nothing before the limit is over. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import type { Problem } from '../../../electron/contract/problem.ts';
import { ok } from '../../../electron/contract/result.ts';
import type { SetupState } from '../../../electron/contract/setup.ts';
import { stateFile } from '../../../electron/services/durable/stateFile.ts';
import { createJourneys } from '../../../electron/services/setup/journeys.ts';
import { areRecords } from '../../../electron/services/setup/records.ts';
import type { CheckFindings } from '../../../electron/services/setup/runner.ts';

const folder = mkdtempSync(join(tmpdir(), 'latchkey-limit-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const problem = (code: Problem['code'], retryAt?: number): Problem => ({
  code,
  title: code,
  explanation: '',
  actions: [],
  evidence: [{ status: 429, requestId: 'r-1', ...(retryAt !== undefined && { retryAt }) }],
});

/** One run of the app: `clock` is its wall clock, `answers` is what the Hub says in order. */
function start(clock: { at: number }, answers: CheckFindings[]) {
  const asked: number[] = [];
  const journeys = createJourneys({
    records: stateFile({ path: join(folder, 'journeys.json'), version: 1, check: areRecords, onDamage: String }),
    effects: {
      async check() {
        asked.push(clock.at);
        return answers.shift() ?? { problem: problem('access-rejected') };
      },
      download: async () => ok(undefined),
      prepare: () => Promise.reject(new Error('not reached')),
    },
    findModel: async () => undefined,
    isComplete: async () => false,
    pace: { firstSeconds: 60, laterSeconds: 60, retrySeconds: 60 },
    isOffline: () => false,
    now: () => clock.at,
    onChange: () => undefined,
    onRemove: () => undefined,
    onReplace: () => undefined,
    log: () => undefined,
  });
  const activity = (repo: string): SetupState['activity'] | undefined =>
    journeys.list().find((one) => one.repo === repo)?.activity;
  return { journeys, asked, activity };
}

test('after a restart every journey waits for the end of the limit that one of them met, and says why', async () => {
  const clock = { at: 1_000_000 };
  const until = clock.at + 240_000;
  const first = start(clock, [{ problem: problem('access-pending') }, { problem: problem('rate-limited', until) }]);
  first.journeys.choose('org/pending', 'q4');
  await expect.poll(() => first.activity('org/pending')?.kind).toBe('waiting');
  first.journeys.choose('org/limited', 'q4');
  await expect.poll(() => first.activity('org/limited')?.kind).toBe('waiting');
  await first.journeys.close();

  clock.at += 60_000;
  const second = start(clock, []);
  await second.journeys.start();
  for (const repo of ['org/pending', 'org/limited']) {
    expect(second.activity(repo)).toMatchObject({
      kind: 'waiting',
      nextCheckAt: until,
      problem: { code: 'rate-limited', evidence: [{ requestId: 'r-1' }] },
    });
  }
  expect(second.asked).toEqual([]);
  await second.journeys.close();

  clock.at = until + 1;
  const third = start(clock, []);
  await third.journeys.start();
  await expect.poll(() => third.asked).toHaveLength(2);
  await third.journeys.close();
});

test('a limit from the future of a clock that was set back is not believed', async () => {
  const clock = { at: 5_000_000_000 };
  const first = start(clock, [{ problem: problem('rate-limited', clock.at + 60_000) }]);
  first.journeys.choose('org/limited', 'q4');
  await expect.poll(() => first.activity('org/limited')?.kind).toBe('waiting');
  await first.journeys.close();
  clock.at = 1_000_000;
  const second = start(clock, []);
  await second.journeys.start();
  await expect.poll(() => second.asked.length).toBeGreaterThan(0);
  await second.journeys.close();
});
