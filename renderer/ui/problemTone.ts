import type { ProblemCode } from '../../electron/contract/problem.ts';

/** Colour and icon of a problem: it waits by itself, it needs the person, or it failed. Words never depend on it. */
export type Tone = 'waiting' | 'accent' | 'failed';

const waiting: ReadonlySet<ProblemCode> = new Set(['access-pending', 'rate-limited', 'offline', 'hub-trouble', 'busy']);
const needsPerson: ReadonlySet<ProblemCode> = new Set([
  'no-token',
  'mirror-asks',
  'access-never-asked',
  'access-reset',
  'token-lacks-gated',
  'token-hidden',
  'repo-unknown-without-token',
  'repo-renamed',
  'vault-locked',
  'vault-unavailable',
  'data-away',
]);

/** The tone of a problem by its code. */
export function toneOf(code: ProblemCode): Tone {
  if (waiting.has(code)) return 'waiting';
  return needsPerson.has(code) ? 'accent' : 'failed';
}
