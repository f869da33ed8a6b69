import type { Problem } from '../../contract/problem.ts';
import { enterToken, newToken } from './actions.ts';

/** A pasted text that cannot be an access token; found without any request. */
export function malformedToken(why: 'empty' | 'organisation' | 'masked' | 'incomplete' | 'other', length = 0): Problem {
  const texts = {
    empty: 'Nothing but blanks arrived. Copy the token on the page where it was made, then paste it here.',
    organisation:
      'Tokens that start with api_org_ belong to an organisation and cannot hold a licence. Use one of your own account.',
    masked:
      'Part of it is hidden by dots or stars. Hugging Face shows a token once, when it is made: make a new one and copy it then.',
    incomplete: `An access token has 37 characters and only letters and digits after hf_; this has ${String(length)}. Part of it may be missing.`,
    other: 'An access token starts with hf_. Nothing was sent anywhere.',
  };
  return {
    code: 'token-malformed',
    title: why === 'organisation' ? 'This is an organisation token' : 'This does not look like a Hugging Face token',
    explanation: texts[why],
    actions: [enterToken('Paste again'), newToken('Create a token')],
    evidence: [],
  };
}

/** Another token on this computer wins for other programs. */
export function hiddenToken(source: string): Problem {
  return {
    code: 'token-hidden',
    title: 'Other programs use a different token',
    explanation: `${source} wins over the token stored elsewhere. Latchkey is not affected; your scripts are.`,
    actions: [{ kind: 'view', view: 'access', label: 'Show where' }],
    evidence: [],
  };
}
