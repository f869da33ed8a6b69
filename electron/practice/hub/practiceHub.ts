/**
 * The practice Hub: a Hub-shaped server on this computer. The app ships it ("Practice without an account"), and every
 * test and bench uses it as its scripted Hub. It speaks the protocol as strictly as the real one and knows our product
 * only by its requests: nothing here imports product code. This file holds the words; startPracticeHub.ts starts it.
 */
import type { Scope, TokenKind } from './accounts.ts';
import type { AccessState } from './accessRequests.ts';
import type { Fault } from './faults.ts';
import type { Bucket } from './rateLimits.ts';
import type { RepositorySpec } from './repositories.ts';

/** One request as it arrived and what became of it. The last fields change while the answer is on its way. */
export interface RecordedRequest {
  /** ms since epoch by the Hub's clock. */
  readonly time: number;
  readonly port: 'hub' | 'cdn';
  readonly method: string;
  /** Path with query, as sent. */
  readonly path: string;
  /** Lower-case names; repeated headers joined with ", ". */
  readonly headers: Readonly<Record<string, string>>;
  /** 0 until the answer begins. */
  readonly status: number;
  /** Body bytes handed to the socket. */
  readonly bytesSent: number;
  /** True when the whole answer left; false while under way and for ever when it was cut. */
  readonly finished: boolean;
  /** Name of the fault verb that shaped this answer. */
  readonly fault?: string;
}

export interface Pace {
  /** Body bytes per second of each answer; undefined = as fast as possible. */
  readonly bytesPerSecond?: number | undefined;
  /** Wait before each answer. */
  readonly delayMilliseconds?: number | undefined;
}

export interface TokenOrder {
  readonly account: string;
  readonly kind: TokenKind;
  /** Fine-grained and OAuth only: may read gated repositories. Default false. */
  readonly gated?: boolean;
  /** Fine-grained only: rights on single repositories or owners. */
  readonly scopes?: readonly Scope[];
  /** Made, but no longer accepted. */
  readonly expired?: boolean;
  /** Owners whose policy refuses this token. */
  readonly refusedBy?: readonly string[];
  readonly name?: string;
}

/** Wording and order that the real Hub changed over time or that nobody has recorded (Hub facts 1.5). */
export interface Habits {
  /** What a gated repository says to a dead token. */
  readonly deadTokenOnGated: 'gated' | 'plain';
  /** What everything but whoami says to a dead token. */
  readonly deadTokenSentence: string;
}

/** What a test does to the Hub behind the product's back. */
export interface PracticeControl {
  /** Makes an access token and returns its text. Throws for an unknown account. */
  createToken(order: TokenOrder): string;
  /** From now on the Hub does not know this token. */
  revokeToken(token: string): void;
  /** Puts the access request of one account where it should be; 'none' forgets it. */
  setRequestState(repo: string, account: string, state: AccessState): void;
  requestState(repo: string, account: string): AccessState;
  /** Seconds a manual request waits until it grants itself; Infinity = never. */
  setApprovalSeconds(seconds: number): void;
  /** Leaves every caller `remaining` requests of this bucket for the next `resetSeconds`. */
  rateLimit(limit: { bucket: Bucket; remaining: number; resetSeconds: number }): void;
  /** Adds faults; they are tried in order, the first that matches is used. Returns how to take these ones away. */
  script(faults: readonly Fault[]): () => void;
  clearScript(): void;
  setPace(pace: Pace): void;
  setHabits(habits: Partial<Habits>): void;
  /** Every signed CDN link given out so far stops working. */
  expireLinks(): void;
  /** Seconds a signed CDN link lives. */
  setLinkSeconds(seconds: number): void;
  /** Adds a commit to main that replaces or adds these text files; returns its 40-hex id. */
  commit(repo: string, files: Readonly<Record<string, string>>): Promise<string>;
  /** The commit main points at. */
  head(repo: string): Promise<string>;
  /** Forgets recorded requests, so that a test can look at one step alone. */
  forgetRequests(): void;
}

export interface PracticeHub {
  /** "http://127.0.0.1:PORT", no trailing slash. */
  readonly endpoint: string;
  readonly cdnEndpoint: string;
  /** Every request on both ports in order of arrival, the newest `keepRequests` of them. */
  readonly requests: readonly RecordedRequest[];
  /** Requests that carried an access token to the CDN. Anything in here is a leak. */
  readonly authorizationAtCdn: readonly RecordedRequest[];
  readonly control: PracticeControl;
  /** Cuts every connection, waits until the state file is written. Safe to call twice. */
  close(): Promise<void>;
}

export interface PracticeHubOptions {
  /** Folder with the files of the practice model: config.json, shards, index, tokenizer files. */
  readonly modelFolder: string;
  /** Hub port; default 0 = any free one. The CDN always takes a free one. */
  readonly port?: number;
  /** Default 20. */
  readonly approvalSeconds?: number;
  /** Clock for times, waits and expiry, ms since epoch. Pacing uses the real clock. */
  readonly now?: () => number;
  readonly bytesPerSecond?: number;
  readonly delayMilliseconds?: number;
  /** Makes token texts, ids and codes repeatable. Without it they are random. */
  readonly seed?: number;
  /** Instead of the usual practice repositories. */
  readonly repositories?: readonly RepositorySpec[];
  /** Entries per page of a file listing when the caller names no limit. Default 1000, as the real Hub. */
  readonly pageSize?: number;
  /** Where tokens and access requests outlive a restart. */
  readonly stateFile?: string;
  /** Default 10,000. */
  readonly keepRequests?: number;
}
