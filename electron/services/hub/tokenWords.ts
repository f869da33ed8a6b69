import type { Problem } from '../../contract/problem.ts';
import { enterToken, newToken } from './actions.ts';

/** A pasted text that cannot be an access token; found without any request. */
export function malformedToken(
  why: 'empty' | 'organisation' | 'masked' | 'incomplete' | 'several' | 'model' | 'other',
  length = 0,
): Problem {
  const texts = {
    empty: 'Nothing but blanks arrived. Copy the token on the page where it was made, then paste it here.',
    organisation:
      'Tokens that start with api_org_ belong to an organisation and cannot hold a licence. Use one of your own account.',
    masked:
      'Part of it is hidden by dots or stars. Hugging Face shows a token once, when it is made: make a new one and copy it then.',
    incomplete: `An access token has 37 characters and only letters and digits after hf_; this has ${String(length)}. Part of it may be missing.`,
    several: 'There are several tokens in this text. Paste the one that is meant.',
    model: 'This is the name or the address of a model. The token is made on another page; nothing was sent anywhere.',
    other: 'An access token starts with hf_. Nothing was sent anywhere.',
  };
  const titles: Partial<Record<typeof why, string>> = {
    organisation: 'This is an organisation token',
    several: 'This text holds several tokens',
    model: 'This is a model, not a token',
  };
  return {
    code: 'token-malformed',
    title: titles[why] ?? 'This does not look like a Hugging Face token',
    explanation: texts[why],
    actions: [enterToken('Paste again'), newToken('Create a token')],
    evidence: [],
  };
}

/** Where a token of another program was found, in words for a sentence. */
export interface TokenSpot {
  readonly name: string;
  readonly place: string;
  readonly kind: 'environment' | 'login-shell' | 'shell-file' | 'token-file' | 'stored' | 'git';
}

/** "HF_TOKEN in ~/.zshrc", "the token of hf auth login", "git's token". */
export function spotName({ kind, name, place }: TokenSpot): string {
  if (kind === 'environment') return `${name} in the environment`;
  if (kind === 'login-shell') return `${name} of your login shell`;
  if (kind === 'shell-file') return `${name} in ${place}`;
  if (kind === 'git') return `git's token for ${name}`;
  return kind === 'stored' ? `“${name}” of hf auth login` : `the active token of hf auth login (${place})`;
}

/** What a person does to make a program forget it. */
function remedy({ kind, name, place }: TokenSpot): string {
  if (kind === 'shell-file') return `Take the line out of ${place}, then open a new terminal.`;
  if (kind === 'environment' || kind === 'login-shell')
    return `Take ${name} out where it is set; in a terminal that is open, “unset ${name}”.`;
  if (kind === 'git') return 'The next git push asks anew once you remove it from git’s credential store.';
  return '“hf auth login” replaces it, “hf auth logout” removes it.';
}

const sentence = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

/** A variable wins over the token that Latchkey has, in the person's scripts. */
export function hiddenToken(options: {
  readonly id: string;
  readonly spot: TokenSpot;
  readonly programs: readonly string[];
  readonly owner: string | undefined;
  readonly ours: string | undefined;
  /** `hf auth login` stored the right one, and it is not read. */
  readonly hidesLogin: boolean;
}): Problem {
  const { id, spot, owner, ours, hidesLogin } = options;
  const whose = owner === undefined ? '' : ` belongs to ${owner}${owner === ours ? ', too,' : ''} and`;
  const hides = hidesLogin ? ' It hides the token of hf auth login.' : '';
  return {
    code: 'token-hidden',
    title: 'Your scripts use a different token',
    explanation:
      `${sentence(spotName(spot))}${whose} wins in ${options.programs.join(' and ')}.${hides} ` +
      `Latchkey is not affected; your scripts are. ${remedy(spot)}`,
    actions:
      owner === undefined ? [{ kind: 'request', request: 'tokens.test', input: { id }, label: 'Ask whose it is' }] : [],
    evidence: [{ cause: `${spot.name}: ${spot.place}`, ...(owner === undefined ? {} : { account: owner }) }],
  };
}

/** A variable hides the token of `hf auth login`, and Latchkey has none to compare with. */
export function hiddenLogin(spot: TokenSpot, login: TokenSpot): Problem {
  return {
    code: 'token-hidden',
    title: `${spot.name} hides the token of hf auth login`,
    explanation: `Python takes ${spotName(spot)} and never looks at ${spotName(login)}. ${remedy(spot)}`,
    actions: [],
    evidence: [{ cause: `${spot.name}: ${spot.place}` }, { cause: `${login.name}: ${login.place}` }],
  };
}

/** transformers.js stops at an HF_TOKEN without a value. */
export function hiddenByEmpty(spot: TokenSpot): Problem {
  return {
    code: 'token-hidden',
    title: 'HF_TOKEN is set to nothing',
    explanation: `transformers.js stops there and does not read ${spotName(spot)}. Unset HF_TOKEN instead of emptying it.`,
    actions: [],
    evidence: [{ cause: `${spot.name}: ${spot.place}` }],
  };
}

/** Hugging Face refused a token that another program still holds. */
export function staleToken(spot: TokenSpot, programs: readonly string[], seen: Problem): Problem {
  const used = programs.length > 0 ? ` ${programs.join(' and ')} would send it and fail, even for open models.` : '';
  return {
    code: 'token-not-accepted',
    title: `Hugging Face does not accept ${spotName(spot)}`,
    explanation: `It has expired, was deleted or was mistyped.${used} ${remedy(spot)}`,
    actions: [{ kind: 'page', page: 'tokens', label: 'Open my tokens' }],
    evidence: seen.evidence,
  };
}

/** What another program holds as a token has not the shape of one, so it was not sent anywhere. */
export function shapelessToken(spot: TokenSpot, why: 'dressed' | 'other'): Problem {
  return {
    code: 'token-malformed',
    title: `${sentence(spotName(spot))} is not written as a token`,
    explanation:
      why === 'dressed'
        ? `There are quotes, blanks or other characters around it, and many programs send those along. ${remedy(spot)}`
        : `Tokens start with hf_ and have 37 characters. It was not sent anywhere. ${remedy(spot)}`,
    actions: [],
    evidence: [{ cause: `${spot.name}: ${spot.place}` }],
  };
}
