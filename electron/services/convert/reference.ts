import { failed, ok, type Result } from '../../contract/result.ts';
import { replaceFile } from '../durable/files.ts';
import { ConversionError } from './conversionError.ts';
import { explainConversion } from './explain.ts';
import { officialLogits } from './official.ts';
import { openSource } from './source.ts';
import { countParameters } from './tensors.ts';

/** What a reference file holds: little-endian float32, [positions, vocabulary] row by row. */
export interface ReferenceReport {
  readonly positions: number;
  readonly vocabulary: number;
}

/**
 * Writes the logits that the official weights give for a short text to `output`, for a comparison with the converted
 * model in another process. Expected failures come back as a Problem; the official files are only read.
 */
export async function writeReference(options: {
  readonly source: string;
  readonly output: string; // absolute path of a file
  readonly ids: readonly number[];
  /** Positions the converted model covers: longrope rotates by it. */
  readonly contextLength: number;
  readonly onProgress?: ((progress: { doneWeights: number; totalWeights: number }) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}): Promise<Result<ReferenceReport>> {
  try {
    const { checkpoint, architecture } = await openSource(options.source);
    try {
      const vocabulary = architecture.vocabSize;
      if (options.ids.some((id) => !Number.isSafeInteger(id) || id < 0 || id >= vocabulary)) {
        throw new ConversionError('damaged-file', 'names tokens that the weights do not have', 'tokenizer.json');
      }
      const totalWeights = countParameters(architecture);
      let doneWeights = 0;
      const onRead = (weights: number): void => {
        doneWeights += weights;
        options.onProgress?.({ doneWeights: Math.min(doneWeights, totalWeights), totalWeights });
      };
      const { contextLength, signal } = options;
      const walk = { checkpoint, architecture, contextLength, onRead, signal };
      const logits = await officialLogits(walk, options.ids);
      await replaceFile(options.output, new Uint8Array(logits.buffer, logits.byteOffset, logits.byteLength));
      return ok({ positions: options.ids.length, vocabulary });
    } finally {
      await checkpoint.close();
    }
  } catch (error) {
    return failed(explainConversion(error));
  }
}
