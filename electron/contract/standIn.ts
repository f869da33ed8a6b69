import type { RepoId } from './model.ts';

/** A chat that another model goes on with, as agreed when the person began to wait for it. */
export interface Handover {
  readonly chatId: string;
  /** Ids of models: who answered before, who answers now. */
  readonly from: string;
  readonly to: string;
}

/** An open model that is used while another one waits for approval. */
export interface StandIn {
  readonly awaited: RepoId;
  readonly repo: RepoId;
  readonly since: number; // ms since epoch
}

/** Who stands in for whom, and the chats that were handed over. */
export interface StandIns {
  readonly waiting: readonly StandIn[];
  readonly handovers: readonly Handover[];
}
