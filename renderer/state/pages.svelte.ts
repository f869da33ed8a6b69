import { SvelteMap } from 'svelte/reactivity';
import type { Backend } from '../../electron/contract/ipc.ts';
import type { PageName, Problem } from '../../electron/contract/problem.ts';

/** Web pages by name. A host that cannot open them answers with the link, which the page then shows. */
export class Pages {
  readonly #links = new SvelteMap<string, string>();
  #problem = $state.raw<Problem>();
  readonly #backend: Backend;

  constructor(backend: Backend) {
    this.#backend = backend;
  }

  get problem(): Problem | undefined {
    return this.#problem;
  }

  /** The address of a page, once the host gave it. */
  link(page: PageName, repo?: string): string | undefined {
    return this.#links.get(`${page} ${repo ?? ''}`);
  }

  /** Its address has changed; it is asked for anew when it is shown. */
  forget(page: PageName): void {
    this.#links.delete(`${page} `);
  }

  /** Asks the host to open a page; whether it did shows in `link`. */
  async open(page: PageName, repo?: string): Promise<void> {
    const answer = await this.#backend.request('page.open', repo === undefined ? { page } : { page, repo });
    this.#problem = answer.ok ? undefined : answer.problem;
    if (answer.ok && !answer.value.opened) this.#links.set(`${page} ${repo ?? ''}`, answer.value.url);
  }
}
