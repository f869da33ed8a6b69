import type { FoundToken, TokenUser } from '../../electron/contract/tokens.ts';

const users: Readonly<Record<TokenUser, string>> = {
  latchkey: 'Latchkey',
  python: 'Python',
  'transformers.js': 'transformers.js',
  git: 'git',
};

const kinds: Readonly<Record<FoundToken['kind'], (name: string) => string>> = {
  keychain: () => 'Latchkey',
  environment: (name) => name,
  'login-shell': (name) => name,
  'shell-file': (name) => name,
  'token-file': () => 'hf auth login',
  stored: (name) => `hf auth login: ${name}`,
  git: (name) => `git (${name})`,
};

/** Sentences about the tokens of other programs. */
export const tokens = {
  title: 'Tokens on this computer',
  intro:
    'Scripts fail when another token wins than the one you think. Latchkey looks where Python, transformers.js and git look, and changes nothing there.',
  look: 'Look for tokens',
  lookAgain: 'Look again',
  looking: 'Looking',
  askAll: (host: string) => `Ask ${host} whose they are`,
  askGit: 'Ask git’s credential helper, too',
  askGitNote: 'git may hold one for clone and push; its helper may ask you to unlock a keyring.',
  practice: 'In practice mode Latchkey does not look at your own tokens.',
  none: 'No other program has a token here.',
  wins: 'What each program would use now',
  users,
  winner: (name: string, ending: string | undefined) => (ending === undefined ? name : `${name} · ends in ${ending}`),
  noneFor: {
    latchkey: 'none stored',
    python: 'none',
    'transformers.js': 'none: it reads only HF_TOKEN and HF_ACCESS_TOKEN',
    git: 'none found; only for clone and push',
  } satisfies Readonly<Record<TokenUser, string>>,
  found: 'Where they are',
  kinds,
  places: {
    environment: 'environment of this session',
    keychain: 'keychain of this computer',
    session: 'this session',
  },
  computed: 'made by a command whenever a shell starts',
  other: 'not a token',
  ours: 'same as Latchkey’s',
  shell: {
    asked: 'Your login shell was asked: programs started from the desktop do not inherit what it sets.',
    silent: 'Your login shell did not answer in time; its start files were read instead.',
    none: undefined,
  },
  whose: 'Whose is it?',
  whoseLabel: (name: string, place: string) => `Ask whose token ${name} (${place}) is`,
  adopt: 'Use in Latchkey',
  adoptLabel: (name: string, place: string) => `Use the token ${name} (${place}) in Latchkey`,
  adopted: (name: string) => `Latchkey uses the token of ${name} now`,
  belongs: (name: string, kind: string) => `belongs to ${name} · ${kind}`,
  refused: 'not accepted any more',
  notAsked: 'not asked yet',
} as const;
