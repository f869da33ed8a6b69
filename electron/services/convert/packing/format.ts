/**
 * Packing weights into blocks of 4 or 8 bits, as MatMulNBits and GatherBlockQuantized read them. `packRows.ts` says in
 * plain code what the numbers are; `kernel.ts` does the same with vector instructions, to the last bit. Nothing here
 * knows models, files or threads.
 */

/** How one matrix is packed: blocks of `block` weights along each row share a scale. */
export interface BlockFormat {
  readonly bits: 4 | 8;
  readonly block: 16 | 32 | 64 | 128 | 256;
  /**
   * One zero point per block, chosen together with the scale for the least squared error. Without zero points the
   * middle of the range stands for 0, and the weight of largest magnitude is met exactly.
   */
  readonly zeroPoints: boolean;
}

/** Bytes of each part of one packed row of `columns` weights. Scales are counted as float32. */
export function packedRow(
  columns: number,
  format: BlockFormat,
): { readonly blocks: number; readonly data: number; readonly scales: number; readonly zeroPoints: number } {
  const blocks = Math.ceil(columns / format.block);
  return {
    blocks,
    data: (blocks * format.block * format.bits) / 8,
    scales: blocks * 4,
    zeroPoints: format.zeroPoints ? Math.ceil((blocks * format.bits) / 8) : 0,
  };
}

/** Packed rows. `zeroPoints` is empty for symmetric formats. */
export interface PackedRows {
  readonly data: Uint8Array;
  readonly scales: Float32Array;
  readonly zeroPoints: Uint8Array;
}

/** Blocks without a weight above this are all zeros: numbers that small cannot be divided by safely. */
export const LEAST_AMPLITUDE = Math.fround(1e-30);
/** Sums of squares would overflow beyond this; such a block keeps its plain range. */
export const MOST_AMPLITUDE = Math.fround(1e30);

/**
 * How many steps the range of a block is tried to have, relative to the most that its bits can tell apart. A little
 * more than that cuts the ends off, a little less leaves room; together these four come within 0.3 % of the error of
 * an exhaustive search on bell-shaped weights, where plain rounding is 3.2 % above it.
 */
export const STEP_OFFSETS = [-1, -0.25, 0.5, 1.25] as const;

/** 1.5 * 2^23: a float32 number of this size keeps whole numbers only, so adding it rounds. */
export const ROUNDER = 12_582_912;
