/**
 * The doctor looks at everything the product stands on and says what works: for a terminal, for the report a person
 * copies, for an issue. It only reads, asks a handful of small questions, and changes nothing.
 */
import type { Problem, ProblemCode } from '../../contract/problem.ts';

export const areas = ['network', 'tokens', 'keychain', 'repository', 'cache', 'disk', 'runtime', 'models'] as const;
export type Area = (typeof areas)[number];

/** 'note' is worth knowing and stops nothing; 'skipped' was not looked at, and the fact says why. */
export type Outcome = 'works' | 'note' | 'fails' | 'skipped';

/** One thing that was looked at. */
export interface Finding {
  readonly area: Area;
  readonly outcome: Outcome;
  /** One sentence: what is true. */
  readonly fact: string;
  readonly details?: readonly string[];
  readonly problem?: Problem;
}

/** What the doctor found, JSON-shaped. Still holds names and paths; `write.ts` takes out what is nobody's business. */
export interface Diagnosis {
  readonly program: {
    readonly version: string;
    readonly host: string;
    readonly system: string; // "linux x64"
    readonly node: string;
    readonly hub: string;
    readonly practice: boolean;
  };
  readonly at: number; // ms since epoch
  readonly findings: readonly Finding[];
  /** Sentences: what a person can do on this computer right now. */
  readonly works: readonly string[];
}

/** Exit codes of the terminal's doctor, one per class of trouble, so that a script can tell them apart. */
export const exitCodes = {
  fine: 0,
  usage: 2,
  network: 10,
  token: 11,
  repository: 12,
  licence: 13,
  computer: 14,
  unknown: 15,
} as const;
export type TroubleClass = keyof typeof exitCodes;

const classes: Readonly<Partial<Record<ProblemCode, TroubleClass>>> = {
  offline: 'network',
  'tls-intercepted': 'network',
  'proxy-or-portal': 'network',
  'not-the-hub': 'network',
  'hub-trouble': 'network',
  'rate-limited': 'network',
  'cdn-blocked': 'network',
  'no-token': 'token',
  'token-malformed': 'token',
  'token-not-accepted': 'token',
  'token-hidden': 'token',
  'token-lacks-gated': 'token',
  'organisation-policy': 'token',
  'repo-not-found': 'repository',
  'repo-unknown-without-token': 'repository',
  'repo-renamed': 'repository',
  'repo-disabled': 'repository',
  'region-blocked': 'repository',
  'revision-not-found': 'repository',
  'file-not-found': 'repository',
  'nothing-to-run': 'repository',
  'unsupported-architecture': 'repository',
  'access-never-asked': 'licence',
  'access-pending': 'licence',
  'access-rejected': 'licence',
  'access-reset': 'licence',
  'access-lost': 'licence',
  'vault-unavailable': 'computer',
  'vault-locked': 'computer',
  'disk-full': 'computer',
  'disk-trouble': 'computer',
  'folder-unusable': 'computer',
  'models-away': 'computer',
  'not-enough-memory': 'computer',
  'computer-unsupported': 'computer',
  'engine-stopped': 'computer',
};

/** PURE: the class of the first failure in the order things depend on each other; 'fine' when nothing fails. */
export function troubleOf(findings: readonly Finding[]): TroubleClass {
  const failure = findings
    .filter(({ outcome }) => outcome === 'fails')
    .sort((a, b) => areas.indexOf(a.area) - areas.indexOf(b.area))[0];
  if (!failure) return 'fine';
  return (failure.problem && classes[failure.problem.code]) ?? 'unknown';
}
