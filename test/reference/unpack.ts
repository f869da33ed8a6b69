/** Reads packed weights back, written from the specification of MatMulNBits and apart from the code that packs. */
import { type BlockFormat, fittedTo, type PackedRows } from '../../electron/services/convert/packing/format.ts';
import type { MatrixFormats } from '../../electron/services/convert/recipe.ts';
import { packRows } from '../../electron/services/convert/packing/packRows.ts';
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
  return format.spread && columns % 32 === 0 ? gathered(out) : out;
}

/** Undoes the spreading of columns over groups of 32: each is the signed sum of its group, signs by shared bits. */
function gathered(spread: Float64Array): Float64Array {
  const sign = (a: number, b: number): number => ((a & b).toString(2).replaceAll('0', '').length % 2 ? -1 : 1);
  return spread.map((_, place) => {
    const group = place - (place % 32);
    let sum = 0;
    for (let i = 0; i < 32; i++) sum += sign(place - group, i) * spread[group + i]!;
    return sum;
  });
}

/** The model that a packed one stands for: every matrix packed and read back, vectors untouched. */
export function asPacked(model: TinyModel, formats: MatrixFormats): TinyModel {
  const { num_attention_heads: heads, head_dim: size } = model.config;
  const tensors = new Map(model.tensors);
  for (const [name, { shape, values }] of model.tensors) {
    const [rows, columns] = shape;
    if (rows === undefined || columns === undefined) continue;
    const queries = name.includes('qkv_proj') ? heads * size : rows;
    const part = (from: number, to: number, wanted: BlockFormat): Float64Array => {
      const format = fittedTo(wanted, columns);
      const some = values.subarray(from * columns, to * columns);
      return unpack(packRows(some, to - from, columns, format), to - from, columns, format);
    };
    const back = Float32Array.from([
      ...part(0, queries, formatOf(name, formats)),
      ...part(queries, rows, formats.keyValue),
    ]);
    tensors.set(name, { shape, values: back });
  }
  return { config: model.config, tensors };
}

function formatOf(name: string, formats: MatrixFormats): BlockFormat {
  if (/[kv]_proj\.weight/.test(name) && !name.includes('qkv')) return formats.keyValue;
  if (name.includes('o_proj')) return formats.attentionOutput;
  if (name.includes('down_proj')) return formats.down;
  if (name.includes('mlp')) return formats.gateUp;
  return name.includes('self_attn') ? formats.query : formats.head;
}
