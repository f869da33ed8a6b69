import { freemem, totalmem } from 'node:os';
import { failed, ok, type Result } from '../../contract/result.ts';
import type { ContextReason, MemoryNeed } from '../../contract/chat.ts';
import { contextTooLong, notEnoughMemory } from './explain.ts';

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
}

export interface Fitting {
  readonly contextLength: number;
  readonly contextBy: ContextReason;
  readonly memory: MemoryNeed;
}

/**
 * How long a context fits into the free memory beside weights and runtime. Without a wish half of what is left is used:
 * a second chat's cache and other programs want the rest. Problems: 'not-enough-memory', for the model or for the wish.
 */
export function fitContext({ weightBytes, bytesPerToken, limit, wish, free }: FittingInput): Result<Fitting> {
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
  if (!fits(least)) {
    const { cache } = need(least);
    const needed = weights + cache + runtimeBytes;
    const cause = `${weights} bytes for weights, ${cache} for ${least} tokens of context, ${runtimeBytes} for the runtime; ${free} bytes free`;
    return failed(notEnoughMemory({ cause }, { needed, free, present: memoryHere() }));
  }
  const room = Math.floor(spare / bytesPerToken);
  if (wish !== undefined) {
    const contextLength = Math.min(wish, limit);
    if (!fits(contextLength)) return failed(contextTooLong({ wish: contextLength, room, free }));
    return ok({ contextLength, contextBy: wish >= limit ? 'model' : 'person', memory: need(contextLength) });
  }
  const comfortable = Math.max(least, Math.floor(room * cacheShare));
  const contextLength = Math.min(limit, comfortable);
  return ok({ contextLength, contextBy: contextLength < limit ? 'memory' : 'model', memory: need(contextLength) });
}
