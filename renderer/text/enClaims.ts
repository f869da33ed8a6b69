import type { ProblemCode } from '../../electron/contract/problem.ts';

/** What programs say is wrong, in one sentence each: "Your text says that ...". Only what readPaste can find. */
const said: Readonly<Partial<Record<ProblemCode, string>>> = {
  'no-token': 'somebody has to sign in',
  'token-not-accepted': 'the access token is not accepted',
  'token-malformed': 'the access token is not well formed',
  'token-hidden': 'HF_TOKEN overrides another token',
  'token-lacks-gated': 'the token may not read gated models',
  'access-never-asked': 'the licence was not accepted',
  'access-pending': 'the request waits for a review',
  'access-rejected': 'the authors declined the request',
  'access-reset': 'the authors set the request back',
  'access-unknown': 'access was refused, without saying why',
  'repo-not-found': 'the model does not exist',
  'repo-disabled': 'the model is disabled',
  'region-blocked': 'the model is not offered in your region',
  'revision-not-found': 'the version does not exist',
  'file-not-found': 'a file does not exist',
  'tls-intercepted': 'a certificate is not trusted',
  'proxy-or-portal': 'a proxy refused',
  'rate-limited': 'too many requests were made',
  'hub-trouble': 'the Hub has a problem',
  offline: 'there is no connection, or nothing in the cache',
  'disk-full': 'the disk is full',
};

/** Sentences that set a pasted error beside what is true. */
export const claims = {
  title: 'What your text says, and what is true',
  said: (code: ProblemCode) => `Your text says that ${said[code] ?? 'something went wrong'}.`,
  asking: 'Hugging Face is being asked.',
  so: (title: string) => `That is so. ${title}.`,
  truth: (title: string) => `In truth: ${title}.`,
  granted: (account: string | undefined) =>
    account === undefined
      ? 'In truth: the files may be downloaded now. If the program still fails, it uses another token than Latchkey, or none.'
      : `In truth: ${account} may download the files now. If the program still fails, it uses another token than Latchkey, or none.`,
  open: 'In truth: this model is open to everybody. A program that fails here sends a token that is not accepted, or something stands between it and Hugging Face.',
  holdsToken:
    'The text holds an access token. Latchkey did not keep it. Whoever else saw the text can use it: make a new one and delete this one.',
} as const;
