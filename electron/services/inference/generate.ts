import type { GenerationStats, Sampling } from '../../contract/chat.ts';
import type { Decoder } from './decoder.ts';
import type { KvCache } from './kvCache.ts';
import { createSampler } from './sample.ts';
import { createGuesser } from './speculate.ts';
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
export const promptChunk = 128;

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
 * The tokens the model writes, one by one, until the consumer has enough or `signal` fires.
 *
 * Each run may carry a guess of what comes next. Its logits are sampled in order, each as it would have been without the
 * guess, up to the first token that differs from it; what the cache holds beyond is taken back. So the guess changes
 * the logits by no more than the rounding of a run over several tokens, just as reading a prompt in pieces does.
 */
async function* write(
  decoder: Decoder,
  work: Generation,
  signal: AbortSignal | undefined,
): AsyncGenerator<number, undefined> {
  const { cache, sampling } = work;
  const sample = createSampler(sampling);
  const guesser = decoder.rewindsCheaply ? createGuesser() : undefined;
  const history = [...work.prompt];
  let guess: number[] = [];
  let logits = await readPrompt(decoder, work, signal);
  while (logits) {
    const width = logits.length / (guess.length + 1);
    let next: number;
    let right = -1;
    do {
      if (signal?.aborted) return;
      right++;
      next = sample(logits.subarray(right * width, (right + 1) * width), history);
      history.push(next);
      yield next;
    } while (next === guess[right]);
    if (guess.length > 0) guesser?.learn(right);
    cache.truncate(history.length - 1); // all but the newest token, which has not been run yet
    if (signal?.aborted) return;
    const room = Math.min(decoder.contextLength, work.prompt.length + sampling.maxNewTokens) - history.length;
    guess = guesser?.guess(history, room - 1) ?? [];
    logits = await decoder.forward(cache, [next, ...guess], guess.length + 1);
  }
}

/**
 * Writes one answer and hands its text out through `onText` as soon as it is certain. Ends at an ending token, at a stop
 * text, after `maxNewTokens`, when the context is full, or when `signal` fires; whatever was written until then stays
 * written. Each run yields to the event loop once, so a stop is seen between two runs.
 */
export async function generate(
  decoder: Decoder,
  work: Generation,
  { onText, signal }: { readonly onText: (text: string) => void; readonly signal?: AbortSignal },
): Promise<Generated> {
  const { prompt, text } = work;
  const stops = createStopStrings(work.stop);
  const room = Math.min(work.sampling.maxNewTokens, decoder.contextLength - prompt.length);
  const reusedTokens = work.cache.ids.length;
  const newIds: number[] = [];
  const say = (piece: string): void => {
    if (piece !== '') onText(piece);
  };
  const began = performance.now();
  let firstAt = began;
  let finishReason: Generated['finishReason'] = 'stopped-by-person'; // the only reason for the tokens to run out
  let stopText = false;
  for await (const id of write(decoder, work, signal)) {
    if (newIds.push(id) === 1) firstAt = performance.now();
    if (work.endIds.has(id)) {
      finishReason = 'stop';
      break;
    }
    const piece = stops.push(text.push(id));
    say(piece.text);
    stopText = piece.found;
    if (stopText || newIds.length >= room) {
      finishReason = stopText ? 'stop' : 'length';
      break;
    }
  }
  const later = (performance.now() - firstAt) / 1000;
  if (!stopText) {
    const rest = stops.push(text.flush());
    say(rest.found ? rest.text : rest.text + stops.flush());
  }
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
