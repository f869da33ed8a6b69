import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { cleanToken } from '../../../electron/services/hub/cleanToken.ts';
import { createAccessToken, redact } from '../../../electron/services/hub/secret.ts';

const secret = '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';
const oauth = 'hf_oauth_eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiI1ZiJ9.c2lnbmF0dXJl-_x';

describe('createAccessToken', () => {
  it('prints as redacted wherever it is printed', () => {
    const token = createAccessToken(secret);
    const printed = [
      String(token),
      JSON.stringify({ token }),
      inspect(token),
      inspect({ deep: [token] }),
      '' + String([token]),
    ];
    expect(printed.join(' ')).not.toContain('CANARY');
    expect(printed[1]).toBe('{"token":"[redacted]"}');
    expect(JSON.stringify(Object.entries(token))).not.toContain('CANARY');
    expect(token.ending).toBe('cana');
    expect(token.reveal()).toBe(secret);
  });

  it('cannot be cloned to another process by accident', () => {
    expect(() => structuredClone(createAccessToken(secret))).toThrow();
  });
});

describe('redact', () => {
  const odd = 'hf_oauth+/=weird~token.value-1';
  createAccessToken(odd);
  createAccessToken(secret);

  it.each([
    ['a known token', `x ${odd} y`],
    ['base64 of it', Buffer.from(odd).toString('base64')],
    ['base64 with one byte before it', Buffer.from(`a${odd}`).toString('base64')],
    ['base64 with two bytes before it', Buffer.from(`ab${odd}!`).toString('base64')],
    ['base64 inside a longer text', Buffer.from(`user:${odd}:more text`).toString('base64')],
    ['URL-safe base64', Buffer.from(`ab${odd}`).toString('base64url')],
    ['percent-encoding', encodeURIComponent(odd)],
    ['percent-encoding of every character', [...Buffer.from(odd)].map((b) => `%${b.toString(16)}`).join('')],
    ['percent-encoding twice', encodeURIComponent(encodeURIComponent(odd))],
    ['hex', Buffer.from(odd).toString('hex')],
    ['escapes of JSON', `\\u0068${odd.slice(1)}`],
  ])('finds %s', (_, text) => {
    const clean = redact(`before ${text} after`);
    expect(clean).toContain('[redacted]');
    expect(clean.startsWith('before ')).toBe(true);
    expect(clean.endsWith(' after')).toBe(true);
    for (let start = 0; start + 12 <= text.length; start += 1) {
      if (text.length > 40 && (start < 8 || start > text.length - 28)) continue; // the stranger's own part may stay
      expect(clean).not.toContain(text.slice(start, start + 12));
    }
  });

  it.each([
    ['another user token', 'hf_abcdefghijklmnopqrstuvwxyzABCDEFGH'],
    ['another OAuth token', oauth],
    ['an organisation token', 'api_org_abcdefghijklmnopqrst'],
    ['a bearer of any shape', 'Bearer abcdef123456'],
    ['base64 of a user token', Buffer.from('hf_abcdefghijklmnopqrstuvwxyzABCDEFGH').toString('base64')],
  ])('finds %s it was never told about', (_, text) => {
    expect(redact(`at ${text}.`)).toMatch(/^at (?:Bearer )?\[redacted\]/);
  });

  it("takes a proxy's name and password out of its address", () => {
    expect(redact('via http://ada:pass%20word@proxy.example:8080/: HTTP/1.1 407')).toBe(
      'via http://[redacted]@proxy.example:8080/: HTTP/1.1 407',
    );
  });

  it('leaves ordinary text alone, also when an empty or short value was held', () => {
    createAccessToken('');
    createAccessToken('meta');
    const text = 'meta-llama/Llama-3.2-1B at /home/ada/.cache/hf_models/x (HF_TOKEN, hf_hub_download)';
    expect(redact(text)).toBe(text);
  });
});

describe('cleanToken', () => {
  it.each([
    secret,
    `  ${secret}\n`,
    `${secret}\r\n\r\n`,
    `"${secret}"`,
    `'${secret}'`,
    `\`${secret}\``,
    `“${secret}”`,
    `Bearer ${secret}`,
    `bearer  ${secret}`,
    `Authorization: Bearer ${secret}`,
    `-H "Authorization: Bearer ${secret}"`,
    `HF_TOKEN=${secret}`,
    `HF_TOKEN="${secret}"`,
    `export HF_TOKEN=${secret}`,
    `export HF_TOKEN='${secret}'`,
    `set HF_TOKEN=${secret}`,
    `setx HF_TOKEN ${secret}`,
    `$env:HF_TOKEN = "${secret}"`,
    `HUGGING_FACE_HUB_TOKEN: ${secret}`,
    `\ufeff\u200b${secret}\u200b`,
    `${secret.slice(0, 10)}\u200b${secret.slice(10)}`,
    `${secret.slice(0, 20)}\n${secret.slice(20)}`,
    `<${secret}>;`,
    `${secret} ${secret}`,
    `from huggingface_hub import login\nlogin(token="${secret}")`,
    `curl -H "Authorization: Bearer ${secret}" https://huggingface.co/api/whoami-v2`,
    `model = AutoModel.from_pretrained("meta-llama/Llama-3.2-1B", token='${secret}')`,
    `https://hf_user:${secret}@huggingface.co/meta-llama/Llama-3.2-1B`,
    `{"token": "${secret}"}`,
  ])('finds the token in %j', (pasted) => {
    expect(cleanToken(pasted)).toEqual({ ok: true, value: secret });
  });

  it('accepts OAuth tokens as they are', () => {
    expect(cleanToken(` ${oauth} `)).toEqual({ ok: true, value: oauth });
  });

  it.each([
    ['', 'Nothing but blanks'],
    [' \n\t\u200b ', 'Nothing but blanks'],
    ['api_org_abcdefghijklmnop', 'belong to an organisation'],
    [secret.slice(0, -1), 'this has 36'],
    [`${secret}x`, 'this has 38'],
    ['hf_****************cana', 'hidden by dots or stars'],
    ['hf_abc...xyz', 'hidden by dots or stars'],
    ['correct horse battery staple', 'starts with hf_'],
    ['https://huggingface.co/settings/tokens', 'starts with hf_'],
    [`one ${secret}, another ${secret.slice(0, -1)}A`, 'several tokens'],
    ['meta-llama/Llama-3.2-1B', 'name or the address of a model'],
    ['https://huggingface.co/google/gemma-2-2b', 'name or the address of a model'],
    [`x${secret}`, 'starts with hf_'],
    [`print("${secret.slice(0, -1)}")`, 'starts with hf_'],
    [`hf_${'é'.repeat(34)}`, 'this has 37'],
  ])('refuses %j in its own words', (pasted, words) => {
    const result = cleanToken(pasted);
    expect(result).toMatchObject({
      ok: false,
      problem: { code: 'token-malformed', actions: [{ view: 'token-field' }, {}] },
    });
    expect(!result.ok && result.problem.explanation).toContain(words);
    expect(JSON.stringify(result)).not.toContain('canaryCANARY');
  });
});
