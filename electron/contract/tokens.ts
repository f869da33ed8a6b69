import type { Problem } from './problem.ts';
import type { Account } from './setup.ts';

/** Programs that look for a token by themselves. */
export type TokenUser = 'python' | 'transformers.js' | 'git' | 'latchkey';

/** One place on this computer that holds an access token for the Hub. Never the token itself. */
export interface FoundToken {
  /** The same place has the same id in every answer. */
  readonly id: string;
  readonly kind: 'keychain' | 'environment' | 'login-shell' | 'shell-file' | 'token-file' | 'stored' | 'git';
  /** Variable, account or token name: "HF_TOKEN", "laptop". */
  readonly name: string;
  /** Where to look: the path of a file (home as ~), of a shell, or "environment". */
  readonly place: string;
  /** 'computed' = a command makes it whenever a shell starts; 'other' = it has not the shape of a token. */
  readonly looks: 'token' | 'other' | 'computed';
  readonly ending?: string; // last four characters
  /** It is the token Latchkey has. */
  readonly ours: boolean;
  /** The programs that would take this one if they were started in a terminal now. */
  readonly usedBy: readonly TokenUser[];
  /** Whose it is, when Hugging Face was asked. */
  readonly owner?: Omit<Account, 'home'>;
  /** Why the last question about it named no owner. */
  readonly problem?: Problem;
}

/** Everything found, and what is wrong with it. */
export interface TokenFindings {
  readonly found: readonly FoundToken[];
  /** Sentences about tokens that hide each other, are stale or are no tokens. */
  readonly conflicts: readonly Problem[];
  readonly lookedAt: number;
  /** false = practice mode, which looks at nothing of the person's own. */
  readonly looked: boolean;
  /** What the login shell said: 'none' = the app already runs in a terminal, or there is no shell to ask. */
  readonly shell: 'asked' | 'silent' | 'none';
  /** git's credential helpers were asked; else only its plain-text store was read. */
  readonly askedGit: boolean;
}
