import { describe, expect, test } from 'vitest';
import { decide, type Passage } from '../../../electron/services/localServer/guard.ts';

const key = 'k'.repeat(43);
const port = 11_539;
const good = { host: `127.0.0.1:${port}`, authorization: `Bearer ${key}`, 'content-type': 'application/json' };

const kindOf = (passage: Passage): string | number => (passage.kind === 'refused' ? passage.status : passage.kind);
const decided = (
  headers: Record<string, string>,
  { method = 'POST', target = '/v1/chat/completions', twice = [] as string[] } = {},
): string | number => kindOf(decide({ method, target, headers, twice: new Set(twice) }, { port, key }));

describe('a request with', () => {
  test.each<[string, Record<string, string>, string | number]>([
    ['everything right', {}, 'chat'],
    ['the name localhost', { host: `localhost:${port}` }, 'chat'],
    ['a foreign Host', { host: 'evil.example' }, 403],
    ['a foreign Host at our port', { host: `evil.example:${port}` }, 403],
    ['another port', { host: '127.0.0.1:80' }, 403],
    ['no port', { host: '127.0.0.1' }, 403],
    ['another loopback address', { host: `127.0.0.2:${port}` }, 403],
    ['the unspecified address', { host: `0.0.0.0:${port}` }, 403],
    ['IPv6', { host: `[::1]:${port}` }, 403],
    ['a dot after the host', { host: `localhost.:${port}` }, 403],
    ['capital letters in the host', { host: `LOCALHOST:${port}` }, 403],
    ['an empty Host', { host: '' }, 403],
    ['a foreign Origin', { origin: 'https://evil.example' }, 403],
    ['our own Origin', { origin: `http://127.0.0.1:${port}` }, 403],
    ['the Origin null', { origin: 'null' }, 403],
    ['Sec-Fetch-Site', { 'sec-fetch-site': 'cross-site' }, 403],
    ['Sec-Fetch-Site none', { 'sec-fetch-site': 'none' }, 403],
    ['a foreign Origin and no key', { origin: 'https://evil.example', authorization: '' }, 403],
    ['no key', { authorization: '' }, 401],
    ['a wrong key', { authorization: `Bearer ${'x'.repeat(43)}` }, 401],
    ['a key cut short', { authorization: `Bearer ${key.slice(1)}` }, 401],
    ['a key and more', { authorization: `Bearer ${key} ${key}` }, 401],
    ['the wrong scheme', { authorization: `Basic ${key}` }, 401],
    ['the bare key', { authorization: key }, 401],
    ['JSON in UTF-8', { 'content-type': 'application/json; charset=utf-8' }, 'chat'],
    ['a form', { 'content-type': 'application/x-www-form-urlencoded' }, 'not-json'],
    ['plain text', { 'content-type': 'text/plain' }, 'not-json'],
    ['JSON and more', { 'content-type': 'application/json, text/plain' }, 'not-json'],
  ])('%s', (_, headers, expected) => {
    expect(decided({ ...good, ...headers })).toBe(expected);
  });

  test.each(['host', 'origin', 'authorization', 'content-type', 'sec-fetch-site'])('%s sent twice', (name) => {
    expect(decided(good, { twice: [name] })).toBe(400);
  });
});

describe('the paths', () => {
  test.each<[string, string, string]>([
    ['GET', '/v1/models', 'models'],
    ['GET', '/v1/models?limit=1', 'models'],
    ['GET', '/v1/models/meta-llama/Llama-3.2-1B', 'model'],
    ['GET', '/v1/models/meta-llama%2FLlama-3.2-1B', 'model'],
    ['GET', '/v1/models/%E0%A4%A', 'unknown-path'],
    ['POST', '/v1/completions', 'completion'],
    ['GET', '/v1/chat/completions', 'wrong-method'],
    ['OPTIONS', '/v1/chat/completions', 'wrong-method'],
    ['POST', '/v1/models', 'wrong-method'],
    ['GET', '/', 'unknown-path'],
    ['GET', '/v1', 'unknown-path'],
    ['POST', '/v1/embeddings', 'unknown-path'],
    ['POST', '/v1/chat/completions/', 'unknown-path'],
    ['POST', '//v1/chat/completions', 'unknown-path'],
    ['POST', `http://127.0.0.1:${port}/v1/completions`, 'unknown-path'],
  ])('%s %s: %s', (method, target, expected) => {
    expect(decided(good, { method, target })).toBe(expected);
  });

  test('tell nothing to whoever has no key, not even whether they exist', () => {
    for (const target of ['/v1/models', '/nothing', '/v1/chat/completions'])
      expect(decided({ host: good.host }, { target, method: 'GET' })).toBe(401);
  });
});
