import type { Problem } from '../../electron/contract/problem.ts';
import type { FoundToken } from '../../electron/contract/tokens.ts';
import { hiddenToken, staleToken } from '../../electron/services/hub/tokenWords.ts';
import { describe } from '../../electron/services/hub/words.ts';
import type { LicenceStatus } from '../../electron/contract/setup.ts';
import { familyOf } from '../../electron/services/hub/family.ts';
import { ada, info, licence, llama, now, plan } from './fixtures.ts';
import { access, base, chatting, empty, idle, neverAsked, type Scene, signedIn, withSetup } from './worlds.ts';

const bob = { name: 'bob', kind: 'write', scopes: [], ending: '91aa', checkedAt: now - 5000 } as const;
const refused: Problem = describe('token-not-accepted', {}, [
  {
    request: 'GET /api/whoami-v2',
    status: 401,
    errorMessage: 'Invalid username or password.',
    host: 'huggingface.co',
    at: now,
  },
]);
const zshrc = { id: 'a1', kind: 'shell-file', name: 'HF_TOKEN', place: '~/.zshrc' } as const;
const file = { id: 'b2', kind: 'token-file', name: 'token', place: '~/.cache/huggingface/token' } as const;
const own: FoundToken = {
  id: 'latchkey',
  kind: 'keychain',
  name: 'Latchkey',
  place: 'keychain',
  looks: 'token',
  ending: '4f2c',
  ours: true,
  usedBy: ['latchkey'],
  owner: { name: 'ada', kind: 'read', scopes: [], ending: '4f2c', checkedAt: now },
};
export const found: readonly FoundToken[] = [
  own,
  { ...zshrc, looks: 'token', ending: '91aa', ours: false, usedBy: ['python', 'transformers.js'], owner: bob },
  { ...file, looks: 'token', ending: '77e0', ours: false, usedBy: [], problem: refused },
  {
    id: 'c3',
    kind: 'stored',
    name: 'laptop of the long weekend in Reykjavík',
    place: '~/.cache/huggingface/stored_tokens',
    looks: 'token',
    ending: '4f2c',
    ours: true,
    usedBy: [],
    owner: { name: 'ada', kind: 'read', scopes: [], ending: '4f2c', checkedAt: now },
  },
  {
    id: 'd4',
    kind: 'git',
    name: 'hf_user',
    place: 'credential helper',
    looks: 'token',
    ending: 'c0de',
    ours: false,
    usedBy: ['git'],
  },
];
const atAccess = (app: Parameters<NonNullable<Scene['show']>>[0]): void => app.router.go({ name: 'access' });

const family = {
  name: 'Llama',
  members: (familyOf(llama)?.members ?? []).map((member) => {
    const states: Readonly<Record<string, LicenceStatus['state']>> = {
      [llama]: 'pending',
      'meta-llama/Llama-3.1-8B-Instruct': 'granted',
      'meta-llama/Llama-3.2-1B': 'never-asked',
      'meta-llama/Llama-2-7b-hf': 'rejected',
    };
    const state = states[member.repo];
    return state ? { ...member, licence: { ...licence(state), repo: member.repo } } : member;
  }),
};
const form = [
  { name: 'First Name', kind: 'text' },
  { name: 'Last Name', kind: 'text' },
  { name: 'Date of birth', kind: 'date' },
  { name: 'Country', kind: 'country' },
  { name: 'Affiliation', kind: 'text' },
  {
    name: 'Job title',
    kind: 'choice',
    options: ['Student', 'Research Graduate', 'AI researcher', 'Reporter', 'Other'],
  },
  { name: 'geo', kind: 'location' },
  { name: 'By clicking Submit below I accept the terms of the license', kind: 'agreement' },
] as const;
const openDrawers = async (): Promise<void> => {
  await new Promise((resolve) => setTimeout(resolve, 50));
  for (const drawer of document.querySelectorAll<HTMLDetailsElement>('details[data-testid=family]')) drawer.open = true;
};

/** Every refusal in the words people get, each in the row where it stands. */
const refusals = (
  [
    ['no-token', 'sign-in'],
    ['token-not-accepted', 'sign-in'],
    ['token-lacks-gated', 'sign-in'],
    ['organisation-policy', 'sign-in'],
    ['repo-unknown-without-token', 'sign-in'],
    ['repo-not-found', 'access'],
    ['repo-renamed', 'access'],
    ['repo-disabled', 'access'],
    ['region-blocked', 'access'],
    ['access-unknown', 'access'],
    ['rate-limited', 'access'],
    ['hub-trouble', 'access'],
    ['proxy-or-portal', 'access'],
    ['not-the-hub', 'access'],
    ['offline', 'access'],
    ['tls-intercepted', 'access'],
    ['cdn-blocked', 'access'],
    ['access-lost', 'access'],
    ['revision-not-found', 'access'],
    ['file-not-found', 'access'],
  ] as const
).map(([code, step]): [string, Scene] => {
  const said = 'The moon is in the wrong quarter.';
  const facts = {
    repo: llama,
    account: 'ada',
    said,
    newRepo: 'meta-llama/Llama-3.2-1B-It',
    issuer: 'Example Inspection CA',
  };
  const evidence = [
    {
      request: `GET /api/models/${llama}/auth-check`,
      status: 403,
      errorMessage: said,
      host: 'huggingface.co',
      at: now,
    },
  ];
  const activity = {
    kind: 'blocked',
    problem: describe(code, { ...facts, host: 'huggingface.co' }, evidence),
  } as const;
  const state = code === 'repo-disabled' || code === 'region-blocked' ? 'not-gated' : 'unknown';
  return [`access-${code}`, { world: withSetup(signedIn, { ...base, step, activity, licence: licence(state) }) }];
});

/** What a person meets on the access page. */
export const accessScenes: Readonly<Record<string, Scene>> = {
  ...Object.fromEntries(refusals),
  'licence-form': {
    world: {
      ...neverAsked({ form, excludesEu: true }),
      family,
    },
    show: openDrawers,
  },
  family: {
    world: { ...chatting, setups: access(idle, 'pending', { pendingSince: now - 420_000, form }).setups, family },
    async show(app) {
      atAccess(app);
      await openDrawers();
    },
  },
  'token-write': {
    world: {
      ...signedIn,
      signIn: { vault: 'ready', account: { ...ada, kind: 'write', fullName: 'Ada Lovelace' } },
    },
    show: atAccess,
  },
  'token-fine-grained': {
    world: {
      ...signedIn,
      signIn: {
        vault: 'ready',
        account: {
          ...ada,
          kind: 'fine-grained',
          readsGated: false,
          scopes: ['repo.content.read @ meta-llama', 'inference.serverless.write'],
        },
      },
    },
    show: atAccess,
  },
  'sign-in-clipboard': {
    world: { ...withSetup(empty, { ...base, step: 'sign-in', activity: idle, plan }), clipboard: '4f2c' },
    show: openDrawers,
  },
  'sign-in-browser': {
    world: {
      ...withSetup(empty, { ...base, step: 'sign-in', activity: idle, plan }),
      info: { ...info, can: { ...info.can, signInWithBrowser: true } },
      signIn: { vault: 'empty', browser: { kind: 'waiting', userCode: 'K7QX-2MPA', expiresAt: now + 840_000 } },
    },
  },
  'sign-in-ways': {
    world: {
      ...withSetup(empty, { ...base, step: 'sign-in', activity: idle, plan }),
      info: { ...info, can: { ...info.can, signInWithBrowser: true } },
    },
  },
  tokens: {
    world: {
      ...chatting,
      tokens: {
        found,
        conflicts: [
          hiddenToken({
            id: 'a1',
            spot: zshrc,
            programs: ['Python', 'transformers.js'],
            owner: 'bob',
            ours: 'ada',
            hidesLogin: true,
          }),
          staleToken(file, [], refused),
        ],
        lookedAt: now,
        looked: true,
        shell: 'asked',
        askedGit: true,
      },
    },
    async show(app) {
      atAccess(app);
      await app.access.tokens.find(true);
    },
  },
  'tokens-none': {
    world: signedIn,
    async show(app) {
      atAccess(app);
      await app.access.tokens.find();
    },
  },
};
