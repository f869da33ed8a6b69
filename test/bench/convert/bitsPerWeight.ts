import type { Dtype } from '../../../electron/contract/model.ts';
import type { Architecture } from '../../../electron/services/convert/architecture.ts';
import { planDecoder } from '../../../electron/services/convert/decoder.ts';
import type { Fill } from '../../../electron/services/convert/graphBuilder.ts';
import { packedRow } from '../../../electron/services/convert/packing/format.ts';
import { recipeFor } from '../../../electron/services/convert/recipe.ts';
import { EMBEDDING, HEAD } from '../../../electron/services/convert/tensors.ts';

/** What a weight costs on disk, with its share of scales and zero points. */
export interface WeightBits {
  /** The matrices of the layers. */
  readonly body: number;
  /** Embedding and head. */
  readonly head: number;
}

/** Bits per weight of one dtype for one shape, counted from the plan that the converter follows. */
export function bitsPerWeight(architecture: Architecture, dtype: Dtype): WeightBits {
  const sums = { body: { bits: 0, weights: 0 }, head: { bits: 0, weights: 0 } };
  for (const fill of planDecoder(architecture, recipeFor(dtype), 8).fills) {
    const cost = costOf(fill);
    if (!cost || fill.kind === 'rope') continue;
    const isHead = fill.sources.some(({ tensor }) => tensor === EMBEDDING || tensor === HEAD);
    const sum = isHead ? sums.head : sums.body;
    sum.bits += cost.bits;
    sum.weights += cost.weights;
  }
  return { body: sums.body.bits / sums.body.weights, head: sums.head.bits / sums.head.weights };
}

function costOf(fill: Fill): { readonly bits: number; readonly weights: number } | undefined {
  if (fill.kind === 'rope') return undefined;
  const rows = fill.sources.reduce((total, source) => total + source.rows, 0);
  const weights = rows * fill.columns;
  if (fill.kind === 'numbers')
    return fill.columns > 1 ? { bits: weights * (fill.type === 'float' ? 32 : 16), weights } : undefined;
  const row = packedRow(fill.columns, fill.format);
  const scales = fill.scaleType === 'float' ? row.scales : row.scales / 2;
  return { bits: 8 * rows * (row.data + scales + row.zeroPoints), weights };
}
