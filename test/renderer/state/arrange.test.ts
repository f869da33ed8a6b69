/** No next step of a problem is ever lost: what has no room as a button stands in a menu. */
import { describe, expect, test } from 'vitest';
import type { Action, Problem } from '../../../electron/contract/problem.ts';
import { explainDisk } from '../../../electron/services/download/explain.ts';
import { describe as describeHub, type HubProblemCode, type Shade } from '../../../electron/services/hub/words.ts';
import { contextTooLong, notEnoughMemory } from '../../../electron/services/inference/explainMemory.ts';
import { sanityFailed } from '../../../electron/services/setup/explain.ts';
import { modelDamaged } from '../../../electron/services/storage/explain.ts';
import { arrange } from '../../../renderer/ui/arrange.ts';
import { installed } from '../../gallery/fixtures.ts';

const repo = 'meta-llama/Llama-3.2-1B-Instruct';
const prepare: Action = { kind: 'request', request: 'setup.start', input: { repo }, label: 'Prepare' };
const resume: Action = { ...prepare, label: 'Resume' };
const licencePage: Action = { kind: 'page', page: 'licence', repo, label: 'Open licence page' };
const check: Action = { kind: 'request', request: 'setup.check', input: { repo }, label: 'Check now' };

const hubCodes = [
  'offline',
  'tls-intercepted',
  'proxy-or-portal',
  'not-the-hub',
  'mirror-asks',
  'hub-trouble',
  'rate-limited',
  'cdn-blocked',
  'no-token',
  'token-not-accepted',
  'token-lacks-gated',
  'organisation-policy',
  'repo-not-found',
  'repo-unknown-without-token',
  'repo-renamed',
  'repo-disabled',
  'region-blocked',
  'revision-not-found',
  'file-not-found',
  'access-never-asked',
  'access-pending',
  'access-rejected',
  'access-reset',
  'access-lost',
  'access-unknown',
] as const satisfies readonly HubProblemCode[];
// A code that is added to the table and not to this list does not compile.
type Missing = Exclude<HubProblemCode, (typeof hubCodes)[number]>;
const complete: [Missing] extends [never] ? true : Missing = true;

const shades: readonly (Shade | undefined)[] = [
  ...([undefined, 'switched-off', 'signed-out', 'clock', 'proxy-sign-in', 'proxy-away', 'proxy-error'] as const),
  ...(['public-model', 'token-bound', 'insecure', 'no-token', 'withheld', 'legal'] as const),
];
const named = { modelId: 'm', repo, smaller: 'q4' } as const;
const tooLarge = notEnoughMemory({}, { needed: 9, free: 1, present: 8, named });
const noAccess = Object.assign(new Error('no'), { code: 'EACCES' });

const problems: readonly Problem[] = [
  ...hubCodes.flatMap((code) => shades.map((shade) => describeHub(code, { repo, shade }, []))),
  tooLarge,
  notEnoughMemory({}, { needed: 9, free: 1, present: 8, named: { modelId: 'm', repo } }),
  contextTooLong({ wish: 9000, room: 5000, free: 1e9, named }),
  sanityFailed(repo, 'nothing'),
  modelDamaged(installed, ['x']),
  ...[explainDisk(repo, noAccess, 0, '/models')].filter((one) => one !== undefined),
];
const words = (actions: readonly Action[]): string[] => actions.map(({ label }) => label);

describe.each<[string, readonly Action[]]>([
  ['where nothing is added', []],
  ['where a download can go on', [resume]],
  ['where preparing can go on', [prepare]],
  ['where a licence can be opened and checked', [licencePage, check]],
])('%s', (_, also) => {
  test('every step of every problem is there, at most three and the pages as buttons, its first as the first', () => {
    expect(complete).toBe(true);
    for (const { actions, code } of problems) {
      const { shown, more } = arrange(actions, also);
      const all = words([...shown, ...more]);
      expect([code, all]).toEqual([code, expect.arrayContaining(words(actions)) as string[]]);
      expect(new Set(all).size).toBe(all.length);
      for (const one of also) {
        const standsFor = (other: Action): boolean =>
          other === one ||
          (one.kind === 'request' && other.kind === 'request' && other.request === one.request) ||
          (one.kind === 'page' && other.kind === 'page' && other.page === one.page);
        expect([code, one.label, [...shown, ...more].some(standsFor)]).toEqual([code, one.label, true]);
      }
      expect(shown.filter(({ kind }) => kind !== 'page').length).toBeLessThanOrEqual(3);
      if (actions[0]) expect(shown[0]).toBe(actions[0]);
    }
  });
});

test('preparing again is never what has no room, and the risk is what goes into the menu', () => {
  const { shown, more } = arrange(tooLarge.actions, [prepare]);
  expect(words(shown)).toEqual(['Prepare it in 4 bits', 'Prepare', 'Choose a smaller model']);
  expect(words(more)).toEqual(['Load anyway']);
});

test('a step that the problem brings itself is not said twice', () => {
  expect(words(arrange(sanityFailed(repo, '').actions, [prepare]).shown)).toEqual(['Prepare again', 'Copy report']);
});
