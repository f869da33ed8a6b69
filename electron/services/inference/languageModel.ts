import { totalmem } from 'node:os';
import type { GenerationStats } from '../../contract/chat.ts';
import type { Device, Fidelity, SanityCheck } from '../../contract/model.ts';
import { failed, ok, type Result } from '../../contract/result.ts';
import { cancelled } from '../explain.ts';
import type { Announce, GenerateInput, GenerateOutput, LoadInput } from '../work/protocol.ts';
import { announceRuns } from './announced.ts';
import { createDecoder, type Decoder } from './decoder.ts';
import { openOnDevice } from './device.ts';
import { explainInference, explainLoading, notEnoughMemory, promptTooLong, templateRefused } from './explain.ts';
import { fidelityOf, readFloats } from './fidelity.ts';
import { generate, type Generation } from './generate.ts';
import { fingerprintOf, type KeptCaches, openKeptCaches } from './keptCaches.ts';
import { bytesPerToken, readLayout } from './layout.ts';
import { readModelFolder } from './modelFolder.ts';
import { positionLimit } from './positionLimit.ts';
import { createCachePool } from './prefix.ts';
import { loadTokenizer, type Tokenizer } from './tokenizer.ts';
import { watchTokenizer } from './watchTokenizer.ts';

/** One loaded model, ready to write. */
export interface LanguageModel {
  readonly device: Device;
  readonly contextLength: number;
  readonly instruct: boolean;
  readonly fallback?: string; // why it does not run on the wished device
  generate(
    input: GenerateInput,
    options: { readonly onText: (text: string) => void; readonly signal?: AbortSignal },
  ): Promise<Result<GenerateOutput>>;
  /** Does what can wait until an answer is out: keeps on disk what it added to the cache. */
  rest(): Promise<void>;
  /** Drops the cache of a chat, in memory and on disk. */
  forget(key: string): Promise<void>;
  /** Continues a plain text greedily, without any template, so that damage done by preparing shows at once. */
  sanityCheck(
    input: { readonly prompt: string; readonly maxNewTokens: number },
    options: { readonly signal?: AbortSignal },
  ): Promise<Result<SanityCheck>>;
  /** Ids of a plain text as this model's tokenizer cuts it. */
  tokens(text: string): readonly number[];
  /** Compares this model's logits for `ids` with those in the file `reference`, float32 row by row. */
  compare(input: { readonly ids: readonly number[]; readonly reference: string }): Promise<Result<Fidelity>>;
  close(): Promise<void>;
}

/** Two chats can be open side by side without throwing each other's cache away, within a quarter of the memory. */
const pool = { most: 2, shareOfMemory: 1 / 4 };

/** Ids of a conversation: through the model's template, or, without one, its texts as one plain text. */
function promptOf(tokenizer: Tokenizer, { messages, plain }: GenerateInput): number[] {
  return tokenizer.hasChatTemplate && !plain
    ? tokenizer.encodeRendered(tokenizer.renderChat(messages))
    : tokenizer.encodeText(messages.map(({ text }) => text).join(''));
}

function promptOrProblem(tokenizer: Tokenizer, input: GenerateInput): Result<number[]> {
  try {
    return ok(promptOf(tokenizer, input));
  } catch (error) {
    // Templates refuse by throwing: two questions in a row, a system message where there is no place for one.
    return failed(templateRefused(error instanceof Error ? error.message : String(error)));
  }
}

function createLanguageModel(
  decoder: Decoder,
  tokenizer: Tokenizer,
  device: Device,
  endIds: ReadonlySet<number>,
  kept: KeptCaches | undefined,
): LanguageModel {
  const caches = createCachePool(decoder.newCache, {
    most: pool.most,
    maxBytes: memoryHere() * pool.shareOfMemory,
  });

  let restingWork: (() => Promise<void>) | undefined;

  const write = async (
    key: string,
    prompt: readonly number[],
    request: Pick<Generation, 'sampling' | 'stop'> & { readonly keep?: boolean },
    options: { readonly onText: (text: string) => void; readonly signal?: AbortSignal },
  ): Promise<Result<{ finishReason: GenerateOutput['finishReason']; stats: GenerationStats }>> => {
    const limit = decoder.contextLength;
    if (prompt.length >= limit) return failed(promptTooLong(prompt.length, limit));
    try {
      const cache = caches.take(key, prompt);
      if (request.keep && kept) {
        await kept.restore(key, cache, prompt);
        restingWork = () => kept.keep(key, cache);
      }
      const work = { ...request, prompt, cache, endIds, text: tokenizer.stream(prompt) };
      const { finishReason, stats } = await generate(decoder, work, options);
      return ok({ finishReason, stats: { ...stats, device } });
    } catch (error) {
      return failed(explainInference(error));
    }
  };

  return {
    device,
    contextLength: decoder.contextLength,
    instruct: tokenizer.hasChatTemplate,
    async generate(input, options) {
      const prompt = promptOrProblem(tokenizer, input);
      if (!prompt.ok) return prompt;
      const { cacheKey, sampling, stop = [], keep = false } = input;
      return write(cacheKey, prompt.value, { sampling, stop, keep }, options);
    },
    async rest() {
      const work = restingWork;
      restingWork = undefined;
      await work?.();
    },
    async forget(key) {
      caches.drop(key);
      await kept?.forget(key);
    },
    async sanityCheck({ prompt, maxNewTokens }, options) {
      let text = '';
      const sampling = { temperature: 0, topP: 1, topK: 0, minP: 0, repetitionPenalty: 1, maxNewTokens };
      const onText = (piece: string): void => void (text += piece);
      const result = await write('', tokenizer.encodeText(prompt), { sampling, stop: [] }, { ...options, onText });
      if (!result.ok) return result;
      const { newTokens, tokensPerSecond } = result.value.stats;
      return ok({ prompt, text, tokens: newTokens, tokensPerSecond });
    },
    tokens: (text) => tokenizer.encodeText(text),
    async compare({ ids, reference }) {
      try {
        const logits = await decoder.forward(decoder.newCache(), ids, ids.length);
        return ok(fidelityOf(await readFloats(reference), logits, ids.length));
      } catch (error) {
        return failed(explainInference(error));
      }
    },
    close: () => decoder.release(),
  };
}

/** Part of the memory beside the weights that one chat's KV cache may fill when nobody says how long a chat may get. */
const cacheShare = 1 / 2;
/** Tokens that are tried even where the memory looks too small for them: fewer would be no chat. */
const leastContext = 2048;

/** A gigabyte holds 16,000 tokens of a 1B model; a disk with little room left belongs to the person. */
const keptBounds = { mostBytes: 2 ** 30, leastFree: 4 * 2 ** 30 };

/** Bytes of memory this process may use at most: what a container allows, else what the computer has. */
function memoryHere(): number {
  const constrained = process.constrainedMemory();
  return constrained > 0 ? Math.min(constrained, totalmem()) : totalmem();
}

/** A slow disk reads 20 MB in a second; a minute more for what else may stand in the way. */
async function loading<T>(announce: Announce, bytes: number, work: () => Promise<T>): Promise<T> {
  announce('load', 60 + bytes / 20e6);
  try {
    return await work();
  } finally {
    announce('load', 0);
  }
}

/**
 * Loads a prepared model folder. The context is as long as model, graph and request allow, and without a request no
 * longer than the memory holds: the cache of a long one can be larger than the weights. Answers with a problem when the
 * memory cannot hold the weights, when a file is damaged, or when `signal` fires meanwhile; nothing stays loaded then.
 */
export async function openLanguageModel(
  { folder, dtype, device: wish, contextLength, builtInTemplate = false, kept }: LoadInput,
  { signal, announce = () => undefined }: { readonly signal?: AbortSignal; readonly announce?: Announce } = {},
): Promise<Result<LanguageModel>> {
  let close: (() => Promise<void>) | undefined;
  try {
    const files = await readModelFolder(folder, dtype);
    const present = memoryHere();
    if (files.bytes > present) {
      const cause = `${files.bytes} bytes of weights, ${present} bytes of memory`;
      return failed(notEnoughMemory({ cause }, { needed: files.bytes, present }));
    }
    const limit = Math.min(files.maxPositions, positionLimit(files.graph), contextLength ?? Infinity);
    const tokenizer = watchTokenizer(await loading(announce, 0, () => loadTokenizer(folder)), {
      announce,
      builtInTemplate,
    });
    if (signal?.aborted) return failed(cancelled());
    const opened = await loading(announce, files.bytes, () => openOnDevice(files, wish));
    const { device, fallback } = opened;
    const session = announceRuns(opened.session, announce);
    close = () => session.release();
    const spare = (present - files.bytes) * cacheShare;
    const perToken = bytesPerToken(readLayout(session));
    const fitting = Math.max(leastContext, Math.floor(spare / perToken));
    const decoder = createDecoder(session, contextLength === undefined ? Math.min(limit, fitting) : limit);
    const endIds = new Set([...files.endIds, ...(tokenizer.endId === undefined ? [] : [tokenizer.endId])]);
    if (signal?.aborted) {
      await close();
      return failed(cancelled());
    }
    const keptCaches =
      kept &&
      openKeptCaches({
        ...kept,
        ...keptBounds,
        kept: {
          bytesPerToken: perToken,
          fingerprint: await fingerprintOf(device === 'cpu' ? files.cpuGraph : files.graph, files.weights, perToken),
        },
      });
    const model = createLanguageModel(decoder, tokenizer, device, endIds, keptCaches);
    return ok(fallback === undefined ? model : { ...model, fallback });
  } catch (error) {
    await close?.();
    return failed(explainLoading(error));
  }
}
