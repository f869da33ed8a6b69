import type { Backend, RequestName } from '../../electron/contract/ipc.ts';
import type { Problem } from '../../electron/contract/problem.ts';
import type { UpdateChannel, UpdateState } from '../../electron/contract/update.ts';

type Verb = Extract<RequestName, 'update.check' | 'update.download' | 'update.install'>;

/** Whether there is a newer Latchkey, as the services tell it. */
export class Updates {
  #state = $state.raw<UpdateState>();
  #problem = $state.raw<Problem>();
  readonly #backend: Backend;

  constructor(backend: Backend) {
    this.#backend = backend;
  }

  get state(): UpdateState | undefined {
    return this.#state;
  }
  /** Why the last request was refused, or what went wrong with the update. */
  get problem(): Problem | undefined {
    if (this.#problem) return this.#problem;
    return this.#state?.activity.kind === 'failed' ? this.#state.activity.problem : undefined;
  }

  async load(): Promise<void> {
    const answer = await this.#backend.request('update.get', undefined);
    if (answer.ok) this.#state = answer.value;
  }

  apply(state: UpdateState): void {
    this.#state = state;
    this.#problem = undefined;
  }

  async allow(on: boolean): Promise<void> {
    await this.#backend.request('update.allow', { on });
  }
  async setChannel(channel: UpdateChannel): Promise<void> {
    await this.#backend.request('update.setChannel', { channel });
  }
  /** What comes of it arrives as an event. */
  async ask(verb: Verb): Promise<void> {
    this.#problem = undefined;
    const answer = await this.#backend.request(verb, undefined);
    if (!answer.ok) this.#problem = answer.problem;
  }
}
