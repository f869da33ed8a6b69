import type { DownloadPlan, Dtype, InstalledModel, RepoId } from './model.ts';
import type { Problem } from './problem.ts';

/** Where the access token lives: the OS keychain, or this run only when there is none. */
export type TokenHome = 'keychain' | 'session';

/** Whose token it is, as whoami said. Never the token itself. */
export interface Account {
  readonly name: string;
  readonly fullName?: string;
  readonly kind: 'read' | 'write' | 'fine-grained' | 'oauth' | 'other';
  readonly tokenName?: string;
  /** false = fine-grained without the gated box; undefined = the Hub did not say. */
  readonly readsGated?: boolean;
  readonly scopes: readonly string[];
  readonly ending: string; // last four characters
  readonly home: TokenHome;
  readonly checkedAt: number;
}

/** Absent, locked and empty are three answers. */
export type VaultState = 'ready' | 'empty' | 'locked' | 'absent';

/** A sign-in that goes on in the person's browser. */
export type BrowserSignIn =
  /** The code is typed, or already filled in, on the Hub's page for signing in a device. */
  | { readonly kind: 'waiting'; readonly userCode: string; readonly expiresAt: number }
  | { readonly kind: 'failed'; readonly problem: Problem };

/** What the app knows about the stored access token right now. */
export interface SignInState {
  readonly vault: VaultState;
  readonly account?: Account;
  /** A token is stored but was not checked with the Hub in this run (offline start). */
  readonly unchecked?: { readonly name: string; readonly ending: string };
  readonly browser?: BrowserSignIn;
}

export type LicenceState = 'not-gated' | 'never-asked' | 'pending' | 'rejected' | 'reset' | 'granted' | 'unknown';

/** One thing that the form of a gated repository asks for. */
export interface FormField {
  readonly name: string;
  readonly kind: 'text' | 'date' | 'country' | 'choice' | 'agreement' | 'location' | 'other';
  readonly options?: readonly string[];
}

/** What one account holds for one repository, and how we know. */
export interface LicenceStatus {
  readonly repo: RepoId;
  readonly state: LicenceState;
  readonly gate: 'none' | 'auto' | 'manual';
  readonly licence: string;
  readonly account?: string;
  readonly checkedAt: number;
  readonly pendingSince?: number;
  readonly nextCheckAt?: number;
  /** What the licence form asks for; empty = only the consent. Absent where there is no form. */
  readonly form?: readonly FormField[];
  /** The authors say that the licence excludes the European Union. */
  readonly excludesEu?: true;
}

/** Measured progress of long work. */
export interface Progress {
  readonly doneBytes: number;
  readonly totalBytes: number;
  readonly bytesPerSecond: number;
  readonly secondsLeft?: number;
  readonly item?: string; // file or tensor being worked on
}

export type Activity =
  | { readonly kind: 'idle' }
  | {
      readonly kind: 'working';
      readonly note?: string;
      readonly progress?: Progress;
      /** The problem that is looked at again: it stays on screen until there is news. */
      readonly again?: Problem;
    }
  | { readonly kind: 'paused'; readonly progress: Progress }
  | { readonly kind: 'waiting'; readonly problem: Problem; readonly nextCheckAt?: number }
  | { readonly kind: 'blocked'; readonly problem: Problem };

export const steps = ['sign-in', 'access', 'download', 'prepare', 'ready'] as const;
export type Step = (typeof steps)[number];

interface Journey {
  readonly repo: RepoId;
  readonly dtype: Dtype;
  readonly activity: Activity;
  readonly addedAt: number;
  /** Start the download by itself when access is granted after a wait. */
  readonly autoStart: boolean;
}

/**
 * One journey from a repository id to an installed model. A later step carries the facts that the earlier ones proved,
 * so it cannot exist without them.
 */
export type SetupState =
  | (Journey & { readonly step: 'sign-in'; readonly licence?: LicenceStatus; readonly plan?: DownloadPlan })
  | (Journey & { readonly step: 'access'; readonly licence?: LicenceStatus; readonly plan?: DownloadPlan })
  | (Journey & { readonly step: 'download'; readonly licence: LicenceStatus; readonly plan: DownloadPlan })
  | (Journey & { readonly step: 'prepare'; readonly licence: LicenceStatus; readonly plan: DownloadPlan })
  | (Journey & { readonly step: 'ready'; readonly licence?: LicenceStatus; readonly model: InstalledModel });
