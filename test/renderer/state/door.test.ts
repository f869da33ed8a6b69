/** The chip beside a model's name never says more than is true: an open licence opens no door that is shut. */
import { describe, expect, test } from 'vitest';
import type { LicenceState, SetupState } from '../../../electron/contract/setup.ts';
import { describe as problem, type HubProblemCode } from '../../../electron/services/hub/words.ts';
import { doorOf } from '../../../renderer/journey/look.ts';

const repo = 'practice-labs/Sealed-Instruct';

function stuck(code: HubProblemCode, state: LicenceState | undefined, kind: 'blocked' | 'again'): SetupState {
  const said = problem(code, { repo }, []);
  const gate = state === 'not-gated' ? 'none' : 'manual';
  return {
    ...{ repo, dtype: 'q4', addedAt: 1, autoStart: true, step: 'access' },
    activity: kind === 'blocked' ? { kind, problem: said } : { kind: 'working', again: said },
    ...(state && { licence: { repo, state, gate, licence: 'other', checkedAt: 1 } }),
  };
}

describe.each(['blocked', 'again'] as const)('the door of a journey that is %s', (kind) => {
  test.each<[HubProblemCode, LicenceState | undefined, string]>([
    ['repo-disabled', 'not-gated', 'closed'],
    ['repo-disabled', 'unknown', 'closed'],
    ['region-blocked', 'not-gated', 'closed'],
    ['region-blocked', undefined, 'closed'],
    ['access-lost', 'granted', 'unknown'],
    ['offline', 'granted', 'granted'],
    ['cdn-blocked', 'granted', 'granted'],
    ['access-never-asked', 'never-asked', 'never-asked'],
    ['repo-not-found', undefined, 'unknown'],
  ])('%s, licence %s: %s', (code, state, door) => {
    expect(doorOf(stuck(code, state, kind))).toBe(door);
  });
});

test('a journey that nobody asked about yet', () => {
  expect(doorOf(undefined)).toBe('unknown');
});
