/** Reads packed weights back, written from the specification of MatMulNBits and apart from the code that packs. */
import type { BlockFormat, PackedRows } from '../../electron/services/convert/quantize.ts';
import { quantizeRows } from '../../electron/services/convert/quantize.ts';
import type { TinyModel } from './checkpoint.ts';

/** weight = (q - zero point) * scale; low nibble first; without zero points the middle of the range is zero. */
export function unpack(packed: PackedRows, rows: number, columns: number, format: BlockFormat): Float64Array {
  const { bits, block } = format;
  const blocks = Math.ceil(columns / block);
  const nibble = (bytes: Uint8Array, start: number, i: number): number =>
    bits === 8 ? bytes[start + i]! : (bytes[start + Math.floor(i / 2)]! >> (i % 2 ? 4 : 0)) & 15;
  const out = new Float64Array(rows * columns);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const b = Math.floor(column / block);
      const q = nibble(packed.data, (row * blocks * block * bits) / 8, column);
      const zeroRow = Math.ceil((blocks * bits) / 8);
      const zero = format.zeroPoints ? nibble(packed.zeroPoints, row * zeroRow, b) : 2 ** (bits - 1);
      out[row * columns + column] = (q - zero) * packed.scales[row * blocks + b]!;
    }
  }
  return out;
}

/** The model that a packed one stands for: every matrix packed and read back, vectors untouched. */
export function asPacked(
  model: TinyModel,
  formats: { readonly body: BlockFormat; readonly head: BlockFormat },
): TinyModel {
  const tensors = new Map(model.tensors);
  for (const [name, { shape, values }] of model.tensors) {
    const [rows, columns] = shape;
    if (rows === undefined || columns === undefined) continue;
    const format = name === 'lm_head.weight' || name === 'model.embed_tokens.weight' ? formats.head : formats.body;
    const back = unpack(quantizeRows(values, rows, columns, format), rows, columns, format);
    tensors.set(name, { shape, values: Float32Array.from(back) });
  }
  return { config: model.config, tensors };
}
