import { describe, expect, test } from 'vitest';
import type { DownloadPlan, InstalledModel } from '../../../electron/contract/model.ts';
import type { Problem, ProblemCode } from '../../../electron/contract/problem.ts';
import type { LicenceStatus, SetupState } from '../../../electron/contract/setup.ts';
import { begin, next, type SetupEvent } from '../../../electron/services/setup/machine.ts';

const repo = 'org/model';
const licence: LicenceStatus = { repo, state: 'granted', gate: 'manual', licence: 'x', checkedAt: 1 };
const plan: DownloadPlan = {
  repo,
  commit: 'a'.repeat(40),
  files: [],
  totalBytes: 10,
  cachedBytes: 0,
  convertedBytes: 5,
  freeBytes: 100,
  fits: true,
  dtype: 'q4',
  architecture: 'LlamaForCausalLM',
  parameters: 1,
};
const model = { id: 'm', repo } as InstalledModel;
const problem = (code: ProblemCode): Problem => ({ code, title: code, explanation: '', actions: [], evidence: [] });
const progress = { doneBytes: 3, totalBytes: 10, bytesPerSecond: 1 };
const checked = (more: Partial<Extract<SetupEvent, { type: 'checked' }>> = {}): SetupEvent => ({
  type: 'checked',
  licence,
  plan,
  afterWait: false,
  ...more,
});

/** Plays events and says in one word each where the journey stands. */
function play(...events: SetupEvent[]): SetupState {
  return events.reduce(next, begin(repo, 'q4', 1));
}
const at = (state: SetupState): string => `${state.step}/${state.activity.kind}`;

describe('the journey of one model', () => {
  const table: [string, SetupEvent[], string][] = [
    ['begins by asking the Hub', [], 'access/working'],
    ['sends a missing token to the sign-in row', [checked({ problem: problem('no-token') })], 'sign-in/blocked'],
    [
      'sends a token without the box to the sign-in row',
      [checked({ problem: problem('token-lacks-gated') })],
      'sign-in/blocked',
    ],
    [
      'sends a licence that was never accepted to the licence row',
      [checked({ problem: problem('access-never-asked') })],
      'access/blocked',
    ],
    [
      'waits while the authors decide',
      [checked({ problem: problem('access-pending'), nextCheckAt: 5 })],
      'access/waiting',
    ],
    ['asks before the first heavy byte', [checked()], 'download/idle'],
    ['goes on by itself after a wait', [checked({ afterWait: true })], 'download/working'],
    [
      'does not go on by itself when it does not fit',
      [checked({ afterWait: true, plan: { ...plan, fits: false } })],
      'download/idle',
    ],
    [
      'does not go on by itself when told not to',
      [{ type: 'autoStart', on: false }, checked({ afterWait: true })],
      'download/idle',
    ],
    ['downloads when asked', [checked(), { type: 'start' }], 'download/working'],
    ['pauses', [checked(), { type: 'start' }, { type: 'pause' }], 'download/paused'],
    ['resumes', [checked(), { type: 'start' }, { type: 'pause' }, { type: 'start' }], 'download/working'],
    ['prepares what has arrived', [checked(), { type: 'start' }, { type: 'downloaded' }], 'prepare/working'],
    [
      'stops preparing, and begins anew when asked',
      [checked(), { type: 'start' }, { type: 'downloaded' }, { type: 'pause' }],
      'prepare/idle',
    ],
    [
      'prepares again after it was stopped',
      [checked(), { type: 'start' }, { type: 'downloaded' }, { type: 'pause' }, { type: 'start' }],
      'prepare/working',
    ],
    [
      'is ready when a model exists',
      [checked(), { type: 'start' }, { type: 'downloaded' }, { type: 'prepared', model }],
      'ready/idle',
    ],
    [
      'keeps the step in which something failed',
      [checked(), { type: 'start' }, { type: 'failed', problem: problem('disk-full') }],
      'download/blocked',
    ],
    [
      'waits for the network in the step that needs it',
      [checked(), { type: 'start' }, { type: 'failed', problem: problem('offline'), nextCheckAt: 9 }],
      'download/waiting',
    ],
    [
      'tries again after a failure',
      [checked(), { type: 'start' }, { type: 'failed', problem: problem('disk-full') }, { type: 'start' }],
      'download/working',
    ],
    [
      'asks again after a rejection',
      [checked({ problem: problem('access-rejected') }), { type: 'check' }],
      'access/working',
    ],
    [
      'does not interrupt bytes in flight to ask',
      [checked(), { type: 'start' }, { type: 'check' }],
      'download/working',
    ],
    [
      'ignores a late answer',
      [checked(), { type: 'start' }, checked({ problem: problem('access-pending') })],
      'download/working',
    ],
    ['ignores a start that makes no sense yet', [{ type: 'start' }], 'access/working'],
    [
      'stays ready whatever happens to access later',
      [
        checked(),
        { type: 'start' },
        { type: 'downloaded' },
        { type: 'prepared', model },
        { type: 'check' },
        { type: 'failed', problem: problem('access-lost') },
      ],
      'ready/idle',
    ],
  ];
  test.each(table)('%s', (_name, events, expected) => {
    expect(at(play(...events))).toBe(expected);
  });

  test('keeps what was measured when the person pauses', () => {
    const paused = play(checked(), { type: 'start' }, { type: 'progress', progress }, { type: 'pause' });
    expect(paused.activity).toEqual({ kind: 'paused', progress });
  });

  test('carries the licence and the plan to the steps that rest on them', () => {
    const preparing = play(checked(), { type: 'start' }, { type: 'downloaded' });
    expect(preparing).toMatchObject({ licence, plan });
    expect(
      play(checked({ problem: problem('access-pending'), licence: { ...licence, state: 'pending' } })),
    ).toMatchObject({
      licence: { state: 'pending' },
    });
  });

  test('refuses a check that proves nothing', () => {
    expect(() => play({ type: 'checked', afterWait: false })).toThrow(/licence and plan/);
  });
});
