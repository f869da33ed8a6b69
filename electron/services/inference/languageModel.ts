import type { Loaded } from '../../contract/chat.ts';
import type { Fidelity, SanityCheck } from '../../contract/model.ts';
import { failed, ok, type Result } from '../../contract/result.ts';
import { cancelled } from '../explain.ts';
import type { Announce, GenerateInput, GenerateOutput, LoadInput } from '../work/protocol.ts';
import { explainLoading, templateRefused } from './explain.ts';
import { readModelFolder } from './modelFolder.ts';
import { openWriter } from './openWriter.ts';
import { loadTokenizer, type Tokenizer } from './tokenizer.ts';
import { watchTokenizer } from './watchTokenizer.ts';
import type { Writer } from './writer.ts';

/** One loaded model, ready to write. */
export interface LanguageModel {
  readonly loaded: Loaded;
  readonly instruct: boolean;
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

/** Ids of a conversation: through the model's template, or, without one, its texts as one plain text. */
function promptOf(tokenizer: Tokenizer, { messages, plain, begun = '' }: GenerateInput): number[] {
  return tokenizer.hasChatTemplate && !plain
    ? tokenizer.encodeRendered(tokenizer.renderChat(messages) + begun)
    : tokenizer.encodeText(messages.map(({ text }) => text).join('') + begun);
}

function promptOrProblem(tokenizer: Tokenizer, input: GenerateInput): Result<number[]> {
  try {
    return ok(promptOf(tokenizer, input));
  } catch (error) {
    // Templates refuse by throwing: two questions in a row, a system message where there is no place for one.
    return failed(templateRefused(error instanceof Error ? error.message : String(error)));
  }
}

function createLanguageModel(loaded: Loaded, writer: Writer, tokenizer: Tokenizer): LanguageModel {
  return {
    loaded,
    instruct: tokenizer.hasChatTemplate,
    async generate(input, options) {
      const prompt = promptOrProblem(tokenizer, input);
      if (!prompt.ok) return prompt;
      const { cacheKey: key, sampling, stop = [], keep = false } = input;
      return writer.write({ key, prompt: prompt.value, sampling, stop, keep }, options);
    },
    rest: () => writer.rest(),
    forget: (key) => writer.forget(key),
    async sanityCheck({ prompt, maxNewTokens }, options) {
      let text = '';
      const sampling = { temperature: 0, topP: 1, topK: 0, minP: 0, repetitionPenalty: 1, maxNewTokens };
      const onText = (piece: string): void => void (text += piece);
      const request = { key: '', prompt: tokenizer.encodeText(prompt), sampling, stop: [] };
      const result = await writer.write(request, { ...options, onText });
      if (!result.ok) return result;
      const { newTokens, tokensPerSecond } = result.value.stats;
      return ok({ prompt, text, tokens: newTokens, tokensPerSecond });
    },
    tokens: (text) => tokenizer.encodeText(text),
    compare: ({ ids, reference }) => writer.compare(ids, reference),
    close: () => writer.close(),
  };
}

/**
 * Loads a prepared model folder. The context is as long as model, graph and request allow, and without a request no
 * longer than the memory holds: the cache of a long one can be larger than the weights. Answers with a problem when the
 * memory cannot hold the model, when a file is damaged, or when `signal` fires meanwhile; nothing stays loaded then.
 */
export async function openLanguageModel(
  input: LoadInput,
  { signal, announce = () => undefined }: { readonly signal?: AbortSignal; readonly announce?: Announce } = {},
): Promise<Result<LanguageModel>> {
  const { folder, dtype, builtInTemplate = false } = input;
  try {
    const files = await readModelFolder(folder, dtype);
    announce('load', 60);
    const plain = await loadTokenizer(folder).finally(() => announce('load', 0));
    const tokenizer = watchTokenizer(plain, { announce, builtInTemplate });
    if (signal?.aborted) return failed(cancelled());
    const opened = await openWriter(input, { files, tokenizer, announce });
    if (!opened.ok) return opened;
    const { loaded, writer } = opened.value;
    if (signal?.aborted) {
      await writer.close();
      return failed(cancelled());
    }
    return ok(createLanguageModel(loaded, writer, tokenizer));
  } catch (error) {
    return failed(explainLoading(error));
  }
}
