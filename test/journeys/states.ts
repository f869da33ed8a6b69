/** Every state of access that an answer of the Hub can put a person into, and how the practice Hub brings it about. */
import type { ProblemCode } from '../../electron/contract/problem.ts';
import type { Fault } from '../../electron/practice/hub/faults.ts';
import type { PracticeControl } from '../../electron/practice/hub/practiceHub.ts';
import type { Door } from '../../renderer/text/en.ts';
import { gatedRepo } from './world.ts';

export interface State {
  readonly name: string;
  readonly repo?: string;
  /** What the person has in hand; without it nobody signs in. */
  readonly token?: (control: PracticeControl) => string;
  readonly hub?: (control: PracticeControl) => void;
  readonly faults?: readonly Fault[];
  readonly code: ProblemCode;
  readonly says: RegExp;
  /** The button or link that comes first. */
  readonly does: RegExp;
  /** What the chip beside the model's name says, where it would be easy to say too much. */
  readonly door?: Door;
}

export const read = (control: PracticeControl): string => control.createToken({ account: 'ada', kind: 'read' });
const put =
  (state: 'pending' | 'rejected' | 'reset' | 'granted') =>
  (control: PracticeControl): void =>
    control.setRequestState(gatedRepo, 'ada', state);
const auth = /auth-check/;

// prettier-ignore
export const states: readonly State[] = [
  { name: 'malformed token', token: () => 'hf_tooShort', code: 'token-malformed', says: /does not look like a Hugging Face token/, does: /Paste again/ },
  { name: 'organisation token', token: () => 'api_org_abcdefghijklmnopqrst', code: 'token-malformed', says: /organisation token/, does: /Paste again/ },
  { name: 'token not accepted', token: (control) => control.createToken({ account: 'ada', kind: 'read', expired: true }), code: 'token-not-accepted', says: /expired, was deleted or was mistyped/, does: /Create a new token/ },
  { name: 'whoami limited', token: read, hub: (control) => control.rateLimit({ bucket: 'whoami', remaining: 0, resetSeconds: 30 }), code: 'rate-limited', says: /asks to slow down.*limit ends in 0:\d\d/, does: /Paste|Try again|Sign in/ },
  { name: 'fine-grained token without the box', token: (control) => control.createToken({ account: 'ada', kind: 'fineGrained' }), hub: put('granted'), code: 'token-lacks-gated', says: /may not read gated models/, does: /Fix this token/ },
  { name: 'organisation policy', token: (control) => control.createToken({ account: 'ada', kind: 'read', refusedBy: ['practice-labs'] }), hub: put('granted'), code: 'organisation-policy', says: /revoked by the organization administrator/, does: /Use another token/ },
  { name: 'unknown without token', repo: 'practice-labs/Nowhere', code: 'repo-unknown-without-token', says: /does not say whether this model exists/, does: /Sign in/ },
  { name: 'missing', repo: 'practice-labs/Nowhere', token: read, code: 'repo-not-found', says: /misspelled, was removed, or is private/, does: /Choose another model/ },
  { name: 'private', repo: 'practice-labs/Vault-Instruct', token: read, code: 'repo-not-found', says: /private to somebody else than ada/, does: /Choose another model/ },
  { name: 'renamed', repo: 'practice-labs/Keyhole-One-Instruct', token: read, code: 'repo-renamed', says: /moved to practice-labs\/Keyhole-1-Instruct/, does: /Continue with/ },
  { name: 'disabled', repo: 'practice-labs/Sealed-Instruct', token: read, code: 'repo-disabled', says: /disabled this model/, does: /Choose another model/, door: 'closed' },
  { name: 'region', repo: 'practice-labs/Faraway-Instruct', token: read, code: 'region-blocked', says: /not offered where you are/, does: /Choose another model/, door: 'closed' },
  { name: 'withheld by law', token: read, faults: [{ match: auth, do: '401', status: 451, sentence: 'Withheld by court order.' }], code: 'region-blocked', says: /not offered where you are.*"Withheld by court order."/, does: /Choose another model/, door: 'closed' },
  { name: 'European Union excluded', repo: 'practice-labs/Eurolocked', token: read, code: 'access-never-asked', says: /excludes the European Union/, does: /Open licence page/ },
  { name: 'never asked', token: read, code: 'access-never-asked', says: /ada has not accepted this licence yet/, does: /Open licence page/ },
  { name: 'wrong account', token: (control) => control.createToken({ account: 'bob', kind: 'read' }), hub: put('granted'), code: 'access-never-asked', says: /This token belongs to bob/, does: /Open licence page/ },
  { name: 'pending', token: read, hub: put('pending'), code: 'access-pending', says: /has your request.*Next check/, does: /Check now/ },
  { name: 'rejected', token: read, hub: put('rejected'), code: 'access-rejected', says: /declined this request/, does: /similar open model/ },
  { name: 'reset', token: read, hub: put('reset'), code: 'access-reset', says: /asks you to agree again/, does: /Open licence page/ },
  { name: 'nothing to run', repo: 'open-practice/Attic-Instruct', code: 'nothing-to-run', says: /cannot run here/, does: /Choose another model/, door: 'not-gated' },
  { name: 'rate limited', token: read, faults: [{ match: auth, do: '429', seconds: 120 }], code: 'rate-limited', says: /asks to slow down.*Next check in [12]:\d\d/, does: /Try again/ },
  { name: 'Hub trouble', token: read, faults: [{ match: auth, do: '5xx' }], code: 'hub-trouble', says: /Hugging Face has a problem/, does: /Try again/ },
  { name: 'captive portal', token: read, faults: [{ match: auth, do: 'html-portal' }], code: 'proxy-or-portal', says: /network answered instead/, does: /Open a web page/ },
  { name: 'sent elsewhere', token: read, faults: [{ match: auth, do: 'redirect-foreign' }], code: 'proxy-or-portal', says: /network answered instead/, does: /Open a web page/ },
  { name: 'unknown refusal', token: read, faults: [{ match: auth, do: '403-gated', sentence: 'The moon is in the wrong quarter.' }], code: 'access-unknown', says: /Hugging Face said: "The moon is in the wrong quarter\."/, does: /Copy details/ },
  { name: 'file gone', token: read, hub: put('granted'), faults: [{ match: /resolve\/.*safetensors$/, port: 'hub', do: '404' }], code: 'file-not-found', says: /file of this model does not exist/, does: /newest version/ },
  { name: 'version gone', token: read, hub: put('granted'), faults: [{ match: /resolve\/.*safetensors$/, port: 'hub', do: '404', code: 'RevisionNotFound', sentence: 'Revision Not Found' }], code: 'revision-not-found', says: /This version of the model does not exist/, does: /newest version/ },
  { name: 'access lost midway', token: read, hub: put('granted'), faults: [{ match: /resolve\/.*safetensors$/, port: 'hub', do: '403-gated' }], code: 'access-lost', says: /Access changed during the download.*kept/, does: /Check access/, door: 'unknown' },
  { name: 'download servers blocked', token: read, hub: put('granted'), faults: [{ match: /./, port: 'cdn', do: 'reset' }], code: 'cdn-blocked', says: /download servers/, does: /Continue download|Copy|Resume|Try again/ },
  { name: 'damaged on the way', token: read, hub: put('granted'), faults: [{ match: /./, port: 'cdn', do: 'flip' }], code: 'damaged-file', says: /arrived damaged/, does: /Continue download/ },
];
