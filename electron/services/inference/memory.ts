import { freemem, totalmem } from 'node:os';
import { failed, ok, type Result } from '../../contract/result.ts';
import type { ContextReason, MemoryNeed } from '../../contract/chat.ts';
import type { Named } from '../work/protocol.ts';
import { contextTooLong, notEnoughMemory } from './explainMemory.ts';

/** Tokenizer, runtime and the intermediate results of reading a prompt; measured with 1B and 3B models. Bytes. */
const runtimeBytes = 250e6;
/** The CPU's kernels keep matrices in an order of their own beside the mapped file, of which little stays resident. */
const weightsFactor = 1.15;
/** Part of the memory beside the weights that one chat's KV cache may fill when nobody says how long a chat may get. */
const cacheShare = 1 / 2;
/** Fewer tokens would be no chat. */
export const leastContext = 2048;
/** macOS counts what it could give back at once as used, so its number for free memory means little. */
const macShare = 3 / 4;

/** Bytes of memory this process may use at most: what a container allows, else what the computer has. */
export function memoryHere(): number {
  const constrained = process.constrainedMemory();
  return constrained > 0 ? Math.min(constrained, totalmem()) : totalmem();
}

/** Bytes that can be had right now without taking them from other programs. */
export function memoryFree(): number {
  if (process.platform === 'darwin') return memoryHere() * macShare;
  return Math.min(process.availableMemory(), freemem());
}

export interface FittingInput {
  readonly weightBytes: number; // of the files that are loaded
  readonly bytesPerToken: number; // of KV cache
  /** Tokens that model and graph can take. */
  readonly limit: number;
  /** Tokens that the person wants; absent = as many as fit comfortably. */
  readonly wish?: number | undefined;
  readonly free: number; // bytes
  /** The model as a refusal names it, so that its buttons know what they are about. */
  readonly named?: Named | undefined;
  /** The person was told that it does not fit and wants it tried: nothing is refused. */
  readonly atOwnRisk?: boolean | undefined;
}

export interface Fitting {
  readonly contextLength: number;
  readonly contextBy: ContextReason;
  readonly memory: MemoryNeed;
  /** It does not fit by this estimate, and the person wanted it all the same. */
  readonly atOwnRisk?: true;
}

/**
 * How long a context fits into the free memory beside weights and runtime. Without a wish half of what is left is used:
 * a second chat's cache and other programs want the rest. Problems: 'not-enough-memory', for the model or for the wish; at
 * the person's own risk there is none, and the context is the one they chose, or the shortest.
 */
export function fitContext(input: FittingInput): Result<Fitting> {
  const { weightBytes, bytesPerToken, limit, wish, free, named, atOwnRisk } = input;
  const weights = Math.round(weightBytes * weightsFactor);
  const spare = free - weights - runtimeBytes;
  const fits = (tokens: number): boolean => tokens * bytesPerToken <= spare;
  const least = Math.min(limit, leastContext, wish ?? Infinity);
  const need = (tokens: number): MemoryNeed => ({
    weights,
    cache: tokens * bytesPerToken,
    runtime: runtimeBytes,
    free,
  });
  const chosen = wish === undefined ? undefined : Math.min(wish, limit);
  if (atOwnRisk && !fits(chosen ?? least)) {
    const contextLength = chosen ?? least;
    const contextBy = contextLength >= limit ? 'model' : chosen === undefined ? 'memory' : 'person';
    return ok({ contextLength, contextBy, memory: need(contextLength), atOwnRisk: true });
  }
  if (!fits(least)) {
    const { cache } = need(least);
    const needed = weights + cache + runtimeBytes;
    const cause = `${weights} bytes for weights, ${cache} for ${least} tokens of context, ${runtimeBytes} for the runtime; ${free} bytes free`;
    return failed(notEnoughMemory({ cause }, { needed, free, present: memoryHere(), named }));
  }
  const room = Math.floor(spare / bytesPerToken);
  if (chosen !== undefined) {
    if (!fits(chosen)) return failed(contextTooLong({ wish: chosen, room, free, named }));
    return ok({ contextLength: chosen, contextBy: chosen >= limit ? 'model' : 'person', memory: need(chosen) });
  }
  const comfortable = Math.max(least, Math.floor(room * cacheShare));
  const contextLength = Math.min(limit, comfortable);
  return ok({ contextLength, contextBy: contextLength < limit ? 'memory' : 'model', memory: need(contextLength) });
}
