import type { GenerationStats, Sampling } from '../../contract/chat.ts';
import type { Fidelity } from '../../contract/model.ts';
import type { Result } from '../../contract/result.ts';
import type { GenerateOutput } from '../work/protocol.ts';

/** One answer to write after the ids of a prompt. */
export interface WriteRequest {
  /** Names the KV cache to reuse. */
  readonly key: string;
  readonly prompt: readonly number[];
  readonly sampling: Sampling;
  readonly stop: readonly string[];
  /** Keep the cache on disk. */
  readonly keep?: boolean;
}

/** Whoever turns the ids of a prompt into text: our own loop, or transformers.js where that cannot drive the graph. */
export interface Writer {
  write(
    request: WriteRequest,
    options: { readonly onText: (text: string) => void; readonly signal?: AbortSignal },
  ): Promise<Result<GenerateOutput & { readonly stats: GenerationStats }>>;
  /** Does what can wait until an answer is out. */
  rest(): Promise<void>;
  /** Drops the cache of a chat, in memory and on disk. */
  forget(key: string): Promise<void>;
  /** Compares this model's logits for `ids` with those in the file `reference`, float32 row by row. */
  compare(ids: readonly number[], reference: string): Promise<Result<Fidelity>>;
  close(): Promise<void>;
}
