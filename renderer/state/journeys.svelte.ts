import { SvelteMap, SvelteSet } from 'svelte/reactivity';
import type { Backend, RequestName } from '../../electron/contract/ipc.ts';
import type { LicenceText } from '../../electron/contract/licence.ts';
import type { Problem } from '../../electron/contract/problem.ts';
import type { Result } from '../../electron/contract/result.ts';
import type { SetupState } from '../../electron/contract/setup.ts';

type Verb = Extract<RequestName, 'setup.choose' | 'setup.check' | 'setup.start' | 'setup.pause'>;

/** The ways from a model's name to a chat, as the services tell them. Decides nothing. */
export class Journeys {
  #list = $state.raw<readonly SetupState[]>([]);
  readonly #busy = new SvelteSet<string>();
  readonly #problems = new SvelteMap<string, Problem>();
  readonly #texts = new SvelteMap<string, LicenceText>();
  /** Repos whose licence page was opened and whose state is worth a look when the person comes back. */
  // eslint-disable-next-line svelte/prefer-svelte-reactivity -- nothing on screen reads it
  readonly #visited = new Set<string>();
  /** How many events there were about each journey. */
  // eslint-disable-next-line svelte/prefer-svelte-reactivity -- nothing on screen reads it
  readonly #told = new Map<string, number>();
  readonly #backend: Backend;

  constructor(backend: Backend) {
    this.#backend = backend;
  }

  get list(): readonly SetupState[] {
    return this.#list;
  }
  get unfinished(): readonly SetupState[] {
    return this.#list.filter((journey) => journey.step !== 'ready');
  }
  find(repo: string): SetupState | undefined {
    return this.#list.find((journey) => journey.repo === repo);
  }
  busy(repo: string): boolean {
    return this.#busy.has(repo);
  }
  /** Why the last request about this repo failed. */
  problem(repo: string): Problem | undefined {
    return this.#problems.get(repo);
  }
  licenceText(repo: string): LicenceText | undefined {
    return this.#texts.get(repo);
  }

  async load(): Promise<void> {
    // eslint-disable-next-line svelte/prefer-svelte-reactivity -- a snapshot, gone with this call
    const before = new Map(this.#told);
    const answer = await this.#backend.request('setup.list', undefined);
    if (!answer.ok) return;
    // What was told meanwhile is newer than the answer.
    const newer = (repo: string) => this.#told.get(repo) !== before.get(repo);
    this.#list = [...answer.value.filter(({ repo }) => !newer(repo)), ...this.#list.filter(({ repo }) => newer(repo))];
  }

  /** An event: the newest word about this journey. */
  apply(setup: SetupState): void {
    this.#told.set(setup.repo, (this.#told.get(setup.repo) ?? 0) + 1);
    this.#put(setup);
  }

  #put(setup: SetupState): void {
    this.#list = this.find(setup.repo)
      ? this.#list.map((one) => (one.repo === setup.repo ? setup : one))
      : [...this.#list, setup];
  }

  drop(repo: string): void {
    this.#told.set(repo, (this.#told.get(repo) ?? 0) + 1);
    this.#list = this.#list.filter((one) => one.repo !== repo);
    this.#problems.delete(repo);
  }

  choose(repo: string): Promise<boolean> {
    return this.#ask('setup.choose', repo);
  }
  check(repo: string): Promise<boolean> {
    return this.#ask('setup.check', repo);
  }
  start(repo: string): Promise<boolean> {
    return this.#ask('setup.start', repo);
  }
  pause(repo: string): Promise<boolean> {
    return this.#ask('setup.pause', repo);
  }

  async setAutoStart(repo: string, on: boolean): Promise<void> {
    const before = this.#told.get(repo);
    this.#settle(repo, await this.#backend.request('setup.setAutoStart', { repo, on }), before);
  }

  async remove(repo: string): Promise<boolean> {
    const answer = await this.#backend.request('setup.remove', { repo });
    if (answer.ok) this.drop(repo);
    else this.#problems.set(repo, answer.problem);
    return answer.ok;
  }

  async readLicence(repo: string): Promise<void> {
    if (this.#texts.has(repo)) return;
    this.#busy.add(repo);
    const answer = await this.#backend.request('licence.read', { repo });
    this.#busy.delete(repo);
    if (answer.ok) this.#texts.set(repo, answer.value);
    else this.#problems.set(repo, answer.problem);
  }

  /** Remembers that the person went to the licence page. */
  visited(repo: string): void {
    this.#visited.add(repo);
  }

  /** The window has the person's eyes again: whoever went to a licence page wants to know the answer. */
  lookAgain(): void {
    for (const repo of this.#visited) {
      if (this.find(repo)?.step === 'access') void this.check(repo);
      else this.#visited.delete(repo);
    }
  }

  async #ask(verb: Verb, repo: string): Promise<boolean> {
    if (this.#busy.has(repo)) return false;
    this.#busy.add(repo);
    const before = this.#told.get(repo);
    const answer = await this.#backend.request(verb, { repo });
    this.#busy.delete(repo);
    this.#settle(repo, answer, before);
    return answer.ok;
  }

  /** Answers and events travel apart: an answer that events have overtaken is old news. */
  #settle(repo: string, answer: Result<SetupState>, toldBefore: number | undefined): void {
    if (answer.ok) {
      this.#problems.delete(repo);
      if (this.#told.get(repo) === toldBefore) this.#put(answer.value);
    } else this.#problems.set(repo, answer.problem);
  }
}
