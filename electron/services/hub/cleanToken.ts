import { failed, ok, type Result } from '../../contract/result.ts';
import { readPaste } from './readPaste.ts';
import { malformedToken } from './tokenWords.ts';

/** Characters that take no room on screen but travel along with copied text. */
const invisible = /[\p{Cf}\p{Cn}\p{Co}]/gu;
const controls = /\p{Cc}/gu; // line ends and tabs among them
const userToken = /^hf_[A-Za-z0-9]{34}$/;
// OAuth tokens are long signed texts; only their alphabet is known.
const oauthToken = /^hf_oauth[\w.~+/=-]{8,4000}$/;
/** A whole token inside other text, such as a line of Python. */
const within = /(?<!\w)(?:hf_oauth_[\w.~+/=-]{8,4000}|hf_[A-Za-z0-9]{34}(?!\w))/g;

/**
 * Turns what a person pasted into the token itself: takes off blanks and line ends, quotes, "Bearer", a whole
 * Authorization header, and shell assignments such as `export HF_TOKEN=`; out of longer text, a line of Python say, it
 * takes the one token in it. Offline, before any request (Hub facts 2.1).
 */
export function cleanToken(pasted: string): Result<string> {
  const token = undress(pasted);
  if (userToken.test(token) || oauthToken.test(token)) return ok(token);
  if (token === '') return failed(malformedToken('empty'));
  const held = [...new Set(visible(pasted).match(within))];
  if (held.length > 1) return failed(malformedToken('several'));
  if (held[0] !== undefined) return ok(held[0]);
  if (token.startsWith('api_org_')) return failed(malformedToken('organisation'));
  if (!token.startsWith('hf_')) {
    const { kind } = readPaste(pasted);
    return failed(malformedToken(kind === 'repo' || kind === 'link' ? 'model' : 'other'));
  }
  if (token.includes('*') || token.includes('...') || token.includes('…')) return failed(malformedToken('masked'));
  return failed(malformedToken('incomplete', token.length));
}

function visible(pasted: string): string {
  return pasted.slice(0, 10_000).replace(invisible, '').replace(controls, ' ').replace(/\s+/gu, ' ').trim();
}

function undress(pasted: string): string {
  let rest = visible(pasted);
  for (let before = ''; before !== rest;) {
    before = rest;
    rest = rest
      .replace(/^(?:export\s+|setx?\s+|\$env:)/i, '')
      .replace(/^(?:HF_TOKEN|HUGGING_FACE_HUB_TOKEN|HF_ACCESS_TOKEN)\s*[=: ]\s*/i, '')
      .replace(/^-?-?(?:H\s+)?["'`]?Authorization\s*:\s*/i, '')
      .replace(/^Bearer(?:\s+|:\s*)/i, '')
      .replace(/^["'`“”‘’«»<]+|["'`“”‘’«»>;,]+$/gu, '')
      .trim();
  }
  // A terminal wraps a long line: blanks inside what is otherwise one token are the terminal's, not the token's.
  return /^hf_[A-Za-z0-9 ]+$/.test(rest) && rest.replace(/ /g, '').length === 37 ? rest.replace(/ /g, '') : rest;
}
