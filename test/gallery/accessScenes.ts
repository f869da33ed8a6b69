import type { Problem } from '../../electron/contract/problem.ts';
import type { FoundToken } from '../../electron/contract/tokens.ts';
import { hiddenToken, staleToken } from '../../electron/services/hub/tokenWords.ts';
import { describe } from '../../electron/services/hub/words.ts';
import { now } from './fixtures.ts';
import { chatting, type Scene, signedIn } from './worlds.ts';

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
const found: readonly FoundToken[] = [
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

/** What a person meets on the access page. */
export const accessScenes: Readonly<Record<string, Scene>> = {
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
