import type { Commit, RepoId } from './model.ts';

/** A text that came with the weights, as it was then; readable without a network. */
export interface KeptText {
  readonly path: string;
  readonly sha256: string; // of the file, lower-case hex
  readonly text: string;
}

/** What the publisher's texts said when they were last compared with the kept ones. */
export interface PublisherNow {
  readonly comparedAt: number; // ms since epoch
  /** The newest commit, which is what was compared. */
  readonly commit: Commit;
  /** Names of kept texts that are different now, or gone. */
  readonly changed: readonly string[];
  /** Names of kept texts that the Hub does not show to this account. */
  readonly hidden: readonly string[];
  /** The licence's new name, where the publisher changed that. */
  readonly licence?: string;
}

/** Under which licence a model was taken: by whom, when, and in which words. */
export interface LicenceReceipt {
  readonly modelId: string;
  readonly repo: RepoId;
  readonly commit: Commit;
  /** Made from files that somebody brought: nobody can be asked about them. */
  readonly origin?: 'folder';
  readonly licence: string;
  /** Whose access it was; absent for models that are open to everybody. */
  readonly account?: string;
  /** When the Hub last said that this account may read the files; ms since epoch. */
  readonly grantedAt?: number;
  readonly installedAt: number;
  readonly texts: readonly KeptText[];
  /** The files that somebody brought, so that they can be compared with the list that their publisher shows. */
  readonly sources?: readonly { readonly path: string; readonly sha256: string }[];
  /** Absent until somebody compared. */
  readonly publisher?: PublisherNow;
}

/** A licence text readable in place. */
export interface LicenceText {
  readonly repo: string;
  readonly file: string;
  readonly text: string;
  readonly sha256: string;
}
