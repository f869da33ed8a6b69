import type { RepoId } from './model.ts';
import type { Problem } from './problem.ts';
import type { LicenceStatus } from './setup.ts';

/** One edition of a family, and what is known of its licence. */
export interface FamilyMemberState {
  readonly repo: RepoId;
  readonly generation: string; // "3.2"
  readonly size: string; // "1B"
  readonly instruct: boolean;
  /** The last answer about it, whichever account asked; absent = never asked by this app. */
  readonly licence?: LicenceStatus;
  /** Why the last question about it brought no state. */
  readonly problem?: Problem;
}

/** The editions of one model: access to one says nothing about another. */
export interface FamilyState {
  readonly repo: RepoId;
  /** Absent for a repository that belongs to no known family. */
  readonly name?: string;
  readonly members: readonly FamilyMemberState[];
}
