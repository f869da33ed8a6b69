import type { Dtype } from '../../contract/model.ts';
import { failed, ok, type Result } from '../../contract/result.ts';
import { estimateConversion } from './estimate.ts';
import { explainConversion } from './explain.ts';
import { openSource } from './source.ts';
import { hasChatTemplate, readTextFiles } from './textFiles.ts';

/** What a conversion of a folder would make. */
export interface SourceReport {
  readonly architecture: string; // "LlamaForCausalLM"
  readonly parameters: number;
  readonly outputBytes: number; // all files of the converted model, nearly
  readonly instruct: boolean;
}

/**
 * Everything that a conversion checks before it writes its first byte: the small files, config.json, every header of the
 * weights, and that they fit each other. Reads no weights. Expected failures come back as a Problem.
 */
export async function inspectSource(source: string, dtype: Dtype): Promise<Result<SourceReport>> {
  try {
    const texts = await readTextFiles(source);
    const { checkpoint, architecture } = await openSource(source);
    await checkpoint.close();
    const { parameters, outputBytes } = estimateConversion(architecture, dtype);
    const textBytes = texts.reduce((sum, { data }) => sum + data.length, 0);
    const instruct = hasChatTemplate(texts);
    return ok({ architecture: architecture.name, parameters, outputBytes: outputBytes + textBytes, instruct });
  } catch (error) {
    return failed(explainConversion(error));
  }
}
