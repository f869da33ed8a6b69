import { failed, ok } from '../../contract/result.ts';
import { explainInference, promptTooLong } from './explain.ts';
import { createSampler } from './sample.ts';
import { createStopStrings } from './stopStrings.ts';
import type { Tokenizer } from './tokenizer.ts';
import type { TransformersModel } from './transformersModel.ts';
import type { Writer } from './writer.ts';

/**
 * Writes through transformers.js, on the CPU, with our own sampler, stop texts and ending tokens. Each answer reads its
 * whole prompt anew and in one run: graphs of this kind may carry state that only grows token by token, so their caches
 * can neither be cut back nor fed in pieces. A stop that comes while the prompt is read is seen after it (see engine.ts).
 */
export function createTransformersWriter({
  model,
  tokenizer,
  endIds,
  contextLength,
}: {
  readonly model: TransformersModel;
  readonly tokenizer: Tokenizer;
  readonly endIds: ReadonlySet<number>;
  readonly contextLength: number;
}): Writer {
  return {
    async write({ prompt, sampling, stop }, { onText, signal }) {
      if (prompt.length >= contextLength) return failed(promptTooLong(prompt.length, contextLength));
      const stream = tokenizer.stream(prompt);
      const stops = createStopStrings(stop);
      const most = Math.min(sampling.maxNewTokens, contextLength - prompt.length);
      const began = performance.now();
      let firstAt = began;
      let newTokens = 0;
      let ended: 'end' | 'stop text' | undefined;
      const say = (piece: string): void => {
        if (piece !== '') onText(piece);
      };
      const onToken = (id: number): boolean => {
        if (++newTokens === 1) firstAt = performance.now();
        if (endIds.has(id)) ended = 'end';
        else {
          const piece = stops.push(stream.push(id));
          say(piece.text);
          if (piece.found) ended = 'stop text';
        }
        return ended !== undefined || newTokens >= most || signal?.aborted === true;
      };
      try {
        if (!signal?.aborted) await model.write(prompt, { most, choose: createSampler(sampling), onToken });
      } catch (error) {
        return failed(explainInference(error));
      }
      const later = (performance.now() - firstAt) / 1000;
      if (ended !== 'stop text') {
        const rest = stops.push(stream.flush());
        say(rest.found ? rest.text : rest.text + stops.flush());
      }
      return ok({
        // Nothing else ends it: not an ending token of the library's own, not a limit that a repository sets.
        finishReason: ended ? 'stop' : newTokens >= most ? 'length' : 'stopped-by-person',
        stats: {
          promptTokens: prompt.length,
          reusedTokens: 0,
          newTokens,
          firstTokenSeconds: (firstAt - began) / 1000,
          tokensPerSecond: newTokens > 1 && later > 0 ? (newTokens - 1) / later : 0,
          device: 'cpu',
        },
      });
    },
    rest: async () => undefined,
    forget: async () => undefined,
    compare: async () => failed(explainInference(new Error('This model gives no logits to compare'))),
    close: () => model.close(),
  };
}
