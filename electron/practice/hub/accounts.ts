import { createHash } from 'node:crypto';
import { randomText, type RandomBytes } from './random.ts';

export type TokenKind = 'read' | 'write' | 'fineGrained' | 'oauth';

/** A right of a fine-grained token on one repository or one owner. */
export interface Scope {
  readonly entity: { readonly type: 'model' | 'user' | 'org'; readonly name: string };
  readonly permissions: readonly string[];
}

export interface Membership {
  readonly name: string;
  readonly fullname: string;
  readonly role: 'read' | 'write' | 'admin';
}

export interface Account {
  readonly name: string;
  readonly fullname: string;
  readonly email: string;
  readonly isPro: boolean;
  readonly orgs: readonly Membership[];
}

/** Who lives here. Carol is the author of the gated models; ada and bob are people who want them. */
export const accounts: readonly Account[] = [
  { name: 'ada', fullname: 'Ada Practice', email: 'ada@practice.invalid', isPro: false, orgs: [] },
  {
    name: 'bob',
    fullname: 'Bob Practice',
    email: 'bob@practice.invalid',
    isPro: true,
    orgs: [{ name: 'open-practice', fullname: 'Open Practice', role: 'read' }],
  },
  {
    name: 'carol',
    fullname: 'Carol Practice',
    email: 'carol@practice.invalid',
    isPro: false,
    orgs: [{ name: 'practice-labs', fullname: 'Practice Labs', role: 'admin' }],
  },
];

export interface StoredToken {
  readonly text: string;
  readonly account: string;
  readonly kind: TokenKind;
  readonly name: string;
  /** Fine-grained: the gated box is ticked. OAuth: the scope gated-repos was given. */
  readonly gated: boolean;
  readonly scopes: readonly Scope[];
  readonly refusedBy: readonly string[];
  /** ms since epoch. */
  readonly createdAt: number;
  /** ms since epoch; from then on nobody accepts it. */
  readonly expiresAt?: number;
}

/** Who a request speaks for. `dead` = a token came along that is not (or no longer) accepted. */
export type Caller =
  | { readonly kind: 'anonymous' }
  | { readonly kind: 'dead' }
  | { readonly kind: 'known'; readonly account: Account; readonly token: StoredToken };

/** The account of this name, if there is one. */
export function findAccount(name: string): Account | undefined {
  return accounts.find((account) => account.name === name);
}

/** 24 hex digits that stay the same for one thing, as the Hub's internal ids look. */
export function internalId(thing: string): string {
  return createHash('sha1').update(thing).digest('hex').slice(0, 24);
}

export interface TokenStore {
  list(account: string): readonly StoredToken[];
  add(token: Omit<StoredToken, 'text'> & { readonly text?: string }): StoredToken;
  remove(text: string): boolean;
  /** Reads an Authorization header. */
  callerOf(authorization: string | undefined): Caller;
  all(): readonly StoredToken[];
}

/** Keeps the access tokens. `changed` is called after every change. */
export function createTokenStore(options: {
  readonly random: RandomBytes;
  readonly now: () => number;
  readonly changed: () => void;
  readonly saved: readonly StoredToken[];
}): TokenStore {
  const tokens = new Map(options.saved.map((token) => [token.text, token]));
  return {
    list: (account) => [...tokens.values()].filter((token) => token.account === account),
    all: () => [...tokens.values()],
    add(order) {
      const token = { text: `hf_${randomText(options.random, 34)}`, ...order };
      tokens.set(token.text, token);
      options.changed();
      return token;
    },
    remove(text) {
      const known = tokens.delete(text);
      if (known) options.changed();
      return known;
    },
    callerOf(authorization) {
      if (authorization === undefined || authorization === '') return { kind: 'anonymous' };
      const token = tokens.get(/^Bearer +(\S+)$/i.exec(authorization)?.[1] ?? '');
      const account = token && findAccount(token.account);
      if (!token || !account || options.now() >= (token.expiresAt ?? Infinity)) return { kind: 'dead' };
      return { kind: 'known', account, token };
    },
  };
}
