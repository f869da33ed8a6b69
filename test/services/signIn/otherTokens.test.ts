import { describe, expect, test } from 'vitest';
import { failed, ok, type Result } from '../../../electron/contract/result.ts';
import type { Account, SignInState } from '../../../electron/contract/setup.ts';
import { describe as problemOf } from '../../../electron/services/hub/words.ts';
import { type AccessToken, createAccessToken } from '../../../electron/services/hub/secret.ts';
import type { AccountFacts } from '../../../electron/services/hub/whoami.ts';
import type { Computer } from '../../../electron/services/ports.ts';
import { createOtherTokens } from '../../../electron/services/signIn/otherTokens.ts';

const token = (mark: string): string => `hf_${mark.repeat(34).slice(0, 34)}`;
const [a, b, c, d] = ['a', 'b', 'c', 'd'].map((mark) => token(mark)) as [string, string, string, string];
const cache = '/home/ada/.cache/huggingface';
const person = (name: string): AccountFacts => ({ name, kind: 'read', scopes: [], ending: '', checkedAt: 1 });
const limited = problemOf('rate-limited', {}, [{ retryAt: 60_000 }]);
const dead = problemOf('token-not-accepted', {}, [{ status: 401 }]);

interface World {
  readonly env?: Record<string, string>;
  readonly files?: Record<string, string>;
  readonly shell?: Record<string, string>;
  readonly git?: { username: string; password: string };
  /** Latchkey's own token and whose it is, when that is known. */
  readonly ours?: readonly [string, string?];
  readonly people?: Readonly<Record<string, Result<AccountFacts>>>;
}

function open(world: World) {
  const asked: string[] = [];
  let now = 0;
  let own: AccessToken | undefined = world.ours && createAccessToken(world.ours[0]);
  const account: Account | undefined =
    world.ours?.[1] === undefined ? undefined : { ...person(world.ours[1]), home: 'keychain' };
  const state = (): SignInState => ({ vault: own ? 'ready' : 'empty', ...(account && { account }) });
  const { shell, git } = world;
  const computer: Computer = {
    env: world.env ?? {},
    home: '/home/ada',
    platform: 'linux',
    readText: async (path) => world.files?.[path],
    ...(shell && { askShell: async () => ({ shell: '/bin/zsh', values: shell }) }),
    askGit: async () => git,
  };
  const tokens = createOtherTokens({
    computer,
    hub: new URL('https://huggingface.co'),
    signIn: {
      token: () => own,
      state,
      async save(text) {
        own = createAccessToken(text);
        return ok(state());
      },
    },
    async whoAmI(one) {
      asked.push(one.reveal());
      return world.people?.[one.reveal()] ?? failed(dead);
    },
    now: () => now,
    log: () => undefined,
  });
  return { tokens, asked, wait: (ms: number) => (now += ms), own: () => own?.reveal() };
}

/** What a person reads: code, title, and the words that must be in the text. */
type Said = readonly [code: string, title: string, ...words: string[]];

describe('conflicts between tokens', () => {
  test.each<[string, World, readonly Said[]]>([
    ['nothing found', {}, []],
    ['the same token everywhere', { env: { HF_TOKEN: a }, files: { [`${cache}/token`]: a }, ours: [a, 'ada'] }, []],
    [
      'a variable in a start file wins over ours',
      { env: { SHELL: '/bin/zsh' }, files: { '/home/ada/.zshrc': `export HF_TOKEN=${b}` }, ours: [a, 'ada'] },
      [
        [
          'token-hidden',
          'Your scripts use a different token',
          'HF_TOKEN in ~/.zshrc wins in Python and transformers.js',
          'Take the line out of ~/.zshrc',
        ],
      ],
    ],
    [
      'and hides the one that hf auth login just stored',
      { env: { HF_TOKEN: b }, files: { [`${cache}/token`]: a }, ours: [a, 'ada'] },
      [
        [
          'token-hidden',
          'Your scripts use a different token',
          'HF_TOKEN in the environment',
          'It hides the token of hf auth login',
          'unset HF_TOKEN',
        ],
      ],
    ],
    [
      'a login of another program',
      { files: { [`${cache}/token`]: b }, ours: [a, 'ada'] },
      [
        [
          'token-hidden',
          'Your scripts use a different token',
          `The active token of hf auth login (~/.cache/huggingface/token) wins in Python.`,
        ],
      ],
    ],
    [
      'a variable hides a login, and Latchkey has no token',
      { env: { HUGGING_FACE_HUB_TOKEN: b }, files: { [`${cache}/token`]: a } },
      [['token-hidden', 'HUGGING_FACE_HUB_TOKEN hides the token of hf auth login', 'never looks at the active token']],
    ],
    [
      'ours is the variable, and it hides a login',
      { env: { HF_TOKEN: a }, files: { [`${cache}/token`]: b }, ours: [a, 'ada'] },
      [['token-hidden', 'HF_TOKEN hides the token of hf auth login']],
    ],
    [
      'an empty HF_TOKEN',
      { env: { HF_TOKEN: '', HF_ACCESS_TOKEN: a } },
      [['token-hidden', 'HF_TOKEN is set to nothing', 'does not read HF_ACCESS_TOKEN in the environment']],
    ],
    [
      'quotes that a program would send along',
      { env: { HF_TOKEN: `"${a}"` } },
      [['token-malformed', 'HF_TOKEN in the environment is not written as a token', 'quotes, blanks']],
    ],
    [
      'something that is no token',
      { files: { [`${cache}/token`]: 'hello' } },
      [
        [
          'token-malformed',
          'The active token of hf auth login (~/.cache/huggingface/token) is not written as a token',
          '37 characters',
        ],
      ],
    ],
  ])('%s', async (_name, world, said) => {
    const { tokens, asked } = open(world);
    const { conflicts } = await tokens.find({ askGit: false });
    expect(conflicts.map(({ code, title }) => [code, title])).toEqual(said.map(([code, title]) => [code, title]));
    for (const [index, [, , ...words]] of said.entries())
      for (const word of words) expect(conflicts[index]?.explanation).toContain(word);
    expect(asked).toEqual([]); // looking never asks the network
    expect(JSON.stringify(conflicts)).not.toMatch(/hf_[abcd]{10}/);
  });

  test('name the account once it is known, and the stale ones', async () => {
    const { tokens } = open({
      env: { HF_TOKEN: b },
      files: { [`${cache}/token`]: c },
      ours: [a, 'ada'],
      people: { [b]: ok(person('bob')) },
    });
    await tokens.find({ askGit: false });
    const tested = await tokens.test(undefined);
    expect(tested.ok && tested.value.conflicts.map(({ title, explanation }) => `${title}. ${explanation}`)).toEqual([
      expect.stringContaining('HF_TOKEN in the environment belongs to bob and wins in Python and transformers.js'),
      expect.stringContaining('Hugging Face does not accept the active token of hf auth login'),
    ]);
  });
});

describe('what is found', () => {
  test('says who would use it, never the token', async () => {
    const { tokens } = open({
      env: { HF_TOKEN: b, SHELL: '/bin/zsh' },
      files: { [`${cache}/token`]: a, [`${cache}/stored_tokens`]: `[laptop]\nhf_token = ${a}\n` },
      git: { username: 'hf_user', password: d },
      ours: [a, 'ada'],
    });
    const { found, askedGit } = await tokens.find({ askGit: true });
    expect(askedGit).toBe(true);
    expect(
      found.map(({ kind, name, place, ending, ours, usedBy }) => [kind, name, place, ending, ours, usedBy]),
    ).toEqual([
      ['keychain', 'Latchkey', 'keychain', 'aaaa', true, ['latchkey']],
      ['environment', 'HF_TOKEN', 'environment', 'bbbb', false, ['python', 'transformers.js']],
      ['token-file', 'token', '~/.cache/huggingface/token', 'aaaa', true, []],
      ['stored', 'laptop', '~/.cache/huggingface/stored_tokens', 'aaaa', true, []],
      ['git', 'hf_user', 'credential helper', 'dddd', false, ['git']],
    ]);
    expect(JSON.stringify(found)).not.toMatch(/hf_[abcd]{10}/);
  });

  test('counts what the login shell really sets, and finds the line that computes it', async () => {
    const { tokens } = open({
      env: { HF_TOKEN: a, SHELL: '/bin/zsh' },
      shell: { HF_TOKEN: b, HF_ACCESS_TOKEN: c },
      files: { '/home/ada/.zshrc': 'export HF_TOKEN=$(pass hf)' },
    });
    const { found, shell } = await tokens.find({ askGit: false });
    expect(shell).toBe('asked');
    expect(found.map(({ kind, name, place, ending, usedBy }) => [kind, name, place, ending, usedBy])).toEqual([
      ['environment', 'HF_TOKEN', 'environment', 'aaaa', []],
      ['shell-file', 'HF_TOKEN', '~/.zshrc', 'bbbb', ['python', 'transformers.js']],
      ['login-shell', 'HF_ACCESS_TOKEN', '/bin/zsh', 'cccc', []],
    ]);
  });

  test('a line that the shell does not reach is listed and wins nowhere', async () => {
    const { tokens } = open({
      env: { SHELL: '/bin/bash' },
      shell: {},
      files: { '/home/ada/.bashrc': `export HF_TOKEN=${a}`, [`${cache}/token`]: b },
    });
    const { found } = await tokens.find({ askGit: false });
    expect(found.map(({ kind, usedBy }) => [kind, usedBy])).toEqual([
      ['shell-file', []],
      ['token-file', ['python']],
    ]);
  });

  test('follows HF_HOME of the login shell', async () => {
    const { tokens } = open({ shell: { HF_HOME: '/big/hf' }, files: { '/big/hf/token': a } });
    expect((await tokens.find({ askGit: false })).found).toMatchObject([
      { place: '/big/hf/token', usedBy: ['python'] },
    ]);
  });
});

describe('asking whose they are', () => {
  test('asks once for each token, however many places hold it, and remembers', async () => {
    const { tokens, asked, wait } = open({
      env: { HF_TOKEN: b, HUGGING_FACE_HUB_TOKEN: c },
      files: { [`${cache}/token`]: b },
      people: { [b]: ok(person('bob')) },
    });
    await tokens.find({ askGit: false });
    const first = await tokens.test(undefined);
    expect(first.ok && first.value.found.map(({ owner, problem }) => owner?.name ?? problem?.code)).toEqual([
      'bob',
      'token-not-accepted',
      'bob',
    ]);
    await tokens.test(undefined);
    wait(9 * 60_000);
    await tokens.test(undefined);
    expect(asked).toEqual([b, c]);
    wait(2 * 60_000);
    await tokens.test(undefined);
    expect(asked).toEqual([b, c, b, c]);
  });

  test('stops at a rate limit, and asks nobody before it ends', async () => {
    const { tokens, asked, wait } = open({
      env: { HF_TOKEN: a, HUGGING_FACE_HUB_TOKEN: b, HF_ACCESS_TOKEN: c },
      people: { [a]: failed(limited), [b]: ok(person('bob')), [c]: ok(person('cy')) },
    });
    const { found } = await tokens.find({ askGit: false });
    const tested = await tokens.test(undefined);
    expect(tested.ok && tested.value.found[0]?.problem?.code).toBe('rate-limited');
    await tokens.test(found[1]?.id);
    wait(59_000);
    await tokens.test(undefined);
    expect(asked).toEqual([a]);
    wait(1000);
    await tokens.test(found[1]?.id);
    expect(asked).toEqual([a, b]);
  });

  test('does not ask about ours, and sends nothing that is no token', async () => {
    const { tokens, asked } = open({
      env: { HF_TOKEN: a, HF_ACCESS_TOKEN: 'sk-something-else-entirely' },
      ours: [a, 'ada'],
    });
    await tokens.find({ askGit: false });
    const tested = await tokens.test(undefined);
    expect(asked).toEqual([]);
    expect(tested.ok && tested.value.found[1]).toMatchObject({ name: 'HF_TOKEN', owner: { name: 'ada' } });
  });

  test('a token that was found becomes ours by its id, and nothing else does', async () => {
    const { tokens, own } = open({ env: { HF_TOKEN: b } });
    const { found } = await tokens.find({ askGit: false });
    expect(await tokens.adopt('0123456789abcdef')).toMatchObject({ ok: false, problem: { code: 'not-found' } });
    expect(await tokens.adopt(found[0]?.id ?? '')).toMatchObject({ ok: true });
    expect(own()).toBe(b);
  });
});
