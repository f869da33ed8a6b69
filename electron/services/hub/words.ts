/** Every sentence about the Hub that a person reads: what is true, why, what is safe, one next step first. */
import type { Action, Evidence, Problem, ProblemCode } from '../../contract/problem.ts';
import { again, copyReport, enterToken, licencePage, myRequests, newToken, otherModel } from './actions.ts';
import { networkWords } from './networkWords.ts';
import { ownerName } from './owner.ts';

/** What the sentences may mention. */
export interface Facts {
  readonly repo?: string | undefined;
  readonly account?: string | undefined;
  /** Who signed the certificate that was refused. */
  readonly issuer?: string | undefined;
  /** The host that answered, or failed to. */
  readonly host?: string | undefined;
  /** The Hub's own sentence, shown as it is. */
  readonly said?: string | undefined;
  readonly newRepo?: string | undefined;
  /** A finer shade of the same code. */
  readonly shade?: Shade | undefined;
}

export type Shade =
  | 'switched-off'
  | 'signed-out'
  | 'clock'
  | 'proxy-sign-in'
  | 'proxy-away'
  | 'proxy-error'
  | 'public-model'
  | 'token-bound'
  | 'insecure'
  | 'no-token'
  | 'withheld'
  | 'legal';

export interface Words {
  readonly title: string;
  readonly text: string;
  readonly actions: readonly Action[];
}

export type HubProblemCode = Extract<
  ProblemCode,
  | 'offline'
  | 'tls-intercepted'
  | 'proxy-or-portal'
  | 'not-the-hub'
  | 'mirror-asks'
  | 'hub-trouble'
  | 'rate-limited'
  | 'cdn-blocked'
  | 'no-token'
  | 'token-not-accepted'
  | 'token-lacks-gated'
  | 'organisation-policy'
  | 'repo-not-found'
  | 'repo-unknown-without-token'
  | 'repo-renamed'
  | 'repo-disabled'
  | 'region-blocked'
  | 'revision-not-found'
  | 'file-not-found'
  | 'access-never-asked'
  | 'access-pending'
  | 'access-rejected'
  | 'access-reset'
  | 'access-lost'
  | 'access-unknown'
>;

const table: { readonly [C in HubProblemCode]: (facts: Facts) => Words } = {
  ...networkWords,
  'no-token': ({ repo }) => ({
    title: 'This model asks you to sign in first',
    text: `${ownerName(repo)} shares it only with accounts that accepted its licence, so an access token is needed.`,
    actions: [enterToken('Sign in to Hugging Face'), licencePage(repo)],
  }),
  'token-not-accepted': ({ shade }) => ({
    title:
      shade === 'signed-out' ? 'The sign-in through the browser has ended' : 'Hugging Face does not accept this token',
    text:
      shade === 'signed-out'
        ? 'It was not used for long, or was withdrawn in your settings at Hugging Face. Signing in again takes a minute.'
        : 'It has expired, was deleted or was mistyped; Hugging Face does not say which.' +
          (shade === 'public-model' ? ' This model itself is open: it can be downloaded without a token.' : ''),
    actions: [
      ...(shade === 'signed-out' ? [enterToken('Sign in again')] : []),
      newToken('Create a new token'),
      ...(shade === 'signed-out' ? [] : [enterToken('Paste again')]),
      ...(shade === 'public-model'
        ? [{ kind: 'request', request: 'accessToken.forget', label: 'Forget this token' } as const]
        : []),
    ],
  }),
  'token-lacks-gated': ({ account }) => ({
    title: 'Your token works, but it may not read gated models',
    text:
      `Fine-grained tokens need one more permission. The link opens the form with it ticked${as(account)}; ` +
      'a plain read token works too. A changed token can take a minute to act.',
    actions: [newToken('Fix this token'), { kind: 'page', page: 'tokens', label: 'Open my tokens' }],
  }),
  'organisation-policy': ({ said }) => ({
    title: 'An organisation limits this token',
    text: quoted(said, 'Hugging Face refused because of a rule of the organisation.'),
    actions: [enterToken('Use another token'), copyReport('Copy message')],
  }),
  'repo-not-found': ({ repo, account }) => ({
    title: 'No model of this name is visible to you',
    text: `${repo ?? 'The name'} is misspelled, was removed, or is private to somebody else${account ? ` than ${account}` : ''}.`,
    actions: [otherModel(), copyReport()],
  }),
  'repo-unknown-without-token': ({ repo }) => ({
    title: 'Hugging Face does not say whether this model exists',
    text: `Without a token, a missing and a private ${repo ?? 'model'} look the same. Sign in to find out.`,
    actions: [enterToken('Sign in'), otherModel()],
  }),
  'repo-renamed': ({ repo, newRepo }) => ({
    title: newRepo === undefined ? 'This model has moved' : `This model moved to ${newRepo}`,
    text: `${repo ?? 'The old name'} now leads there. Access granted under the old name stays with the model.`,
    actions: [
      newRepo === undefined
        ? otherModel()
        : { kind: 'request', request: 'setup.choose', input: { repo: newRepo }, label: `Continue with ${newRepo}` },
    ],
  }),
  'repo-disabled': () => ({
    title: 'Hugging Face has disabled this model',
    text: 'Nobody can download it at the moment. Copies already on this computer still work.',
    actions: [otherModel()],
  }),
  'region-blocked': ({ repo, said, shade }) => ({
    title: 'This model is not offered where you are',
    text:
      shade === 'legal'
        ? `${quoted(said, 'The answer is 451: unavailable for legal reasons.')} A new token does not change that.`
        : `${ownerName(repo)} excludes your region. A new token or another request does not change that.`,
    actions: [otherModel()],
  }),
  'revision-not-found': ({ repo }) => ({
    title: 'This version of the model does not exist',
    text: 'The authors may have replaced it. The newest version has all current files.',
    actions: [newest(repo), copyReport()],
  }),
  'file-not-found': ({ repo }) => ({
    title: 'A file of this model does not exist',
    text: 'The authors may have moved or renamed it. The newest version has all current files.',
    actions: [newest(repo), copyReport()],
  }),
  'access-never-asked': ({ repo, account }) => ({
    title: account ? `${account} has not accepted this licence yet` : 'You have not accepted this licence yet',
    text:
      `${ownerName(repo)} asks each account to agree on the model's page. ` +
      (account ? `This token belongs to ${account}: ` : '') +
      'if you already agreed as another account, use a token of that one.',
    actions: [licencePage(repo), enterToken('Use another token'), again(repo, 'Check again')],
  }),
  'access-pending': ({ repo, account }) => ({
    title: `${ownerName(repo)} has your request`,
    text: `${account ? `${account} asked. ` : ''}The authors approve requests themselves, which takes minutes to days. Nothing more is needed from you.`,
    actions: [again(repo, 'Check now'), myRequests, otherModel('Start with an open model')],
  }),
  'access-rejected': ({ repo, account }) => ({
    title: `${ownerName(repo)} declined this request`,
    text: `No reason is given, and asking again${as(account)} has no effect. Models with similar abilities need no request.`,
    actions: [otherModel('Choose a similar open model'), myRequests],
  }),
  'access-reset': ({ repo }) => ({
    title: `${ownerName(repo)} asks you to agree again`,
    text: 'The earlier request was set back by the authors, often because the licence changed. A new one can be sent.',
    actions: [licencePage(repo), again(repo, 'Check again')],
  }),
  'access-lost': ({ repo, said }) => ({
    title: 'Access changed during the download',
    text: `${quoted(said, 'Hugging Face no longer hands out this file.')} What is downloaded so far is kept.`,
    actions: [again(repo, 'Check access'), licencePage(repo)],
  }),
  'access-unknown': ({ repo, said, shade }) => ({
    title: 'Hugging Face refused, for a reason Latchkey does not know',
    text:
      quoted(said, 'It gave no reason.') +
      (shade === 'token-bound'
        ? ' The same request without the token is answered otherwise, so it is about this token.'
        : ''),
    actions: [copyReport(), again(repo, 'Check again')],
  }),
};

/** Builds the problem a code stands for. */
export function describe(code: HubProblemCode, facts: Facts, evidence: readonly Evidence[]): Problem {
  const { title, text, actions } = table[code](facts);
  return { code, title, explanation: text, actions, evidence };
}

function newest(repo: string | undefined): Action {
  return repo === undefined
    ? otherModel()
    : { kind: 'request', request: 'setup.choose', input: { repo }, label: 'Use the newest version' };
}

function quoted(said: string | undefined, otherwise: string): string {
  return said === undefined || said === '' ? otherwise : `Hugging Face said: "${said}"`;
}

function as(account: string | undefined): string {
  return account === undefined ? '' : ` (as ${account})`;
}
