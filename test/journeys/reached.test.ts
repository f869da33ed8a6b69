/**
 * No condition without a journey: every code that Latchkey can name, and every state of access a person can be in, is
 * reached through the interface by a journey of this folder, or has a written reason here and a test elsewhere.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { ProblemCode } from '../../electron/contract/problem.ts';
import { root } from '../hosts/launch.ts';
import { states } from './states.ts';

const read = (path: string): string => readFileSync(join(root, path), 'utf8');
const journeys = readdirSync(join(root, 'test/journeys'))
  .filter((name) => name.endsWith('.browser.test.ts'))
  .map((name) => read(`test/journeys/${name}`))
  .join('\n');

const codes = [
  ...(/type ProblemCode =([^;]+);/.exec(read('electron/contract/problem.ts'))?.[1] ?? '').matchAll(/'([a-z-]+)'/g),
].map(([, code]) => code ?? '');
const met = new Set<string>([
  ...states.map(({ code }) => code),
  ...[...journeys.matchAll(/\bproblem\((?:app\.)?page, '([a-z-]+)'/g)].map(([, code]) => code ?? ''),
  ...[...journeys.matchAll(/data-code=([a-z-]+)\]/g)].map(([, code]) => code ?? ''),
]);

interface Elsewhere {
  readonly why: string;
  /** The test that brings it about, and words of it that would be missing with it. */
  readonly test: string;
  readonly words: string;
}

// prettier-ignore
const elsewhere: Partial<Record<ProblemCode, Elsewhere>> = {
  'no-token': { why: 'the sign-in row itself says it and holds the field: a card would say it twice', test: 'test/journeys/states.browser.test.ts', words: "picture('no token')" },
  'unsafe-file-name': { why: 'no practice repository may carry a name that would harm a cache shared by other programs', test: 'test/services/download/plan.test.ts', words: 'unsafe-file-name' },
  'conversion-failed': { why: 'a fault of ours, which no repository can be asked for', test: 'test/services/setup/prepare.test.ts', words: 'conversion-failed' },
  'vault-unavailable': { why: 'the state of a computer, said in the token card', test: 'test/services/signIn/signIn.test.ts', words: "vault" },
  'vault-locked': { why: 'the state of a computer', test: 'test/services/signIn/signIn.test.ts', words: 'vault-locked' },
  'disk-trouble': { why: 'needs a disk that fails or is read-only', test: 'test/services/download/diskFull.test.ts', words: 'disk-trouble' },
  'models-away': { why: 'needs a disk that is taken away', test: 'test/services/storage/move.test.ts', words: 'with the disk of the models gone' },
  'port-taken': { why: 'about the local server', test: 'test/services/localServer/server.test.ts', words: 'port-taken' },
  'computer-unsupported': { why: 'needs another kind of computer', test: 'test/services/inference/runtimeBuilds.test.ts', words: 'explainComputer' },
  'engine-stopped': { why: 'about a chat; reached in Chromium there', test: 'test/journeys/engineDies.browser.test.ts', words: 'engine-stopped' },
  'prompt-too-long': { why: 'about a chat', test: 'test/services/inference/languageModel.test.ts', words: 'prompt-too-long' },
  'template-refused': { why: 'about a chat', test: 'test/services/generation/isolation.test.ts', words: 'template-refused' },
  'update-failed': { why: 'about the app itself; reached in Chromium there', test: 'test/hosts/desktop/update.browser.test.ts', words: 'update-failed' },
  'update-not-genuine': { why: 'about the app itself; reached in Chromium there', test: 'test/hosts/desktop/update.browser.test.ts', words: 'update-not-genuine' },
  busy: { why: 'needs a second Latchkey on the same cache', test: 'test/services/download/beside.test.ts', words: "'busy'" },
  cancelled: { why: 'what the person wanted: shown nowhere', test: 'test/services/download/download.test.ts', words: 'cancelled' },
  'not-found': { why: 'a page that is behind the times: it asks again', test: 'test/services/licences/receipts.test.ts', words: 'not-found' },
  'bad-request': { why: 'a page that breaks the contract', test: 'test/hosts/built.browser.test.ts', words: 'bad-request' },
  internal: { why: 'a fault of ours', test: 'test/services/setup/runner.test.ts', words: "code: 'internal'" },
};

describe('every code', () => {
  test('is found in the contract', () => expect(codes.length).toBeGreaterThan(40));

  test.each(codes)('%s is met by a journey, or its reason is written down', (code) => {
    const reason = Object.entries(elsewhere).find(([one]) => one === code)?.[1];
    // Both would be a reason that is not true any more.
    expect([met.has(code), reason !== undefined].filter(Boolean)).toHaveLength(1);
    if (reason) expect(read(reason.test)).toContain(reason.words);
  });
});

/** Each verb of the practice Hub's script, 'expire-url' and '200-for-range' among them. */
const mended = { silent: 'happens once ends in the exact bytes', test: 'test/services/download/faults.test.ts' };

/** The states of access in the order of the check; what is done silently has the test that shows it done. */
// prettier-ignore
const rows: readonly (readonly [state: string, picture: string | { readonly silent: string; readonly test: string }])[] = [
  ['offline', 'offline'],
  ['secure connections are opened', 'inspected'],
  ['a proxy refuses', 'proxy-refuses'],
  ['a captive portal', 'captive portal'],
  ['sent to another server', 'sent elsewhere'],
  ['a server that is no Hub', 'not-the-hub'],
  ['no token', 'no token'],
  ['malformed token', 'malformed token'],
  ['token not accepted', 'token not accepted'],
  ['another token wins', 'another-token-wins'],
  ['whoami limited', 'whoami limited'],
  ['repository not found', 'missing'],
  ['private', 'private'],
  ['unknown without token', 'unknown without token'],
  ['renamed', 'renamed'],
  ['disabled', 'disabled'],
  ['region', 'region'],
  ['withheld by law', 'withheld by law'],
  ['the licence excludes the European Union', 'European Union excluded'],
  ['fine-grained token without the box', 'fine-grained token without the box'],
  ['organisation policy', 'organisation policy'],
  ['never asked', 'never asked'],
  ['wrong account', 'wrong account'],
  ['pending', 'pending'],
  ['rejected', 'rejected'],
  ['reset', 'reset'],
  ['granted, nothing to run', 'nothing to run'],
  ['granted', 'granted'],
  ['bad revision', 'version gone'],
  ['bad file', 'file gone'],
  ['rate limited', 'rate limited'],
  ['Hub trouble', 'Hub trouble'],
  ['download servers blocked', 'download servers blocked'],
  ['link expired', mended],
  ['access lost midway', 'access lost midway'],
  ['range refused', mended],
  ['disk full', 'disk-full'],
  ['damaged on the way', 'damaged on the way'],
  ['unknown refusal', 'unknown refusal'],
];

describe('every state of access', () => {
  test.each(rows)('%s has a picture, or is mended without a word', (_state, shown) => {
    if (typeof shown !== 'string') return expect(read(shown.test)).toContain(shown.silent);
    const taken = states.some(({ name }) => name === shown) || journeys.includes(`picture('${shown}')`);
    expect(taken).toBe(true);
  });

  test('of the practice journeys is in this list', () => {
    const listed = new Set(rows.map(([, shown]) => shown));
    // The two kinds of malformed token share one row.
    expect(states.map(({ name }) => name).filter((name) => !listed.has(name))).toEqual(['organisation token']);
  });
});
