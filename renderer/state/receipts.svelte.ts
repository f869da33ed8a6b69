import { SvelteMap, SvelteSet } from 'svelte/reactivity';
import type { Backend } from '../../electron/contract/ipc.ts';
import type { LicenceReceipt } from '../../electron/contract/licence.ts';
import type { Problem } from '../../electron/contract/problem.ts';

/** What was agreed to for each installed model. */
export class Receipts {
  readonly #known = new SvelteMap<string, LicenceReceipt>();
  readonly #problems = new SvelteMap<string, Problem>();
  #comparing = $state<string>();
  readonly #news = new SvelteSet<string>();
  readonly #backend: Backend;

  constructor(backend: Backend) {
    this.#backend = backend;
  }

  find(modelId: string): LicenceReceipt | undefined {
    return this.#known.get(modelId);
  }
  /** Why the last comparison that a person asked for brought nothing. */
  problem(modelId: string): Problem | undefined {
    return this.#problems.get(modelId);
  }
  get comparing(): string | undefined {
    return this.#comparing;
  }

  /** Whether a change was noticed that the person has not seen yet. */
  get news(): boolean {
    return this.#news.size > 0;
  }
  seen(modelId: string): void {
    this.#news.delete(modelId);
  }

  /** The publisher changed a licence, as was noticed by itself. */
  apply(receipt: LicenceReceipt): void {
    this.#known.set(receipt.modelId, receipt);
    this.#news.add(receipt.modelId);
  }

  /** From disk; asks no network. */
  async load(modelId: string): Promise<void> {
    if (this.#known.has(modelId)) return;
    const answer = await this.#backend.request('licence.receipt', { id: modelId });
    if (answer.ok) this.#known.set(modelId, answer.value);
  }

  async compare(modelId: string): Promise<void> {
    if (this.#comparing !== undefined) return;
    this.#comparing = modelId;
    this.#problems.delete(modelId);
    const answer = await this.#backend.request('licence.compare', { id: modelId });
    this.#comparing = undefined;
    if (answer.ok) this.#known.set(modelId, answer.value);
    else this.#problems.set(modelId, answer.problem);
  }
}
