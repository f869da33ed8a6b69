/**
 * The one holder of an access token in memory. It prints as "[redacted]" wherever it is printed by accident; only the
 * Hub client and the vault call `reveal`.
 */
export interface AccessToken {
  /** The real characters: for the Authorization header and the vault, nothing else. */
  reveal(): string;
  /** Last four characters, to tell two tokens apart on screen. */
  readonly ending: string;
  toString(): string;
  toJSON(): string;
}

const shown = '[redacted]';
/** Token to its encoded forms. Shorter texts are no tokens, and would match half of every sentence. */
const known = new Map<string, RegExp>();
const shortest = 8;

/** Wraps a cleaned token. From here on `redact` also finds this very token in its encoded forms. */
export function createAccessToken(secret: string): AccessToken {
  if (secret.length >= shortest) known.set(secret, formsOf(secret));
  const print = (): string => shown;
  const holder = { reveal: () => secret, ending: secret.slice(-4), toString: print, toJSON: print };
  // What util.inspect and console.log look for; a registered symbol, so no import of node:util is needed.
  return Object.freeze(Object.assign(holder, { [Symbol.for('nodejs.util.inspect.custom')]: print }));
}

/** Every user or OAuth token, legacy organisation token and Xet token, plus base64 text that begins with "hf_". */
const anyToken = /(?:hf_oauth_[\w.~+/=-]{8,}|(?:hf_|api_org_|xet_)[A-Za-z0-9]{16,})|aGZf[\w+/-]{20,}={0,2}/g;
/** Name and password in an address, such as a proxy's, which the system's error texts repeat. */
const anyLogin = /(\b[a-z][a-z\d+.-]*:\/\/)[^\s/@:]*:[^\s/@]*@/gi;
const anyBearer = /(\bBearer(?:\s+|%20))[^\s"',;]{8,}/gi;

/**
 * Takes access tokens out of text that is about to be shown, logged or copied: anything shaped like one, and every
 * token held in this run also as base64 (inside any longer base64 text), percent-encoded, \u-escaped or in hex.
 */
export function redact(text: string): string {
  let clean = text;
  for (const form of known.values()) clean = clean.replace(form, shown);
  return clean.replace(anyLogin, `$1${shown}@`).replace(anyBearer, `$1${shown}`).replace(anyToken, shown);
}

function formsOf(secret: string): RegExp {
  const bytes = Buffer.from(secret, 'utf8');
  const perCharacter = [...bytes].map((byte) => {
    const hex = byte.toString(16).padStart(2, '0');
    const anyCase = hex.replace(/[a-f]/g, (digit) => `[${digit}${digit.toUpperCase()}]`);
    return `(?:${escaped(String.fromCharCode(byte))}|%(?:25)*${anyCase}|\\\\u00${anyCase})`;
  });
  const forms = [perCharacter.join(''), hexForm(bytes), ...[0, 1, 2].map((shift) => base64Form(bytes, shift))];
  return new RegExp(forms.join('|'), 'g');
}

/** The characters of base64 that depend on the secret alone when `shift` bytes stand before it. */
function base64Form(bytes: Buffer, shift: number): string {
  const text = Buffer.concat([Buffer.alloc(shift), bytes])
    .toString('base64')
    .replace(/=+$/, '');
  const start = Math.ceil((shift * 8) / 6);
  const whole = Math.floor(((shift + bytes.length) * 8) / 6);
  const inner = text.slice(start, whole);
  return [...inner].map((c) => (c === '+' ? '[+-]' : c === '/' ? '[/_]' : escaped(c))).join('') + '[\\w+/-]{0,3}={0,2}';
}

function hexForm(bytes: Buffer): string {
  return bytes.toString('hex').replace(/[a-f]/g, (digit) => `[${digit}${digit.toUpperCase()}]`);
}

function escaped(character: string): string {
  return character.replace(/[.*+?^${}()|[\]\\/-]/g, '\\$&');
}
