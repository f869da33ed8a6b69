import type { Dtype } from '../../contract/model.ts';
import type { BlockFormat } from './packing/format.ts';

/** The kinds of matrices in a decoder that a recipe may treat differently. */
export interface MatrixFormats {
  readonly query: BlockFormat;
  /** Keys and values: with shared heads a small part of a model, and both are read by every later token. */
  readonly keyValue: BlockFormat;
  readonly attentionOutput: BlockFormat;
  readonly gateUp: BlockFormat;
  readonly down: BlockFormat;
  /** Embedding and output head: one copy of the bytes serves both when they are tied. */
  readonly head: BlockFormat;
}

/** How a dtype is made. Without formats, weights are plain numbers of type `activations`. */
export interface Recipe {
  readonly activations: 'float' | 'float16';
  readonly formats: MatrixFormats | undefined;
  /** File name in onnx/, as transformers.js looks for this dtype. */
  readonly file: string;
}

const four64: BlockFormat = { bits: 4, block: 64, zeroPoints: true };
const eight128: BlockFormat = { bits: 8, block: 128, zeroPoints: false };
const eight32: BlockFormat = { bits: 8, block: 32, zeroPoints: true };
const eight16: BlockFormat = { bits: 8, block: 16, zeroPoints: true };

/** Why these: docs/decisions/0006-weight-recipes.md, with the measurements. */
const four: MatrixFormats = {
  query: four64,
  keyValue: eight128,
  attentionOutput: eight128,
  gateUp: four64,
  down: four64,
  head: eight128,
};
const eight: MatrixFormats = {
  query: eight16,
  keyValue: eight16,
  attentionOutput: eight16,
  gateUp: eight16,
  down: { ...eight16, spread: true },
  head: eight32,
};

const recipes: Readonly<Record<Dtype, Recipe>> = {
  fp32: { activations: 'float', formats: undefined, file: 'model.onnx' },
  fp16: { activations: 'float16', formats: undefined, file: 'model_fp16.onnx' },
  q8: { activations: 'float', formats: eight, file: 'model_quantized.onnx' },
  q4: { activations: 'float', formats: four, file: 'model_q4.onnx' },
  q4f16: { activations: 'float16', formats: four, file: 'model_q4f16.onnx' },
};

/** The recipe of a dtype. */
export function recipeFor(dtype: Dtype): Recipe {
  return recipes[dtype];
}

/** File name in onnx/ of the graph that computes in half precision over the same weights. */
export function halfFile({ file }: Recipe): string {
  return file.replace('model', 'half');
}

/** File name in onnx/ of the graph for our own loop. */
export function loopFile({ file }: Recipe): string {
  return file.replace('model', 'loop');
}
