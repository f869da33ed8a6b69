import type { Backend } from '../../electron/contract/ipc.ts';
import type { LocalServerState } from '../../electron/contract/localServer.ts';

/** The server for other programs. Its key is asked for only when a person wants to see or copy it. */
export class LocalServer {
  #state = $state.raw<LocalServerState>({ kind: 'off' });
  #key = $state<string>();
  readonly #backend: Backend;

  constructor(backend: Backend) {
    this.#backend = backend;
  }

  get state(): LocalServerState {
    return this.#state;
  }
  /** Undefined while it is hidden. */
  get shownKey(): string | undefined {
    return this.#key;
  }

  async load(): Promise<void> {
    const answer = await this.#backend.request('localServer.get', undefined);
    if (answer.ok) this.#state = answer.value;
  }

  apply(state: LocalServerState): void {
    this.#state = state;
    if (state.kind !== 'on') this.hideKey();
  }

  async set(on: boolean): Promise<void> {
    const answer = await this.#backend.request('localServer.set', { on });
    if (answer.ok) this.apply(answer.value);
  }

  async showKey(): Promise<void> {
    this.#key = await this.key();
  }

  hideKey(): void {
    this.#key = undefined;
  }

  async key(): Promise<string | undefined> {
    const answer = await this.#backend.request('localServer.key', undefined);
    return answer.ok ? answer.value.key : undefined;
  }

  /** Programs with the old key are shut out. */
  async renewKey(): Promise<void> {
    const answer = await this.#backend.request('localServer.renewKey', undefined);
    if (answer.ok && this.#key !== undefined) this.#key = answer.value.key;
  }
}
