import { SvelteMap } from 'svelte/reactivity';
import type { Backend } from '../../electron/contract/ipc.ts';
import { mostPasted, type Pasted } from '../../electron/contract/paste.ts';
import type { ProblemCode } from '../../electron/contract/problem.ts';

/** What people pasted, as the services read it. The text itself is kept nowhere. */
export class Pastes {
  readonly #claims = new SvelteMap<string, ProblemCode>();
  readonly #backend: Backend;

  constructor(backend: Backend) {
    this.#backend = backend;
  }

  /** What the last text about this model says is wrong with it. */
  claim(repo: string): ProblemCode | undefined {
    return this.#claims.get(repo);
  }

  /** Undefined when nobody answers. */
  async read(text: string): Promise<Pasted | undefined> {
    const answer = await this.#backend.request('paste.read', { text: text.slice(0, mostPasted) });
    if (!answer.ok) return undefined;
    const { repo, claim } = answer.value;
    if (repo !== undefined && claim !== undefined) this.#claims.set(repo, claim);
    else if (repo !== undefined) this.#claims.delete(repo);
    return answer.value;
  }
}
