import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { checkAccess } from '../../../electron/services/hub/check.ts';
import { createAccessToken } from '../../../electron/services/hub/secret.ts';
import * as seen from './recorded.ts';
import { clientFor, startWire, type Recorded, type Wire } from './wire.ts';

const { canary, repo } = seen;
const token = createAccessToken(canary);
let wire: Wire;
beforeAll(async () => {
  wire = await startWire(() => seen.trouble);
});
afterAll(() => wire.close());

/** mulberry32: the same numbers on every run. */
function numbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

describe('checkAccess on answers nobody ordered', () => {
  const statuses = [
    200, 200, 200, 201, 204, 206, 301, 302, 307, 308, 400, 401, 403, 404, 407, 408, 410, 418, 429, 451, 500, 503, 511,
  ];
  const bodies = [
    '',
    'OK',
    ' OK\n',
    'ok',
    'OK!',
    '"OK"',
    '{"ok":true}',
    '{}',
    '[]',
    'null',
    '<html>OK</html>',
    '{"error":',
    '{"error":"not in the authorized list"}',
    '{"name":"eve"}',
    seen.info().body!,
    seen.info({ gated: false }).body!,
    seen.info({ gated: 'paid' }).body!,
    seen.whoami().body!,
    '\u0000\ufffd',
  ];
  const sentences = [
    ...[seen.neverAsked, seen.pending, seen.rejected, seen.reset, seen.noBox, seen.region, seen.gatedAnonymous].map(
      (one) => String(one.headers?.['x-error-message']),
    ),
    'granted',
    'access has been granted',
    'OK',
    '',
  ];
  const pick = <T>(random: () => number, list: readonly T[]): T => list[Math.floor(random() * list.length)]!;

  it('never says "granted" without a 200 "OK" of auth-check, never throws, never sends more than four requests', async () => {
    const random = numbers(20_261_120);
    let granted = 0;
    for (let round = 0; round < 1500; round++) {
      wire.sent.length = 0;
      let saidOk = false;
      wire.script = ({ path }) => {
        const usual = random() < 0.5 && !path.endsWith('auth-check');
        const answer = usual ? (path.includes('whoami') ? seen.whoami() : seen.info()) : anything();
        if (path.endsWith('/auth-check') && answer.status === 200 && answer.body?.trim() === 'OK') saidOk = true;
        return answer;
      };
      const anything = (): Recorded => {
        const headers: Record<string, string> = {};
        if (random() < 0.5)
          headers['x-error-code'] = pick(random, [
            'GatedRepo',
            'RepoNotFound',
            'EntryNotFound',
            'RevisionNotFound',
            'Granted',
            'x',
          ]);
        if (random() < 0.5) headers['x-error-message'] = pick(random, sentences);
        if (random() < 0.5)
          headers['content-type'] = pick(random, ['text/html', 'application/json', 'text/plain', 'nonsense']);
        if (random() < 0.3)
          headers['location'] = pick(random, [
            '/api/models/a/b',
            'https://evil.example/x',
            'http://evil.example',
            '//[',
            '',
            '?',
            '/api/models/x/auth-check',
          ]);
        if (random() < 0.3)
          headers['ratelimit'] = pick(random, ['"api";r=0;t=999999', '"api";r=5;t=1', ';;;', '"api";r=0;t=-1']);
        if (random() < 0.3)
          headers['retry-after'] = pick(random, ['1e9', 'soon', '-5', '100', 'Wed, 21 Oct 2065 07:28:00 GMT']);
        return { status: pick(random, statuses), headers, body: pick(random, bodies) };
      };
      const hub = clientFor(wire.url);
      const answer = await checkAccess(hub, { repo, token: random() < 0.7 ? token : undefined });
      if (answer.licence?.state === 'granted' || !answer.problem) {
        expect(saidOk).toBe(true);
        granted += 1;
      }
      if (answer.problem) expect(answer.problem.actions.length).toBeGreaterThan(0);
      expect(wire.sent.length).toBeLessThanOrEqual(4);
      expect(JSON.stringify([answer, hub.log])).not.toContain(canary);
    }
    expect(granted).toBeGreaterThan(5); // the generator reaches the yes, too
  }, 60_000);
});
