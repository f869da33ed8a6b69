import type { Account } from './accounts.ts';
import type { Refusal } from './answer.ts';

/** whoami has a limit of its own, far below the others and not announced in headers. */
export type Bucket = 'api' | 'resolvers' | 'pages' | 'whoami';

const windowSeconds = 300;

/** Requests per window (Hub facts 1.8; the one for whoami is our guess at "heavily rate-limited"). */
const quotas = {
  anonymous: { api: 500, resolvers: 3000, pages: 100, whoami: 50 },
  free: { api: 1000, resolvers: 5000, pages: 200, whoami: 50 },
  pro: { api: 2500, resolvers: 12_000, pages: 400, whoami: 50 },
} as const;

interface Window {
  readonly endsAt: number;
  left: number;
}

export interface Limited {
  /** RateLimit and RateLimit-Policy, on every answer. */
  readonly headers: Readonly<Record<string, string>>;
  /** Present when this request is one too many. */
  readonly refusal?: Refusal;
}

export interface RateLimits {
  /** Counts one request of this account; undefined = of nobody known, counted by address. */
  count(bucket: Bucket, account: Account | undefined): Limited;
  /** Sets what everybody has left. */
  set(limit: { bucket: Bucket; remaining: number; resetSeconds: number }): void;
}

/** Which quota a path is charged to. */
export function bucketOf(path: string): Bucket {
  if (path.startsWith('/api/whoami-v2')) return 'whoami';
  if (path.startsWith('/api/resolve-cache/') || /\/(?:resolve|raw)\//.test(path)) return 'resolvers';
  return path.startsWith('/api/') || path.startsWith('/oauth/') ? 'api' : 'pages';
}

/** Counts requests in fixed windows per caller and bucket. */
export function createRateLimits(now: () => number): RateLimits {
  const windows = new Map<string, Window>();
  let forced = new Map<Bucket, Window>();

  return {
    set({ bucket, remaining, resetSeconds }) {
      forced = new Map(forced).set(bucket, { endsAt: now() + resetSeconds * 1000, left: remaining });
    },
    count(bucket, account) {
      const tier = !account ? 'anonymous' : account.isPro ? 'pro' : 'free';
      const who = account?.name ?? 'ip';
      const quota = quotas[tier][bucket];
      const window = open(bucket, `${bucket} ${who}`, quota);
      const tooMany = window.left <= 0;
      window.left = Math.max(0, window.left - 1);
      const seconds = Math.max(0, Math.ceil((window.endsAt - now()) / 1000));
      // The announced bucket of whoami is the ordinary one and looks fine: only Retry-After tells.
      const shown = bucket === 'whoami' ? 'api' : bucket;
      const left = bucket === 'whoami' ? quotas[tier].api - 1 : window.left;
      const headers = {
        ratelimit: `"${shown}";r=${left};t=${bucket === 'whoami' ? windowSeconds : seconds}`,
        'ratelimit-policy': `"fixed window";"${shown}";q=${quotas[tier][shown]};w=${windowSeconds}`,
        ...(tooMany && bucket === 'whoami' && { 'retry-after': String(seconds) }),
      };
      return tooMany ? { headers, refusal: { status: 429, sentence: tooManySentence(account) } } : { headers };
    },
  };

  function open(bucket: Bucket, key: string, quota: number): Window {
    const limit = forced.get(bucket);
    if (limit && limit.endsAt > now()) return limit;
    const known = windows.get(key);
    if (known && known.endsAt > now()) return known;
    const fresh = { endsAt: now() + windowSeconds * 1000, left: quota };
    windows.set(key, fresh);
    return fresh;
  }
}

function tooManySentence(account: Account | undefined): string {
  return account
    ? 'We had to rate limit you: that were too many requests for 5 minutes.'
    : "We had to rate limit your IP (127.0.0.1). To continue using our service, create a HF account or login to your existing account, and make sure you pass a HF_TOKEN if you're using the API.";
}
