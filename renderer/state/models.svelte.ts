import { SvelteSet } from 'svelte/reactivity';
import type { Backend } from '../../electron/contract/ipc.ts';
import type { InstalledModel, SuggestedModel } from '../../electron/contract/model.ts';
import type { Problem } from '../../electron/contract/problem.ts';

/** Models on this computer, and models worth trying. */
export class Models {
  #installed = $state.raw<readonly InstalledModel[]>([]);
  #suggested = $state.raw<readonly SuggestedModel[]>([]);
  #problem = $state.raw<Problem>();
  readonly #busy = new SvelteSet<string>();
  readonly #backend: Backend;

  constructor(backend: Backend) {
    this.#backend = backend;
  }

  get installed(): readonly InstalledModel[] {
    return this.#installed;
  }
  get suggested(): readonly SuggestedModel[] {
    return this.#suggested;
  }
  get problem(): Problem | undefined {
    return this.#problem;
  }
  find(id: string): InstalledModel | undefined {
    return this.#installed.find((model) => model.id === id);
  }
  busy(id: string): boolean {
    return this.#busy.has(id);
  }

  async load(): Promise<void> {
    const [installed, suggested] = await Promise.all([
      this.#backend.request('models.list', undefined),
      this.#backend.request('models.suggested', undefined),
    ]);
    if (installed.ok) this.#installed = installed.value;
    if (suggested.ok) this.#suggested = suggested.value;
  }

  apply(installed: readonly InstalledModel[]): void {
    this.#installed = installed;
  }

  async remove(id: string): Promise<void> {
    this.#busy.add(id);
    const answer = await this.#backend.request('models.remove', { id });
    this.#busy.delete(id);
    this.#problem = answer.ok ? undefined : answer.problem;
    if (answer.ok) this.apply(this.#installed.filter((model) => model.id !== id));
  }

  async sanityCheck(id: string): Promise<void> {
    this.#busy.add(id);
    const answer = await this.#backend.request('models.sanityCheck', { id });
    this.#busy.delete(id);
    this.#problem = answer.ok ? undefined : answer.problem;
    if (answer.ok) this.#installed = this.#installed.map((model) => (model.id === id ? answer.value : model));
  }
}
