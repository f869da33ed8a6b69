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
  /** Columns are spread over groups first, where they fill them; see spread.ts. */
  readonly spread?: true;
}

/**
 * The format for rows of `columns` weights: blocks are halved, down to 32, until they fill a row, since what a last block
 * lacks is stored all the same. The runtime has no quick way through blocks of fewer than 32.
 */
export function fittedTo(format: BlockFormat, columns: number): BlockFormat {
  const block = ([256, 128, 64] as const).find((size) => size <= format.block && columns % size === 0);
  return { ...format, block: block ?? (format.block < 32 ? format.block : 32) };
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
 * The search works on whole numbers: the range of a block spans `span` units, and a candidate divides the range into
 * steps / 2^15 * span parts. Units are fine enough that rounding to them adds less than a thousandth to a step's error.
 *
 * A little more steps than the bits can tell apart cuts the ends of the range off, a little less leaves room; together
 * these four come within 0.3 % of the error of an exhaustive search on bell-shaped weights, where plain rounding is 3.2 %
 * above it. For 4 bits they are 14, 14.75, 15.5 and 16.25 steps; for 8 bits 254, 254.5, 255.5 and 256.5.
 */
export const SEARCH = {
  4: { span: 2 ** 11, factors: [224, 236, 248, 260] },
  8: { span: 2 ** 14, factors: [508, 509, 511, 513] },
} as const;

/** 1.5 * 2^23: a float32 number of this size keeps whole numbers only, so adding it rounds. */
export const ROUNDER = 12_582_912;
