import type { RepoId } from './model.ts';
import type { ProblemCode } from './problem.ts';

/** What a pasted text turned out to be. */
export interface Pasted {
  readonly kind: 'token' | 'repo' | 'link' | 'command' | 'error' | 'nothing';
  readonly repo?: RepoId;
  readonly file?: string;
  readonly revision?: string;
  /** What the text claims is wrong; to be checked, since programs often guess. */
  readonly claim?: ProblemCode;
  /** The text holds an access token: warn that it was copied along. The token itself is never handed on. */
  readonly holdsToken: boolean;
}

/** Characters of a pasted text that are looked at; the rest of a longer one says nothing new. */
export const mostPasted = 200_000;
