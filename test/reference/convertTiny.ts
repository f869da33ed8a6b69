import { join } from 'node:path';
import type { Dtype } from '../../electron/contract/model.ts';
import { type ConversionReport, convertModel } from '../../electron/services/convert/convert.ts';
import { type ConversionEstimate, estimateConversion } from '../../electron/services/convert/estimate.ts';
import { readArchitecture } from '../../electron/services/convert/readArchitecture.ts';
import { loopFile, recipeFor } from '../../electron/services/convert/recipe.ts';
import { type TinyModel, writeCheckpoint } from './checkpoint.ts';
import { TestDecoder } from './decoder.ts';

export interface TinyConversion {
  readonly decoder: TestDecoder;
  /** The graph for our own loop; half-precision models have none. */
  readonly loop: TestDecoder | undefined;
  readonly report: ConversionReport;
  /** What was promised from config.json alone. */
  readonly estimate: ConversionEstimate;
  /** What the promise was about: size of the graph and its data. */
  readonly onnxBytes: number;
}

/** Writes a tiny model into `folder` as a repository, converts it there and opens the result. */
export async function convertTiny(
  folder: string,
  model: TinyModel,
  dtype: Dtype,
  contextLength?: number,
): Promise<TinyConversion> {
  const [source, output] = [join(folder, 'source'), join(folder, 'output')];
  writeCheckpoint(source, model);
  const architecture = readArchitecture(model.config);
  const result = await convertModel({ source, output, dtype, contextLength });
  if (!result.ok || !architecture.ok) throw new Error(JSON.stringify([result, architecture]));
  const estimate = estimateConversion(architecture.value, dtype, contextLength);
  const onnx = result.value.files.filter((file) => file.path.startsWith('onnx/'));
  const recipe = recipeFor(dtype);
  return {
    decoder: await TestDecoder.open(output, recipe.file, result.value),
    loop: recipe.activations === 'float' ? await TestDecoder.open(output, loopFile(recipe), result.value) : undefined,
    report: result.value,
    estimate,
    onnxBytes: onnx.reduce((total, file) => total + file.bytes, 0),
  };
}
