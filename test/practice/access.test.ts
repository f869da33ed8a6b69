import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { TokenOrder } from '../../electron/practice/hub/practiceHub.ts';
import { keyhole, openRoom, type Room, shard } from './practiceRoom.ts';

let room: Room;
beforeEach(async () => {
  room = await openRoom();
});
afterEach(() => room.close());

type Order = Partial<TokenOrder> | 'none' | 'nonsense';
const tokenFor = (order: Order): string | undefined =>
  order === 'none'
    ? undefined
    : order === 'nonsense'
      ? 'hf_nonsense'
      : room.hub.control.createToken({ account: 'ada', kind: 'read', ...order });

const mustLogIn = `Access to model ${keyhole} is restricted. You must have access to it and be authenticated to access it. Please log in.`;
const base = 'practice-labs/Keyhole-1';

/** Hub facts 1.5, row by row: who asks for what, and the status, code and sentence of every content route. */
const rows: readonly {
  name: string;
  repo?: string;
  token: Order;
  before?: () => void;
  status: number;
  code?: string;
  sentence: (endpoint: string) => string;
}[] = [
  { name: 'gated, no token', token: 'none', status: 401, code: 'GatedRepo', sentence: () => mustLogIn },
  { name: 'gated, bad token', token: 'nonsense', status: 401, code: 'GatedRepo', sentence: () => mustLogIn },
  { name: 'gated, expired token', token: { expired: true }, status: 401, code: 'GatedRepo', sentence: () => mustLogIn },
  {
    name: 'gated, bad token, as the Hub said in 2025',
    token: 'nonsense',
    before: () => {
      room.hub.control.setHabits({
        deadTokenOnGated: 'plain',
        deadTokenSentence: 'Invalid credentials in Authorization header',
      });
    },
    status: 401,
    sentence: () => 'Invalid credentials in Authorization header',
  },
  {
    name: 'public repo, bad token',
    repo: 'open-practice/Doorstep-Instruct',
    token: 'nonsense',
    status: 401,
    sentence: () => 'Invalid username or password.',
  },
  {
    name: 'valid token, never asked',
    token: {},
    status: 403,
    code: 'GatedRepo',
    sentence: (endpoint) =>
      `Access to model ${keyhole} is restricted and you are not in the authorized list. Visit ${endpoint}/${keyhole} to ask for access.`,
  },
  {
    name: 'accepted for the sibling only',
    token: {},
    before: () => {
      room.hub.control.setRequestState(base, 'ada', 'granted');
    },
    status: 403,
    code: 'GatedRepo',
    sentence: (endpoint) =>
      `Access to model ${keyhole} is restricted and you are not in the authorized list. Visit ${endpoint}/${keyhole} to ask for access.`,
  },
  {
    name: 'accepted by another account',
    token: { account: 'bob' },
    before: () => {
      room.hub.control.setRequestState(keyhole, 'ada', 'granted');
    },
    status: 403,
    code: 'GatedRepo',
    sentence: (endpoint) =>
      `Access to model ${keyhole} is restricted and you are not in the authorized list. Visit ${endpoint}/${keyhole} to ask for access.`,
  },
  {
    name: 'pending',
    token: {},
    before: () => {
      room.hub.control.setRequestState(keyhole, 'ada', 'pending');
    },
    status: 403,
    code: 'GatedRepo',
    sentence: () => `Your request to access model ${keyhole} is awaiting a review from the repo authors.`,
  },
  {
    name: 'rejected',
    token: {},
    before: () => {
      room.hub.control.setRequestState(keyhole, 'ada', 'rejected');
    },
    status: 403,
    code: 'GatedRepo',
    sentence: () => `Your request to access model ${keyhole} has been rejected by the repo's authors.`,
  },
  {
    name: 'reset',
    token: {},
    before: () => {
      room.hub.control.setRequestState(keyhole, 'ada', 'reset');
    },
    status: 403,
    code: 'GatedRepo',
    sentence: (endpoint) =>
      `Your request to access model ${keyhole} has been reset by the repo's authors. Visit ${endpoint}/${keyhole} to submit a new request.`,
  },
  {
    name: 'fine-grained token without the gated box, even with access',
    token: { kind: 'fineGrained' },
    before: () => {
      room.hub.control.setRequestState(keyhole, 'ada', 'granted');
    },
    status: 403,
    sentence: () =>
      'Please enable access to public gated repositories in your fine-grained token settings to view this repository.',
  },
  {
    name: 'sign-in of an app without the scope gated-repos',
    token: { kind: 'oauth' },
    before: () => {
      room.hub.control.setRequestState(keyhole, 'ada', 'granted');
    },
    status: 403,
    sentence: () =>
      'Please enable access to public gated repositories in your fine-grained token settings to view this repository.',
  },
  {
    name: 'token refused by the organisation',
    token: { refusedBy: ['practice-labs'] },
    before: () => {
      room.hub.control.setRequestState(keyhole, 'ada', 'granted');
    },
    status: 403,
    sentence: () =>
      'Your token has been revoked by the organization administrator, you can no longer access organization resources. Please contact them for more information.',
  },
  {
    name: 'missing, no token',
    repo: 'practice-labs/Nowhere',
    token: 'none',
    status: 401,
    sentence: () => 'Invalid username or password.',
  },
  {
    name: 'missing, bad token',
    repo: 'practice-labs/Nowhere',
    token: 'nonsense',
    status: 401,
    sentence: () => 'Invalid username or password.',
  },
  {
    name: 'missing, valid token',
    repo: 'practice-labs/Nowhere',
    token: {},
    status: 404,
    code: 'RepoNotFound',
    sentence: () => 'Repository not found',
  },
  {
    name: 'private, no token',
    repo: 'practice-labs/Vault-Instruct',
    token: 'none',
    status: 401,
    sentence: () => 'Invalid username or password.',
  },
  {
    name: 'private, no right',
    repo: 'practice-labs/Vault-Instruct',
    token: {},
    status: 404,
    code: 'RepoNotFound',
    sentence: () => 'Repository not found',
  },
  {
    name: 'disabled',
    repo: 'practice-labs/Sealed-Instruct',
    token: {},
    status: 403,
    sentence: () => 'Access to this resource is disabled.',
  },
  {
    name: 'region, no token',
    repo: 'practice-labs/Faraway-Instruct',
    token: 'none',
    status: 403,
    sentence: () => 'This model is not available in your region.',
  },
  {
    name: 'region, valid token',
    repo: 'practice-labs/Faraway-Instruct',
    token: {},
    status: 403,
    sentence: () => 'This model is not available in your region.',
  },
  {
    name: 'region, bad token',
    repo: 'practice-labs/Faraway-Instruct',
    token: 'nonsense',
    status: 403,
    sentence: () => 'This model is not available in your region.',
  },
];

describe('every state of access on the wire', () => {
  for (const row of rows) {
    it(row.name, async () => {
      row.before?.();
      const token = tokenFor(row.token);
      const repo = row.repo ?? keyhole;
      const sentence = row.sentence(room.hub.endpoint);
      const routes = [
        ['GET', `/api/models/${repo}/auth-check`],
        ['HEAD', `/api/models/${repo}/auth-check`],
        ['GET', `/${repo}/resolve/main/config.json`],
        ['HEAD', `/${repo}/resolve/main/${shard}`],
        ['GET', `/${repo}/raw/main/config.json`],
        ['GET', `/${repo}/blob/main/config.json`],
        ['GET', `/${repo}/raw/main/README.md`],
        // The gate comes before existence.
        ['GET', `/${repo}/resolve/main/no-such-file.bin`],
        ['GET', `/${repo}/resolve/no-such-revision/config.json`],
      ] as const;
      for (const [method, path] of routes) {
        const answer = await room.ask(path, { method, ...(token !== undefined && { token }) });
        const seen = {
          route: `${method} ${path}`,
          status: answer.status,
          code: answer.headers.get('x-error-code'),
          sentence: answer.headers.get('x-error-message'),
        };
        expect(seen).toEqual({ route: seen.route, status: row.status, code: row.code ?? null, sentence });
        const body = method === 'HEAD' ? '' : path.startsWith('/api/') ? JSON.stringify({ error: sentence }) : sentence;
        expect(answer.text).toBe(body);
        expect(answer.headers.get('content-type')).toMatch(
          path.startsWith('/api/') ? /^application\/json/ : /^text\/plain/,
        );
        expect(answer.headers.get('www-authenticate')).toBe(
          row.status === 401 ? 'Bearer realm="Authentication required", charset="UTF-8"' : null,
        );
        expect(answer.headers.get('x-request-id')).toMatch(/^Root=1-/);
        expect(answer.headers.get('ratelimit')).toMatch(/^"(?:api|resolvers|pages)";r=\d+;t=\d+$/);
      }
    });
  }
});
