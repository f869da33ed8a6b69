/** Bytes that one decoded token has to read, told from the recipe. */
import type { Dtype } from '../../../electron/contract/model.ts';
import type { BlockFormat } from '../../../electron/services/convert/packing/format.ts';
import { recipeFor } from '../../../electron/services/convert/recipe.ts';
import type { BenchShape } from './shapes.ts';

/**
 * Bytes of one weight as ONNX Runtime 1.30 lays it out for its int8 kernels: the packed bits, a float scale per block,
 * and a float sum per block. Plain weights take four bytes.
 */
function bytesOf(format: BlockFormat | undefined): number {
  return format ? format.bits / 8 + 8 / format.block : 4;
}

/** Packed weights of all layers and the head, and the keys and values of `context` tokens. */
export function weightBytesPerToken(shape: BenchShape, dtype: Dtype, context: number): number {
  const { formats } = recipeFor(dtype);
  const { hidden, wide, layers } = shape;
  const queries = shape.heads * shape.headSize;
  const keys = shape.kvHeads * shape.headSize;
  const layer =
    hidden * queries * bytesOf(formats?.query) +
    2 * hidden * keys * bytesOf(formats?.keyValue) +
    hidden * queries * bytesOf(formats?.attentionOutput) +
    2 * hidden * wide * bytesOf(formats?.gateUp) +
    hidden * wide * bytesOf(formats?.down);
  const head = shape.vocabulary * hidden * bytesOf(formats?.head);
  return layers * layer + head + context * layers * keys * 2 * 4;
}
