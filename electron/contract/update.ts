import type { Problem } from './problem.ts';

/** `latest`: what everybody gets. `beta`: earlier, for people who like to try. */
export const updateChannels = ['latest', 'beta'] as const;
export type UpdateChannel = (typeof updateChannels)[number];

/** A newer Latchkey, with what changed in it. */
export interface UpdateOffer {
  readonly version: string;
  /** Markdown. */
  readonly notes: string;
  readonly bytes: number;
}

/** Why this installation cannot renew itself. */
export type UpdateObstacle =
  /** Started from source, in a browser, or in practice mode. */
  | 'not-installed'
  /** Unpacked from an archive: there is nothing that could be replaced as a whole. */
  | 'by-hand'
  /** Built without a key that could prove where an update comes from. */
  | 'no-key';

export type UpdateActivity =
  | { readonly kind: 'idle' }
  | { readonly kind: 'checking' }
  | { readonly kind: 'newest'; readonly checkedAt: number }
  | { readonly kind: 'offered'; readonly offer: UpdateOffer }
  | { readonly kind: 'downloading'; readonly offer: UpdateOffer; readonly doneBytes: number }
  | { readonly kind: 'ready'; readonly offer: UpdateOffer }
  | { readonly kind: 'failed'; readonly problem: Problem };

/** Whole state of "is there a newer Latchkey, and may we look?". */
export interface UpdateState {
  readonly obstacle?: UpdateObstacle;
  /** The person allowed us to look. Without it nothing is ever asked of any server. */
  readonly allowed: boolean;
  readonly channel: UpdateChannel;
  readonly activity: UpdateActivity;
}
