import type { Recorded } from './wire.ts';
import * as seen from './recorded.ts';

/** What the Hub says on each of the three routes; `anon` when no token came along. */
export interface Hub {
  readonly info?: Recorded;
  readonly infoAnon?: Recorded;
  readonly check?: Recorded;
  readonly checkAnon?: Recorded;
  readonly whoami?: Recorded;
}

export interface Row {
  readonly name: string;
  readonly hub: Hub;
  readonly signedIn?: boolean;
  readonly account?: string;
  readonly holder?: { readonly readsGated?: boolean };
  /** whoami refused the token before. */
  readonly refused?: true;
  readonly code?: string;
  readonly state?: string;
  readonly first?: Partial<Record<'kind' | 'request' | 'page' | 'view', string>>;
  /** The labels of all next steps, first one first. */
  readonly actions?: string;
  readonly requests: number;
  readonly title?: string;
}

const boxless = seen.whoami({ role: 'fineGrained', fineGrained: { canReadGatedRepos: false, global: [], scoped: [] } });
const boxed = seen.whoami({ role: 'fineGrained', fineGrained: { canReadGatedRepos: true, global: [], scoped: [] } });
export const strange = seen.refusal(403, undefined, 'The moon is in the wrong quarter.');
export const open = seen.info({ gated: false });

/** Every row of Hub facts 1.5 and 9 that a check can meet: what the Hub says, what is concluded, at what cost. */
// prettier-ignore
export const rows: readonly Row[] = [
  { name: 'granted', hub: {}, account: 'ada', state: 'granted', requests: 2 },
  { name: 'open model without a token', hub: { info: open }, signedIn: false, state: 'not-gated', requests: 2 },
  { name: 'gated, no token', hub: { check: seen.gatedAnonymous }, signedIn: false, code: 'no-token', state: 'unknown', first: { view: 'token-field' }, actions: 'Sign in to Hugging Face | Open licence page', requests: 2 },
  { name: 'gated, no token, older wording', hub: { check: seen.gatedAnonymousOld }, signedIn: false, code: 'no-token', state: 'unknown', first: { view: 'token-field' }, actions: 'Sign in to Hugging Face | Open licence page', requests: 2 },
  { name: 'gated, dead token that looks anonymous', hub: { check: seen.gatedAnonymous, whoami: seen.anonymous }, code: 'token-not-accepted', state: 'unknown', first: { page: 'new-token' }, actions: 'Create a new token | Paste again', requests: 3 },
  { name: 'gated, dead token with its own sentence', hub: { check: seen.badCredentials, whoami: seen.anonymous }, code: 'token-not-accepted', state: 'unknown', first: { page: 'new-token' }, actions: 'Create a new token | Paste again', requests: 3 },
  { name: 'gated 401 although the token is alive', hub: { check: seen.gatedAnonymous }, code: 'access-unknown', state: 'unknown', first: { kind: 'copy-report' }, actions: 'Copy details | Check again', requests: 3 },
  { name: 'open model, dead token', hub: { info: seen.badCredentials, infoAnon: open, checkAnon: seen.yes, whoami: seen.anonymous }, code: 'token-not-accepted', state: 'not-gated', first: { page: 'new-token' }, actions: 'Create a new token | Paste again | Forget this token', requests: 4 },
  { name: 'open model, token that whoami refused before', refused: true, hub: { infoAnon: open }, code: 'token-not-accepted', state: 'not-gated', first: { page: 'new-token' }, actions: 'Create a new token | Paste again | Forget this token', requests: 2 },
  { name: 'gated model, token that whoami refused before', refused: true, hub: { checkAnon: seen.gatedAnonymous }, code: 'token-not-accepted', state: 'unknown', first: { page: 'new-token' }, actions: 'Create a new token | Paste again', requests: 2 },
  { name: 'region, token that whoami refused before', refused: true, hub: { checkAnon: seen.region }, code: 'region-blocked', first: { view: 'journey' }, actions: 'Choose another model', requests: 2 },
  { name: 'gated model, dead token refused at once', hub: { info: seen.anonymous, infoAnon: seen.info(), checkAnon: seen.gatedAnonymous, whoami: seen.anonymous }, code: 'token-not-accepted', state: 'unknown', first: { page: 'new-token' }, actions: 'Create a new token | Paste again', requests: 4 },
  { name: 'dead token in a barred region', hub: { info: seen.anonymous, infoAnon: open, checkAnon: seen.region, whoami: seen.anonymous }, code: 'region-blocked', first: { view: 'journey' }, actions: 'Choose another model', requests: 4 },
  { name: 'missing model, dead token', hub: { info: seen.anonymous, whoami: seen.anonymous }, code: 'token-not-accepted', first: { page: 'new-token' }, actions: 'Create a new token | Paste again', requests: 3 },
  { name: 'never asked, account known', hub: { check: seen.neverAsked }, account: 'ada', code: 'access-never-asked', state: 'never-asked', first: { page: 'licence' }, actions: 'Open licence page | Use another token | Check again', requests: 2, title: 'ada has not accepted this licence yet' },
  { name: 'never asked, account not known yet', hub: { check: seen.neverAsked }, code: 'access-never-asked', state: 'never-asked', first: { page: 'licence' }, actions: 'Open licence page | Use another token | Check again', requests: 3, title: 'ada has not accepted this licence yet' },
  { name: 'never asked, whoami limited', hub: { check: seen.neverAsked, whoami: seen.limited }, code: 'access-never-asked', state: 'never-asked', first: { page: 'licence' }, actions: 'Open licence page | Use another token | Check again', requests: 3, title: 'You have not accepted this licence yet' },
  { name: 'pending', hub: { check: seen.pending }, account: 'ada', code: 'access-pending', state: 'pending', first: { request: 'setup.check' }, actions: 'Check now | Open my requests | Start with an open model', requests: 2 },
  { name: 'rejected', hub: { check: seen.rejected }, account: 'ada', code: 'access-rejected', state: 'rejected', first: { view: 'journey' }, actions: 'Choose a similar open model | Open my requests', requests: 2 },
  { name: 'reset', hub: { check: seen.reset }, account: 'ada', code: 'access-reset', state: 'reset', first: { page: 'licence' }, actions: 'Open licence page | Check again', requests: 2 },
  { name: 'fine-grained token without the box', hub: { check: seen.noBox, whoami: boxless }, code: 'token-lacks-gated', state: 'unknown', first: { page: 'new-token' }, actions: 'Fix this token | Open my tokens', requests: 3 },
  { name: 'box missing in words we do not know', hub: { check: strange, checkAnon: seen.gatedAnonymous, whoami: boxless }, code: 'token-lacks-gated', state: 'unknown', first: { page: 'new-token' }, actions: 'Fix this token | Open my tokens', requests: 4 },
  { name: 'box missing in words we do not know, account known', hub: { check: strange, checkAnon: seen.gatedAnonymous }, account: 'ada', holder: { readsGated: false }, code: 'token-lacks-gated', state: 'unknown', first: { page: 'new-token' }, actions: 'Fix this token | Open my tokens', requests: 3 },
  { name: 'token refused in words we do not know', hub: { check: strange, checkAnon: seen.gatedAnonymous, whoami: boxed }, code: 'access-unknown', state: 'unknown', first: { kind: 'copy-report' }, actions: 'Copy details | Check again', requests: 4 },
  { name: 'everybody refused in words we do not know', hub: { check: strange, whoami: boxless }, code: 'access-unknown', state: 'unknown', first: { kind: 'copy-report' }, actions: 'Copy details | Check again', requests: 4 },
  { name: 'organisation revoked the token', hub: { check: seen.orgRevoked }, code: 'organisation-policy', state: 'unknown', first: { view: 'token-field' }, actions: 'Use another token | Copy message', requests: 2 },
  { name: 'organisation bars the token from everything', hub: { info: seen.orgRevoked, infoAnon: seen.info() }, code: 'organisation-policy', state: 'unknown', first: { view: 'token-field' }, actions: 'Use another token | Copy message', requests: 2 },
  { name: 'metadata refused in words we do not know', hub: { info: strange, infoAnon: seen.info() }, code: 'access-unknown', state: 'unknown', first: { kind: 'copy-report' }, actions: 'Copy details | Check again', requests: 2 },
  { name: 'organisation member without the right', hub: { check: seen.orgMember, checkAnon: seen.anonymous }, code: 'access-unknown', state: 'unknown', first: { kind: 'copy-report' }, actions: 'Copy details | Check again', requests: 4 },
  { name: 'missing model, no token', hub: { info: seen.anonymous }, signedIn: false, code: 'repo-unknown-without-token', first: { view: 'token-field' }, actions: 'Sign in | Choose another model', requests: 1 },
  { name: 'missing or private model, live token', hub: { info: seen.repoMissing }, code: 'repo-not-found', first: { view: 'journey' }, actions: 'Choose another model | Copy details', requests: 1 },
  { name: 'metadata 401 although the token is alive', hub: { info: seen.anonymous }, code: 'access-unknown', first: { kind: 'copy-report' }, actions: 'Copy details | Check again', requests: 2 },
  { name: 'disabled, as metadata says', hub: { info: seen.info({ disabled: true }) }, code: 'repo-disabled', first: { view: 'journey' }, actions: 'Choose another model', requests: 1 },
  { name: 'disabled, as auth-check says', hub: { check: seen.disabled }, code: 'repo-disabled', first: { view: 'journey' }, actions: 'Choose another model', requests: 2 },
  { name: 'region, open model, no token', hub: { info: open, check: seen.region }, signedIn: false, code: 'region-blocked', state: 'not-gated', first: { view: 'journey' }, actions: 'Choose another model', requests: 2 },
  { name: 'region, with a token', hub: { check: seen.region }, code: 'region-blocked', first: { view: 'journey' }, actions: 'Choose another model', requests: 2 },
  { name: 'rate limit without a token', hub: { info: seen.limited }, signedIn: false, code: 'rate-limited', first: { request: 'setup.check' }, actions: 'Try again | Sign in', requests: 1 },
  { name: 'rate limit on auth-check', hub: { check: seen.limited }, code: 'rate-limited', state: 'unknown', first: { request: 'setup.check' }, actions: 'Try again', requests: 2 },
  { name: 'whoami limited while the token is in doubt', hub: { check: seen.gatedAnonymous, whoami: seen.limited }, code: 'rate-limited', state: 'unknown', actions: 'Try again', requests: 3 },
  { name: 'sign-in page of a network', hub: { info: seen.portal }, code: 'proxy-or-portal', first: { page: 'status' }, actions: 'Open a web page | Try again | Copy details for IT', requests: 1 },
  { name: 'sign-in page in place of auth-check', hub: { check: seen.portal }, code: 'proxy-or-portal', state: 'unknown', first: { page: 'status' }, actions: 'Open a web page | Try again | Copy details for IT', requests: 2 },
  { name: 'API sent to another origin', hub: { info: { status: 302, headers: { location: 'http://127.0.0.1:9/login' } } }, code: 'proxy-or-portal', actions: 'Open a web page | Try again | Copy details for IT', requests: 1 },
  { name: 'proxy wants a password', hub: { info: seen.proxySignIn }, code: 'proxy-or-portal', first: { request: 'setup.check' }, actions: 'Try again | Copy details for IT', requests: 1 },
  { name: 'page of a filter', hub: { check: seen.filtered }, code: 'proxy-or-portal', actions: 'Open a web page | Try again | Copy details for IT', requests: 2 },
  { name: 'JSON that is no model', hub: { info: { status: 200, headers: { 'content-type': 'application/json' }, body: '{"hello":1}' } }, code: 'not-the-hub', first: { kind: 'copy-report' }, actions: 'Copy details', requests: 1 },
  { name: 'auth-check 200 that does not say OK', hub: { check: { status: 200, headers: { 'content-type': 'text/plain' }, body: 'maybe' } }, code: 'not-the-hub', state: 'unknown', actions: 'Copy details', requests: 2 },
  { name: 'Hub trouble', hub: { info: seen.trouble }, code: 'hub-trouble', first: { request: 'setup.check' }, actions: 'Try again | Open status page', requests: 3 },
  { name: 'Hub trouble on auth-check', hub: { check: seen.trouble }, code: 'hub-trouble', state: 'unknown', actions: 'Try again | Open status page', requests: 4 },
  { name: 'unknown 4xx', hub: { check: seen.refusal(418, 'Teapot', 'Short and stout') }, code: 'access-unknown', state: 'unknown', first: { kind: 'copy-report' }, actions: 'Copy details | Check again', requests: 2 },
  { name: 'connection dropped', hub: { info: { status: 0, fault: 'drop' } }, code: 'offline', first: { request: 'setup.check' }, actions: 'Try again | Use installed models', requests: 3 },
];
