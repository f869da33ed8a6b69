import type { Backend } from '../../electron/contract/ipc.ts';
import type { Problem } from '../../electron/contract/problem.ts';
import type { Result } from '../../electron/contract/result.ts';
import type { TokenFindings } from '../../electron/contract/tokens.ts';

/** The tokens of other programs, as the services describe them: places, names and last characters. */
export class Tokens {
  #findings = $state.raw<TokenFindings>();
  #problem = $state.raw<Problem>();
  /** What is being done: 'look', 'test' for all of them, or the id of one. */
  #busy = $state<string>();
  readonly #backend: Backend;

  constructor(backend: Backend) {
    this.#backend = backend;
  }

  /** Undefined until somebody looked. */
  get findings(): TokenFindings | undefined {
    return this.#findings;
  }
  get problem(): Problem | undefined {
    return this.#problem;
  }
  get busy(): string | undefined {
    return this.#busy;
  }

  apply(findings: TokenFindings): void {
    this.#findings = findings;
  }

  async find(askGit = false): Promise<void> {
    const answer = await this.#ask('look', () => this.#backend.request('tokens.find', { askGit }));
    if (answer) this.apply(answer);
  }

  /** Asks the Hub whose one of them is, or all. */
  async test(id?: string): Promise<void> {
    const answer = await this.#ask(id ?? 'test', () =>
      this.#backend.request('tokens.test', id === undefined ? {} : { id }),
    );
    if (answer) this.apply(answer);
  }

  /** Takes one of them over as our own; what changes comes as events. */
  async adopt(id: string): Promise<boolean> {
    return (await this.#ask(id, () => this.#backend.request('tokens.import', { id }))) !== undefined;
  }

  async #ask<T>(what: string, request: () => Promise<Result<T>>): Promise<T | undefined> {
    if (this.#busy !== undefined) return undefined;
    this.#busy = what;
    this.#problem = undefined;
    const answer = await request();
    this.#busy = undefined;
    if (answer.ok) return answer.value;
    this.#problem = answer.problem;
    return undefined;
  }
}
