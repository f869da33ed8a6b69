import type { DevicesState, FellBack } from '../../electron/contract/devices.ts';
import type { Backend } from '../../electron/contract/ipc.ts';
import type { Device } from '../../electron/contract/model.ts';

/** Where models compute on this computer, and what the person decided about it. */
export class Devices {
  #state = $state.raw<DevicesState>();
  readonly #backend: Backend;

  constructor(backend: Backend) {
    this.#backend = backend;
  }

  /** Undefined until it is known. */
  get state(): DevicesState | undefined {
    return this.#state;
  }

  async load(): Promise<void> {
    const answer = await this.#backend.request('devices.get', undefined);
    if (answer.ok) this.apply(answer.value);
  }

  apply(state: DevicesState): void {
    this.#state = state;
  }

  async choose(device: Device | 'auto'): Promise<void> {
    const answer = await this.#backend.request('devices.choose', { device });
    if (answer.ok) this.apply(answer.value);
  }

  async setSaving(on: boolean): Promise<void> {
    const answer = await this.#backend.request('devices.setSaving', { on });
    if (answer.ok) this.apply(answer.value);
  }

  async look(): Promise<void> {
    const answer = await this.#backend.request('devices.look', undefined);
    if (answer.ok) this.apply(answer.value);
  }

  contextOf(modelId: string): number | undefined {
    return this.#state?.contexts.find((one) => one.modelId === modelId)?.tokens;
  }

  async setContext(modelId: string, tokens: number | undefined): Promise<void> {
    const answer = await this.#backend.request('devices.setContext', { modelId, tokens });
    if (answer.ok) this.apply(answer.value);
  }

  /** Whether the person has not been told this reason yet, or it was another one the last time. */
  isNews({ device, cause }: FellBack): boolean {
    const known = this.#state?.understood.find((one) => one.device === device);
    // What is very long is remembered by its beginning.
    return this.#state !== undefined && (known === undefined || !cause.startsWith(known.cause));
  }

  async understand(fallback: FellBack): Promise<void> {
    const answer = await this.#backend.request('devices.understand', fallback);
    if (answer.ok) this.apply(answer.value);
  }
}
