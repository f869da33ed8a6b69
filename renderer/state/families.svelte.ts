import { SvelteMap } from 'svelte/reactivity';
import type { FamilyState } from '../../electron/contract/family.ts';
import type { Backend } from '../../electron/contract/ipc.ts';

/** The other editions of the models on the page, and what is known of their licences. */
export class Families {
  readonly #families = new SvelteMap<string, FamilyState>();
  /** The edition that is being asked about. */
  #asking = $state<string>();
  #all = $state(false);
  readonly #backend: Backend;

  constructor(backend: Backend) {
    this.#backend = backend;
  }

  find(repo: string): FamilyState | undefined {
    return this.#families.get(repo);
  }
  get asking(): string | undefined {
    return this.#asking;
  }
  /** Every edition in turn is being asked about. */
  get all(): boolean {
    return this.#all;
  }

  async load(repo: string): Promise<void> {
    const answer = await this.#backend.request('family.get', { repo });
    if (answer.ok) this.#families.set(repo, answer.value);
  }

  /** False when it is of no use to go on: the network or a limit is in the way. */
  async check(repo: string, edition: string): Promise<boolean> {
    if (this.#asking !== undefined) return false;
    this.#asking = edition;
    const answer = await this.#backend.request('family.check', { repo, edition });
    this.#asking = undefined;
    if (!answer.ok) return false;
    this.#families.set(repo, answer.value);
    const problem = answer.value.members.find((one) => one.repo === edition)?.problem;
    return problem === undefined || aboutOneModel.has(problem.code);
  }

  /** One after the other, so that a limit ends it early. */
  async checkAll(repo: string): Promise<void> {
    if (this.#all) return;
    this.#all = true;
    for (const { repo: edition } of this.find(repo)?.members ?? []) if (!(await this.check(repo, edition))) break;
    this.#all = false;
  }
}

/** Problems that say nothing about the next edition. */
const aboutOneModel: ReadonlySet<string> = new Set([
  'repo-not-found',
  'repo-disabled',
  'region-blocked',
  'repo-unknown-without-token',
  'no-token',
  'access-unknown',
]);
