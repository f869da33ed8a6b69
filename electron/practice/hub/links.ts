import { createHmac } from 'node:crypto';
import type { RandomBytes } from './random.ts';
import type { Repository, StoredCommit, StoredFile } from './repositories.ts';

/** A file behind the CDN's door. */
export interface Shelved {
  readonly file: StoredFile & { readonly lfs: NonNullable<StoredFile['lfs']> };
  readonly commit: StoredCommit;
}

export interface SignedLinks {
  /** A new link to this file, different each time. */
  sign(repository: Repository, shelved: Shelved): string;
  /** What the CDN finds behind a path with query. */
  open(
    pathAndQuery: string,
  ): { readonly kind: 'open'; readonly shelved: Shelved } | { readonly kind: 'expired' | 'bad' };
  /** Ends the life of one link, or of all given out so far. */
  expire(link?: string): void;
  setSeconds(seconds: number): void;
}

/** Hands out links in the manner of CloudFront: Expires, Policy, Signature, Key-Pair-Id in the query. */
export function createSignedLinks(options: {
  readonly now: () => number;
  readonly random: RandomBytes;
  readonly cdnEndpoint: () => string;
}): SignedLinks {
  const secret = options.random(32);
  const shelves = new Map<string, Shelved>();
  const ended = new Set<string>();
  let generation = 0;
  let seconds = 3600;
  const signature = (path: string, expires: string, policy: string): string =>
    createHmac('sha512', secret).update(`${path}\n${expires}\n${policy}`).digest('base64url');

  return {
    sign(repository, shelved) {
      const { file } = shelved;
      const path = `/xet-bridge-us/${repository.internalId}/${file.lfs.xetHash}`;
      shelves.set(path, shelved);
      const name = file.path.slice(file.path.lastIndexOf('/') + 1);
      const expires = String(Math.floor(options.now() / 1000) + seconds);
      const statement = {
        Resource: path,
        nonce: options.random(24).toString('hex'),
        generation,
        DateLessThan: Number(expires),
      };
      const policy = Buffer.from(JSON.stringify({ Statement: [statement] })).toString('base64url');
      const query = new URLSearchParams({
        'response-content-disposition': `inline; filename*=UTF-8''${encodeURIComponent(name)}; filename="${name}";`,
        'response-content-type': 'application/octet-stream',
        Expires: expires,
        Policy: policy,
        Signature: signature(path, expires, policy),
        'Key-Pair-Id': 'KPRACTICE0000',
      });
      return `${options.cdnEndpoint()}${path}?${query.toString()}`;
    },
    open(pathAndQuery) {
      const url = new URL(pathAndQuery, 'http://cdn.invalid');
      const [expires, policy, signed] = ['Expires', 'Policy', 'Signature'].map(
        (name) => url.searchParams.get(name) ?? '',
      );
      const shelved = shelves.get(url.pathname);
      if (!shelved || signed !== signature(url.pathname, expires ?? '', policy ?? '')) return { kind: 'bad' };
      const old = generationOf(policy ?? '') < generation || ended.has(policy ?? '');
      return old || options.now() >= Number(expires) * 1000 ? { kind: 'expired' } : { kind: 'open', shelved };
    },
    expire(link) {
      if (link === undefined) generation += 1;
      else ended.add(new URL(link).searchParams.get('Policy') ?? '');
    },
    setSeconds(wanted) {
      seconds = wanted;
    },
  };
}

/** Only asked after the signature proved that the policy is ours. */
function generationOf(policy: string): number {
  const found = /"generation":(\d+)/.exec(Buffer.from(policy, 'base64url').toString());
  return Number(found?.[1] ?? 0);
}
