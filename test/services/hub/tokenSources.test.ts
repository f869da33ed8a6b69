import { describe, expect, it } from 'vitest';
import { findTokenSources, tokenFile } from '../../../electron/services/hub/tokenSources.ts';
import type { Computer } from '../../../electron/services/ports.ts';

const token = (mark: string): string => `hf_${mark.repeat(34).slice(0, 34)}`;
const [a, b, c, d] = ['a', 'b', 'c', 'd'].map((mark) => token(mark)) as [string, string, string, string];
const cache = '/home/ada/.cache/huggingface';

function computer(env: Record<string, string>, files: Record<string, string> = {}, platform = 'linux'): Computer {
  return { env, home: '/home/ada', platform, readText: (path) => Promise.resolve(files[path]) };
}

async function winners(of: Computer): Promise<Record<string, string | undefined>> {
  const { python, transformersJs, git } = await findTokenSources(of);
  return { python: python?.token?.reveal(), js: transformersJs?.token?.reveal(), git: git?.token?.reveal() };
}

describe('findTokenSources', () => {
  it.each<[string, Computer, Record<string, string | undefined>]>([
    ['nothing', computer({}), {}],
    [
      'HF_TOKEN before everything',
      computer({ HF_TOKEN: a, HUGGING_FACE_HUB_TOKEN: b }, { [`${cache}/token`]: c }),
      { python: a, js: a },
    ],
    [
      'the older variable before the file, in Python only',
      computer({ HUGGING_FACE_HUB_TOKEN: b }, { [`${cache}/token`]: c }),
      { python: b },
    ],
    ['the file, which transformers.js never reads', computer({}, { [`${cache}/token`]: `${c}\n` }), { python: c }],
    [
      'HF_ACCESS_TOKEN, which only transformers.js reads',
      computer({ HF_ACCESS_TOKEN: d }, { [`${cache}/token`]: c }),
      { python: c, js: d },
    ],
    [
      'an empty HF_TOKEN hides HF_ACCESS_TOKEN',
      computer({ HF_TOKEN: '', HF_ACCESS_TOKEN: d }, { [`${cache}/token`]: c }),
      { python: c },
    ],
    ['a token with a line end is cleaned', computer({ HF_TOKEN: ` ${a}\r\n` }), { python: a, js: a }],
    ['implicit tokens switched off', computer({ HF_TOKEN: a, HF_HUB_DISABLE_IMPLICIT_TOKEN: '1' }), { js: a }],
    ['HF_HOME', computer({ HF_HOME: '~/hf' }, { '/home/ada/hf/token': c }), { python: c }],
    ['XDG_CACHE_HOME', computer({ XDG_CACHE_HOME: '/x' }, { '/x/huggingface/token': c }), { python: c }],
    [
      'HF_TOKEN_PATH with a variable',
      computer({ HF_TOKEN_PATH: '$BASE/t', BASE: '/base' }, { '/base/t': c }),
      { python: c },
    ],
    [
      'what the shell exports, over what was inherited',
      computer({ HF_TOKEN: a, SHELL: '/bin/zsh' }, { '/home/ada/.zshrc': `export HF_TOKEN="${b}"` }),
      { python: b, js: b },
    ],
    [
      'the last line of a start file',
      computer({ SHELL: '/bin/bash' }, { '/home/ada/.bashrc': `export HF_TOKEN=${a}\nHF_TOKEN='${b}' # mine` }),
      { python: b, js: b },
    ],
    [
      'fish',
      computer({ SHELL: '/usr/bin/fish' }, { '/home/ada/.config/fish/config.fish': `set -gx HF_TOKEN ${a}` }),
      { python: a, js: a },
    ],
    ['another shell is not read', computer({ SHELL: '/bin/bash' }, { '/home/ada/.zshrc': `export HF_TOKEN=${a}` }), {}],
    ['start files mean nothing on Windows', computer({}, { '/home/ada/.bashrc': `export HF_TOKEN=${a}` }, 'win32'), {}],
    [
      'git, for this Hub only',
      computer({}, { '/home/ada/.git-credentials': `https://ada:x@github.com\nhttps://hf_user:${a}@huggingface.co\n` }),
      { git: a },
    ],
  ])('finds %s', async (_, of, expected) => {
    expect(await winners(of)).toEqual({ python: undefined, js: undefined, git: undefined, ...expected });
  });

  it('lists every place with its name, and shows no token when printed', async () => {
    const files = {
      [`${cache}/token`]: c,
      [`${cache}/stored_tokens`]: `; comment\n[laptop]\nhf_token = ${c}\nexpires_at = 1\n\n[work 100%]\nhf_token=${d}\n`,
      '/home/ada/.zshrc': 'export HF_TOKEN=$(pass show hf)\n# export HF_TOKEN=old\n',
      '/home/ada/.config/git/credentials': 'https://hf_user:abc%40d@huggingface.co\nnonsense\n',
    };
    const report = await findTokenSources(computer({ HUGGING_FACE_HUB_TOKEN: b, SHELL: '/bin/zsh' }, files));
    expect(report.sources.map(({ kind, name, place }) => [kind, name, place])).toEqual([
      ['environment', 'HUGGING_FACE_HUB_TOKEN', 'environment'],
      ['shell-file', 'HF_TOKEN', '/home/ada/.zshrc'],
      ['token-file', 'token', `${cache}/token`],
      ['stored', 'laptop', `${cache}/stored_tokens`],
      ['stored', 'work 100%', `${cache}/stored_tokens`],
      ['git', 'hf_user', '/home/ada/.config/git/credentials'],
    ]);
    expect(report.python).toMatchObject({ kind: 'shell-file' });
    expect(report.python?.token).toBeUndefined();
    expect(report.git?.token?.reveal()).toBe('abc@d');
    expect(JSON.stringify(report)).not.toMatch(/hf_[bcd]{10}/);
  });

  it('finds the token file on Windows where Python puts it', () => {
    expect(tokenFile({ env: {}, home: 'C:\\Users\\ada' })).toBe('C:\\Users\\ada/.cache/huggingface/token');
  });
});
