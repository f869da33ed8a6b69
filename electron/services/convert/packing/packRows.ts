import {
  type BlockFormat,
  LEAST_AMPLITUDE,
  MOST_AMPLITUDE,
  packedRow,
  type PackedRows,
  ROUNDER,
  STEP_OFFSETS,
} from './format.ts';

const single = Math.fround;

/**
 * Packs `rows` rows of row-major weights. weight = (q - zero point) * scale; in 4-bit bytes the low nibble comes first;
 * the tail of a last short block is filled with the zero point, so it reads as 0. Rows are independent of each other.
 *
 * Every step is float32 arithmetic in a fixed order, sums in four lanes, so that vector instructions give the same bits.
 */
export function packRows(weights: Float32Array, rows: number, columns: number, format: BlockFormat): PackedRows {
  const sizes = packedRow(columns, format);
  const { bits, block } = format;
  const packed: PackedRows = {
    data: new Uint8Array(rows * sizes.data),
    scales: new Float32Array(rows * sizes.blocks),
    zeroPoints: new Uint8Array(rows * sizes.zeroPoints),
  };
  const values = new Float32Array(block);
  for (let row = 0; row < rows; row++) {
    for (let b = 0; b < sizes.blocks; b++) {
      const first = row * columns + b * block;
      values.fill(0).set(weights.subarray(first, first + Math.min(block, columns - b * block)));
      const choice = format.zeroPoints ? leastError(values, bits) : symmetric(values, bits);
      packed.scales[row * sizes.blocks + b] = choice.scale;
      if (format.zeroPoints) putZero(packed.zeroPoints, row * sizes.zeroPoints, b, bits, choice.zero);
      packBlock(packed.data, row * sizes.data + (b * block * bits) / 8, values, bits, choice);
    }
  }
  return packed;
}

interface Choice {
  readonly scale: number; // a float32
  readonly zero: number;
}

function packBlock(target: Uint8Array, start: number, values: Float32Array, bits: 4 | 8, choice: Choice): void {
  const inverse = single(1 / choice.scale);
  const top = 2 ** bits - 1;
  const at = (i: number): number => clamp(nearest(single((values[i] ?? 0) * inverse), choice.zero), 0, top);
  if (bits === 8) for (let i = 0; i < values.length; i++) target[start + i] = at(i);
  else for (let i = 0; i < values.length; i += 2) target[start + i / 2] = at(i) | (at(i + 1) << 4);
}

function putZero(target: Uint8Array, start: number, index: number, bits: 4 | 8, value: number): void {
  if (bits === 8) target[start + index] = value;
  else {
    const at = start + (index >> 1);
    target[at] = (target[at] ?? 0) | (index & 1 ? value << 4 : value);
  }
}

/** The weight of largest magnitude maps to q = 0 exactly, hence the signed scale and the full range. */
function symmetric(values: Float32Array, bits: 4 | 8): Choice {
  const { low, high } = range(values);
  const zero = 2 ** (bits - 1);
  const largest = high < -low ? low : high;
  return Math.abs(largest) > LEAST_AMPLITUDE ? { scale: -largest / zero, zero } : { scale: 1, zero };
}

/** Smallest and largest weight, 0 among them, so that 0 stays exact. */
function range(values: Float32Array): { readonly low: number; readonly high: number } {
  let [low, high] = [0, 0];
  for (const value of values) {
    if (value < low) low = value;
    if (high < value) high = value;
  }
  return { low, high };
}

/**
 * Tries a few numbers of steps for the block's range, each with the zero point that keeps the range's middle in the
 * middle. With all q fixed, the best scale is a least-squares fit, sum(x d) / sum(d d), and what it leaves of sum(x x)
 * has the closed form sum(x x) - sum(x d)^2 / sum(d d): one pass tells a candidate's error, and the largest gain wins.
 */
function leastError(values: Float32Array, bits: 4 | 8): Choice {
  const top = 2 ** bits - 1;
  const { low, high } = range(values);
  const half = single(single(high * 0.5) - single(low * 0.5));
  if (!(half > LEAST_AMPLITUDE)) return { scale: 1, zero: 2 ** (bits - 1) };
  const inverse = single(0.5 / half);
  const centre = single(single(single(high * 0.5) + single(low * 0.5)) * inverse);
  const zeroFor = (steps: number): number => clamp(nearest(single(top / 2 - single(centre * steps))), 0, top);
  let best: Choice = { scale: single(half / (top / 2)), zero: zeroFor(top) };
  if (half > MOST_AMPLITUDE) return best;
  let most = 0;
  for (const offset of STEP_OFFSETS) {
    const zero = zeroFor(top + offset);
    const { product, square } = fit(values, single(inverse * (top + offset)), -zero, top - zero);
    const scale = single(product / square);
    const gain = single(product * scale);
    if (most < gain) {
      most = gain;
      best = { scale, zero };
    }
  }
  return best;
}

const products = new Float32Array(4);
const squares = new Float32Array(4);

/** sum(x d) and sum(d d), where d is x * factor rounded and kept within [least, most]. */
function fit(
  values: Float32Array,
  factor: number,
  least: number,
  most: number,
): { readonly product: number; readonly square: number } {
  products.fill(0);
  squares.fill(0);
  for (let i = 0; i < values.length; i++) {
    const value = values[i] ?? 0;
    const lane = i & 3;
    const steps = clamp(nearest(single(value * factor)), least, most);
    products[lane] = (products[lane] ?? 0) + single(value * steps);
    squares[lane] = (squares[lane] ?? 0) + steps * steps;
  }
  return { product: sum(products), square: sum(squares) };
}

function sum(lanes: Float32Array): number {
  const [a = 0, b = 0, c = 0, d = 0] = lanes;
  return single(single(a + b) + single(c + d));
}

/**
 * `value` + `whole`, rounded once to the nearest whole number, ties to even: float32 numbers from 2^23 on have no
 * fraction. For values below 2^22.
 */
function nearest(value: number, whole = 0): number {
  return single(value + (ROUNDER + whole)) - ROUNDER;
}

function clamp(value: number, least: number, most: number): number {
  return value < least ? least : most < value ? most : value;
}
