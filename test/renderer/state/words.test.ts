/** Sentences that the page makes of facts: about scripts, about claims, and which open model it offers. */
import { describe, expect, test } from 'vitest';
import type { SetupState } from '../../../electron/contract/setup.ts';
import type { FoundToken, TokenFindings } from '../../../electron/contract/tokens.ts';
import { describe as problemOf } from '../../../electron/services/hub/words.ts';
import { truthOf } from '../../../renderer/access/claim.ts';
import { javaScriptFor, pythonFor, tokenSteps } from '../../../renderer/access/scripts.ts';
import { openAlternative } from '../../../renderer/journey/alternative.ts';
import { ada, installed, licence, llama, now, plan, smol, suggested } from '../../gallery/fixtures.ts';
import { base, idle } from '../../gallery/worlds.ts';

const findings = (change: Partial<FoundToken> | undefined): TokenFindings => ({
  found:
    change === undefined
      ? []
      : [
          {
            id: 'a',
            kind: 'environment',
            name: 'HF_TOKEN',
            place: 'environment',
            looks: 'token',
            ours: false,
            usedBy: ['python'],
            ...change,
          },
        ],
  conflicts: [],
  lookedAt: now,
  looked: true,
  shell: 'none',
  askedGit: false,
});
const { home: _home, ...adaFacts } = ada;
const bob = { ...adaFacts, name: 'bob' };
const dead = problemOf('token-not-accepted', {}, []);

describe('what scripts need', () => {
  test.each<[string, Partial<FoundToken> | undefined, readonly (string | undefined)[], RegExp]>([
    ['nothing found', undefined, ['hf auth login'], /Sign Python in once, as ada/],
    ['the same token', { ours: true }, [undefined], /Nothing to do/],
    ['another token of the same account', { owner: adaFacts }, [undefined], /a token of ada.*Nothing to do/],
    ['a token of somebody else', { owner: bob }, ['unset HF_TOKEN', 'hf auth login'], /belongs to bob/],
    ['a dead token', { problem: dead }, ['unset HF_TOKEN', 'hf auth login'], /does not accept it/],
    [
      'a token without the box',
      { owner: { ...adaFacts, readsGated: false } },
      ['unset HF_TOKEN', 'hf auth login'],
      /may not read gated models/,
    ],
    ['a token nobody asked about', {}, ['unset HF_TOKEN', 'hf auth login'], /was not asked/],
    [
      'a line in a start file',
      { kind: 'shell-file', place: '~/.zshrc', owner: bob },
      ['unset HF_TOKEN', undefined, 'hf auth login'],
      /~\/.zshrc/,
    ],
    ['an old login', { kind: 'token-file', owner: bob }, [undefined, 'hf auth login'], /belongs to bob/],
  ])('%s', (_name, token, commands, words) => {
    const steps = tokenSteps(findings(token), 'ada');
    expect(steps.map(({ command }) => command)).toEqual(commands);
    expect(steps.map(({ text }) => text).join(' ')).toMatch(words);
  });

  test('the programs name the model, the commit and the address', () => {
    expect(pythonFor(llama, 'abc')).toContain(`repo = "${llama}"`);
    expect(pythonFor(llama, 'abc')).toContain('revision="abc"');
    expect(javaScriptFor(llama, 'http://127.0.0.1:1/v1')).toContain('http://127.0.0.1:1/v1/chat/completions');
  });
});

describe('a claim beside the truth', () => {
  const at = (step: 'access' | 'sign-in', code?: Parameters<typeof problemOf>[0]): SetupState => {
    if (code === undefined) return { ...base, step, activity: idle };
    const problem = problemOf(code, { repo: llama, account: 'ada' }, []);
    return { ...base, step, activity: { kind: 'blocked', problem } };
  };
  test('waits for the answer, agrees, contradicts, and says what a yes means for a script', () => {
    expect(truthOf('repo-not-found', at('access'))).toMatch(/being asked/);
    expect(truthOf('access-never-asked', at('access', 'access-never-asked'))).toMatch(/^That is so\. ada has not/);
    expect(truthOf('repo-not-found', at('access', 'access-never-asked'))).toMatch(/^In truth: ada has not accepted/);
    expect(truthOf('offline', at('sign-in', 'token-lacks-gated'))).toMatch(/^In truth: Your token works/);
    const ready = { ...base, step: 'ready', activity: idle, licence: licence('granted'), model: installed } as const;
    expect(truthOf('no-token', ready)).toMatch(/ada may download the files now.*another token/);
    const open = { ...base, step: 'download', activity: idle, licence: licence('not-gated'), plan } as const;
    expect(truthOf('token-not-accepted', open)).toMatch(/open to everybody/);
  });
});

describe('the open model that is offered', () => {
  const bigger = { ...suggested[3]!, repo: 'a/bigger', parameters: '1.7 B', downloadBytes: 3e9 };
  const list = [...suggested, bigger];
  test('is the nearest in size, never gated, never the same, the smallest where the size is unknown', () => {
    expect(openAlternative(list, { repo: llama })?.repo).toBe('a/bigger');
    expect(openAlternative(list, { repo: 'x/y', parameters: 2e8 })?.repo).toBe(smol);
    expect(openAlternative(list, { repo: 'x/y' })?.repo).toBe(smol);
    expect(openAlternative(list, { repo: 'a/bigger' })?.repo).toBe(smol);
    expect(openAlternative(list.slice(0, 3), { repo: llama })).toBeUndefined();
  });
});
