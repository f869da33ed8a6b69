import type { DeviceReason, FellBack } from './devices.ts';
import type { Device } from './model.ts';
import type { Problem } from './problem.ts';

export type Role = 'system' | 'user' | 'assistant';

/** How the next token is drawn. temperature 0 = greedy. */
export interface Sampling {
  readonly temperature: number; // 0..2
  readonly topP: number; // 0..1
  readonly topK: number; // 0 = off
  readonly minP: number; // 0..1, 0 = off
  readonly repetitionPenalty: number; // 1 = off
  readonly maxNewTokens: number;
  readonly seed?: number;
}

/** Why a generation ended, in the words of the OpenAI API where it has them. */
export type FinishReason = 'stop' | 'length' | 'stopped-by-person' | 'failed';

/** Measured, never estimated. Seconds and tokens. */
export interface GenerationStats {
  readonly promptTokens: number;
  readonly reusedTokens: number; // prompt tokens already in the KV cache
  readonly newTokens: number;
  readonly firstTokenSeconds: number;
  readonly tokensPerSecond: number;
  readonly device: Device;
}

/** One node of a chat's tree: editing or regenerating makes a sibling, nothing is overwritten. */
export interface Message {
  readonly id: string;
  readonly chatId: string;
  readonly parentId: string | null;
  readonly role: Role;
  readonly text: string;
  readonly createdAt: number;
  readonly state: 'complete' | 'writing' | 'partial';
  readonly finishReason?: FinishReason;
  readonly stats?: GenerationStats;
  readonly problem?: Problem;
  /** While `writing`: the index of the first delta that is not in `text` yet. */
  readonly nextDelta?: number;
}

export interface ChatSummary {
  readonly id: string;
  readonly title: string;
  readonly modelId: string;
  readonly createdAt: number;
  readonly updatedAt: number;
  /** The message the person last saw; the visible thread is its line of ancestors. */
  readonly headId: string | null;
}

export interface Chat extends ChatSummary {
  readonly systemPrompt: string;
  readonly sampling: Sampling;
  readonly messages: readonly Message[]; // whole tree, oldest first
}

/** Why a context is as long as it is: all the model takes, what fits into the memory, or the person's choice. */
export type ContextReason = 'model' | 'memory' | 'person';

/** What a loaded model was estimated to take, before it was loaded. Bytes. */
export interface MemoryNeed {
  readonly weights: number;
  readonly cache: number; // KV cache of one chat at the full context
  readonly runtime: number;
  readonly free: number; // what was free then
}

/** How a loaded model computes. */
export interface Loaded {
  readonly device: Device;
  /** Threads on the CPU; 0 = the runtime counts for itself. */
  readonly threads: number;
  readonly contextLength: number; // tokens
  /** Tokens that the model itself could take. */
  readonly contextLimit: number;
  readonly contextBy: ContextReason;
  readonly memory: MemoryNeed;
  /** Why it does not compute on the device that was meant for it: that device, and what it said. */
  readonly fallback?: FellBack;
  /** Written with transformers.js: the graph is not one that our own loop can drive. */
  readonly generic?: true;
  /** By the estimate it does not fit into the free memory; the person wanted it all the same. */
  readonly atOwnRisk?: true;
}

/** State of the inference process, as people should see it. */
export type EngineState =
  | { readonly kind: 'stopped' }
  | { readonly kind: 'loading'; readonly modelId: string; readonly measuring?: true }
  | (Loaded & {
      readonly kind: 'ready';
      readonly modelId: string;
      readonly loadSeconds: number;
      readonly why: DeviceReason;
      /** The model's own chat template did not end, twice: it is asked through one of ours. */
      readonly builtInTemplate?: true;
    })
  | { readonly kind: 'failed'; readonly modelId: string; readonly problem: Problem };
