/** How one matrix is packed for MatMulNBits and GatherBlockQuantized: blocks of `block` weights along each row. */
export interface BlockFormat {
  readonly bits: 4 | 8;
  readonly block: 16 | 32 | 64 | 128 | 256;
  /** One zero point per block; without it the middle of the range stands for 0. */
  readonly zeroPoints: boolean;
  /** Try many scales and keep the one with the least weighted error. */
  readonly search: boolean;
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

/** Packed rows, ready to be written. `zeroPoints` is empty for symmetric formats. */
export interface PackedRows {
  readonly data: Uint8Array;
  readonly scales: Float32Array;
  readonly zeroPoints: Uint8Array;
}

/**
 * Packs `rows` rows of row-major weights. weight = (q - zero point) * scale; in 4-bit bytes the low nibble comes first;
 * the tail of a last short block is filled with the zero point, so it reads as 0. Rows are independent of each other.
 */
export function quantizeRows(weights: Float32Array, rows: number, columns: number, format: BlockFormat): PackedRows {
  const sizes = packedRow(columns, format);
  const { bits, block } = format;
  const top = 2 ** bits - 1;
  const middle = 2 ** (bits - 1);
  const packed: PackedRows = {
    data: new Uint8Array(rows * sizes.data),
    scales: new Float32Array(rows * sizes.blocks),
    zeroPoints: new Uint8Array(rows * sizes.zeroPoints),
  };
  for (let row = 0; row < rows; row++) {
    for (let b = 0; b < sizes.blocks; b++) {
      const first = row * columns + b * block;
      const values = weights.subarray(first, first + Math.min(block, columns - b * block));
      const { scale, zero } = chooseScale(values, format, top, middle);
      packed.scales[row * sizes.blocks + b] = scale;
      if (format.zeroPoints) putZero(packed.zeroPoints, row * sizes.zeroPoints, b, bits, zero);
      packBlock(packed.data, row * sizes.data + (b * block * bits) / 8, values, { format, scale, zero, top });
    }
  }
  return packed;
}

function packBlock(
  target: Uint8Array,
  start: number,
  values: Float32Array,
  how: { readonly format: BlockFormat; readonly scale: number; readonly zero: number; readonly top: number },
): void {
  const { zero, top } = how;
  const inverse = 1 / how.scale;
  const at = (i: number): number => (i < values.length ? nearest(values[i] ?? 0, inverse, zero, top) : zero);
  if (how.format.bits === 8) for (let i = 0; i < how.format.block; i++) target[start + i] = at(i);
  else for (let i = 0; i < how.format.block; i += 2) target[start + i / 2] = at(i) | (at(i + 1) << 4);
}

function putZero(target: Uint8Array, start: number, index: number, bits: 4 | 8, value: number): void {
  if (bits === 8) target[start + index] = value;
  else {
    const at = start + (index >> 1);
    target[at] = (target[at] ?? 0) | (index & 1 ? value << 4 : value);
  }
}

interface Choice {
  readonly scale: number; // as float32 keeps it
  readonly zero: number;
}

function chooseScale(values: Float32Array, format: BlockFormat, top: number, middle: number): Choice {
  const choice = format.zeroPoints ? asymmetric(values, format, top) : symmetric(values, middle);
  const scale = Math.fround(choice.scale);
  // A block of zeros, or of numbers too small to divide by: everything becomes 0.
  return Math.abs(scale) > 1e-30 ? { scale, zero: choice.zero } : { scale: 1, zero: middle };
}

/** The weight of largest magnitude maps to q = 0 exactly, hence the signed scale and the full range. */
function symmetric(values: Float32Array, middle: number): Choice {
  let largest = 0;
  for (const value of values) if (Math.abs(value) > Math.abs(largest)) largest = value;
  return { scale: -largest / middle, zero: middle };
}

function asymmetric(values: Float32Array, format: BlockFormat, top: number): Choice {
  let low = 0; // 0 stays inside the range, so that it stays exact
  let high = 0;
  for (const value of values) {
    if (value < low) low = value;
    if (value > high) high = value;
  }
  const scale = (high - low) / top;
  if (scale === 0) return { scale, zero: 0 };
  if (format.search) return searchScale(values, low, high, top);
  return { scale, zero: clamp(Math.round(-low / scale), top) };
}

/** Scratch of one block: weights, and how much the error of each counts. One thread packs one block at a time. */
const block64 = new Float64Array(256);
const shares64 = new Float64Array(256);
const SEARCH_STEPS = 12;

/**
 * Tries scales around the plain one, each with both neighbouring zero points, and keeps the smallest weighted error.
 * With q fixed, the best scale is a weighted least-squares fit, whose error has the closed form
 * sum(w x x) - sum(w x d)^2 / sum(w d d); so one pass per candidate is enough. Large weights count more (w = rms + |x|):
 * they carry most of a product's value.
 */
function searchScale(values: Float32Array, low: number, high: number, top: number): Choice {
  const count = values.length;
  let squares = 0;
  for (let i = 0; i < count; i++) squares += (block64[i] = values[i] ?? 0) ** 2;
  const floor = Math.sqrt(squares / count);
  for (let i = 0; i < count; i++) shares64[i] = floor + Math.abs(block64[i] ?? 0);
  let best: Choice = { scale: (high - low) / top, zero: clamp(Math.round((-low * top) / (high - low)), top) };
  let most = 0; // the error is least where sum(w x d)^2 / sum(w d d) is largest
  for (let step = 0; step < SEARCH_STEPS; step++) {
    const inverse = (top - 1.2 + 0.2 * step) / (high - low);
    const lower = Math.floor(-low * inverse);
    for (let zero = clamp(lower, top); zero <= clamp(lower + 1, top); zero++) {
      let product = 0;
      let square = 0;
      for (let i = 0; i < count; i++) {
        const value = block64[i] ?? 0;
        const steps = nearest(value, inverse, zero, top) - zero;
        const weighted = (shares64[i] ?? 0) * steps;
        product += weighted * value;
        square += weighted * steps;
      }
      if (square === 0 || product <= 0) continue;
      const gain = (product / square) * product;
      if (gain > most) {
        most = gain;
        best = { scale: product / square, zero };
      }
    }
  }
  return best;
}

/** Rounds to nearest by adding 0.5 and truncating, which is right because q is at least 0; far cheaper than Math.round. */
function nearest(value: number, inverse: number, zero: number, top: number): number {
  const raw = value * inverse + zero + 0.5;
  return raw <= 0 ? 0 : raw >= top ? top : raw | 0;
}

function clamp(value: number, top: number): number {
  return value < 0 ? 0 : value > top ? top : value;
}
