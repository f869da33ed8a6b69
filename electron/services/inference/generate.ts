import type { GenerationStats, Sampling } from '../../contract/chat.ts';
import type { Decoder } from './decoder.ts';
import type { KvCache } from './kvCache.ts';
import { createSampler } from './sample.ts';
import { createStopStrings } from './stopStrings.ts';
import type { TextStream } from './textStream.ts';

/** One answer to write. `prompt` has at least one token and leaves room for at least one more. */
export interface Generation {
  readonly prompt: readonly number[];
  readonly cache: KvCache; // holds a true prefix of the prompt
  readonly sampling: Sampling;
  readonly stop: readonly string[];
  readonly endIds: ReadonlySet<number>;
  readonly text: TextStream;
}

export interface Generated {
  readonly finishReason: 'stop' | 'length' | 'stopped-by-person';
  readonly newIds: readonly number[]; // the ending token included
  readonly stats: Omit<GenerationStats, 'device'>;
}

/** Prompt tokens per run: bounds the memory of a run and how long a stop has to wait. */
export const promptChunk = 256;

/** Runs the prompt in pieces; gives the last position's logits, or undefined when stopped on the way. */
async function readPrompt(
  decoder: Decoder,
  { prompt, cache }: Generation,
  signal: AbortSignal | undefined,
): Promise<Float32Array | undefined> {
  let logits: Float32Array | undefined;
  while (cache.ids.length < prompt.length) {
    if (signal?.aborted) return undefined;
    logits = await decoder.forward(cache, prompt.slice(cache.ids.length, cache.ids.length + promptChunk));
  }
  return logits;
}

/**
 * Writes one answer token by token and hands its text out through `onText` as soon as it is certain. Ends at an ending
 * token, at a stop text, after `maxNewTokens`, when the context is full, or when `signal` fires; whatever was written
 * until then stays written. Each run yields to the event loop once, so a stop is seen between two tokens.
 */
export async function generate(
  decoder: Decoder,
  work: Generation,
  { onText, signal }: { readonly onText: (text: string) => void; readonly signal?: AbortSignal },
): Promise<Generated> {
  const { prompt, cache, sampling, text, endIds } = work;
  const sample = createSampler(sampling);
  const stops = createStopStrings(work.stop);
  const room = Math.min(sampling.maxNewTokens, decoder.contextLength - prompt.length);
  const reusedTokens = cache.ids.length;
  const began = performance.now();
  let firstAt = began;
  const history = [...prompt];
  const say = (piece: string): void => {
    if (piece !== '') onText(piece);
  };
  let finishReason: Generated['finishReason'] = 'length';
  let stopText = false;
  let logits = await readPrompt(decoder, work, signal);
  for (let count = 1; ; count++) {
    if (!logits || signal?.aborted) {
      finishReason = 'stopped-by-person';
      break;
    }
    const id = sample(logits, history);
    history.push(id);
    if (count === 1) firstAt = performance.now();
    if (endIds.has(id)) {
      finishReason = 'stop';
      break;
    }
    const piece = stops.push(text.push(id));
    say(piece.text);
    if (piece.found) {
      stopText = true;
      finishReason = 'stop';
      break;
    }
    if (count >= room) break;
    logits = await decoder.forward(cache, [id]);
  }
  if (!stopText) {
    const rest = stops.push(text.flush());
    say(rest.found ? rest.text : rest.text + stops.flush());
  }
  const newIds = history.slice(prompt.length);
  const later = (performance.now() - firstAt) / 1000;
  return {
    finishReason,
    newIds,
    stats: {
      promptTokens: prompt.length,
      reusedTokens,
      newTokens: newIds.length,
      firstTokenSeconds: (firstAt - began) / 1000,
      tokensPerSecond: newIds.length > 1 && later > 0 ? (newIds.length - 1) / later : 0,
    },
  };
}
