import type { Backend } from '../../electron/contract/ipc.ts';
import type { Handover, StandIn, StandIns } from '../../electron/contract/standIn.ts';

/** Open models that stand in for awaited ones, as the services tell it. */
export class StandInState {
  #state = $state.raw<StandIns>({ waiting: [], handovers: [] });
  readonly #backend: Backend;

  constructor(backend: Backend) {
    this.#backend = backend;
  }

  /** Who stands in for this model while it is not here. */
  forAwaited(repo: string): StandIn | undefined {
    return this.#state.waiting.find(({ awaited }) => awaited === repo);
  }
  /** Set when another model took a chat over and the person has not said anything about it yet. */
  handover(chatId: string): Handover | undefined {
    return this.#state.handovers.find((one) => one.chatId === chatId);
  }

  async load(): Promise<void> {
    const answer = await this.#backend.request('standIn.get', undefined);
    if (answer.ok) this.apply(answer.value);
  }

  apply(standIns: StandIns): void {
    this.#state = standIns;
  }

  async begin(awaited: string, standIn: string): Promise<void> {
    const answer = await this.#backend.request('standIn.begin', { awaited, standIn });
    if (answer.ok) this.apply(answer.value);
  }

  /** True when it is settled. */
  async settle(chatId: string, keep: boolean): Promise<boolean> {
    const answer = await this.#backend.request('standIn.settle', { chatId, keep });
    if (answer.ok) this.apply(answer.value);
    return answer.ok;
  }
}
