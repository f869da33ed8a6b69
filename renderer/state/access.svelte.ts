import type { Backend } from '../../electron/contract/ipc.ts';
import type { StandIns } from '../../electron/contract/standIn.ts';
import { Clipboard } from './clipboard.svelte.ts';
import { Families } from './families.svelte.ts';
import { Pastes } from './pastes.svelte.ts';
import { Receipts } from './receipts.svelte.ts';
import { StandInState } from './standIns.svelte.ts';
import type { Thread } from './thread.svelte.ts';
import { Tokens } from './tokens.svelte.ts';

/** What the access page knows beyond the journeys. */
export class Access {
  readonly tokens: Tokens;
  readonly clipboard: Clipboard;
  readonly families: Families;
  readonly receipts: Receipts;
  readonly pastes: Pastes;
  readonly standIns: StandInState;

  constructor(backend: Backend, page: Window) {
    this.tokens = new Tokens(backend);
    this.clipboard = new Clipboard(backend, page);
    this.families = new Families(backend);
    this.receipts = new Receipts(backend);
    this.pastes = new Pastes(backend);
    this.standIns = new StandInState(backend);
  }

  /** Another model may answer in the open chat now: who that is stands in the chat. */
  handOver(standIns: StandIns, thread: Thread): void {
    this.standIns.apply(standIns);
    const open = thread.chat;
    const handover = open && this.standIns.handover(open.id);
    if (open && handover && handover.to !== open.modelId) void thread.open(open.id);
  }
}
