import { expect, test } from 'vitest';
import type { Backend } from '../../../electron/contract/ipc.ts';
import { ok } from '../../../electron/contract/result.ts';
import type { SetupState } from '../../../electron/contract/setup.ts';
import { Journeys } from '../../../renderer/state/journeys.svelte.ts';

const repo = 'org/model';
const at = (kind: 'working' | 'idle'): SetupState => ({
  repo,
  dtype: 'q4',
  addedAt: 1,
  autoStart: true,
  step: 'access',
  activity: { kind },
});

/** A backend whose answers arrive when the test says so. */
function slow(): { readonly backend: Backend; readonly answer: (value: unknown) => void } {
  let settle: (value: never) => void = () => undefined;
  return {
    backend: {
      request: () => new Promise<never>((resolve) => (settle = resolve)),
      subscribe: () => () => undefined,
    },
    answer: (value) => settle(ok(value) as never),
  };
}

test('an answer that an event has overtaken does not turn the journey back', async () => {
  const { backend, answer } = slow();
  const journeys = new Journeys(backend);
  const choosing = journeys.choose(repo);
  journeys.apply(at('idle'));
  answer(at('working'));
  await choosing;
  expect(journeys.find(repo)?.activity.kind).toBe('idle');
});

test('without an event in between, the answer counts', async () => {
  const { backend, answer } = slow();
  const journeys = new Journeys(backend);
  journeys.apply(at('idle'));
  const checking = journeys.check(repo);
  answer(at('working'));
  await checking;
  expect(journeys.find(repo)?.activity.kind).toBe('working');
});

test('a list that is older than an event keeps what the event told, and what it took away', async () => {
  const { backend, answer } = slow();
  const journeys = new Journeys(backend);
  const other = { ...at('idle'), repo: 'org/other' };
  journeys.apply(other);
  const loading = journeys.load();
  journeys.apply(at('working'));
  journeys.drop(other.repo);
  answer([other]);
  await loading;
  expect([journeys.find(repo)?.activity.kind, journeys.find(other.repo)]).toEqual(['working', undefined]);
});
