import type { Dtype } from '../../contract/model.ts';
import type { BlockFormat } from './quantize.ts';

/** How a dtype is made. Undefined formats mean plain numbers of type `activations`. */
export interface Recipe {
  readonly activations: 'float' | 'float16';
  readonly body: BlockFormat | undefined;
  /** Embedding and output head: one copy of the bytes serves both when they are tied. */
  readonly head: BlockFormat | undefined;
  /** File name in onnx/, as transformers.js looks for this dtype. */
  readonly file: string;
}

/**
 * The spread of weights inside a block decides the error: 32 beats 64 by 11 %, 16 halves the speed. Zero points and a
 * search cost 0.125 bits and conversion time, and take 10 % off the 4-bit error. Eight bits need neither.
 */
const four: BlockFormat = { bits: 4, block: 32, zeroPoints: true, search: true };
const eight: BlockFormat = { bits: 8, block: 32, zeroPoints: false, search: false };

const recipes: Readonly<Record<Dtype, Recipe>> = {
  fp32: { activations: 'float', body: undefined, head: undefined, file: 'model.onnx' },
  fp16: { activations: 'float16', body: undefined, head: undefined, file: 'model_fp16.onnx' },
  q8: { activations: 'float', body: eight, head: eight, file: 'model_quantized.onnx' },
  q4: { activations: 'float', body: four, head: eight, file: 'model_q4.onnx' },
  q4f16: { activations: 'float16', body: four, head: eight, file: 'model_q4f16.onnx' },
};

/** The recipe of a dtype. */
export function recipeFor(dtype: Dtype): Recipe {
  return recipes[dtype];
}

/** File name in onnx/ of the graph for our own loop. */
export function loopFile({ file }: Recipe): string {
  return file.replace('model', 'loop');
}
