import type { Checkpoint, CheckpointTensor } from './checkpoint.ts';
import { ConversionError } from './conversionError.ts';
import { decodeWeights, isWeightDtype } from './dtypes.ts';
import type { WeightScales } from './weightScales.ts';

/** Names under which official repositories keep scales; both mean weight = stored number x scale. */
const SUFFIXES = ['_scale_inv', '_scale'] as const;

/** Rows and columns of a weight that share one scale, and where the scales lie. */
interface Scaling {
  readonly scale: string;
  readonly rows: number;
  readonly columns: number;
  readonly scalesPerRow: number;
}

/**
 * A checkpoint whose scaled FP8 weights read as plain float32, so that nothing else has to know of scales. Every FP8
 * matrix needs its scales when config.json speaks of them. Throws ConversionError.
 */
export function withScales(checkpoint: Checkpoint, scales: WeightScales | undefined): Checkpoint {
  const scalings = new Map<string, Scaling>();
  for (const [name, tensor] of checkpoint.tensors) {
    if (tensor.dtype !== 'F8_E4M3') continue;
    const found = SUFFIXES.map((suffix) => name + suffix).filter((scale) => checkpoint.tensors.has(scale));
    const [scale] = found;
    if (found.length > 1) throw new ConversionError('damaged-file', `${name} has two kinds of scales`);
    if (scale !== undefined) scalings.set(name, scalingOf(name, tensor, scale, checkpoint, scales));
    else if (scales) throw new ConversionError('damaged-file', `${name}_scale is missing from the weights`);
  }
  if (scalings.size === 0) return checkpoint;
  const tensors = new Map<string, CheckpointTensor>(checkpoint.tensors);
  for (const [name] of scalings) tensors.set(name, { shape: tensors.get(name)?.shape ?? [], dtype: 'F32' });
  const known = new Map<string, Promise<Float32Array>>();
  const valuesOf = (name: string): Promise<Float32Array> => {
    const values = known.get(name) ?? readScales(checkpoint, name);
    known.set(name, values);
    return values;
  };
  return {
    tensors,
    close: () => checkpoint.close(),
    placeOf: (name, first, rows) => (scalings.has(name) ? undefined : checkpoint.placeOf(name, first, rows)),
    async readRows(name, first, rows) {
      const stored = await checkpoint.readRows(name, first, rows);
      const scaling = scalings.get(name);
      if (!scaling) return stored;
      const weights = decodeWeights(stored.dtype, stored.bytes, name);
      applyScales(weights, weights.length / rows, first, scaling, await valuesOf(scaling.scale));
      return { dtype: 'F32', bytes: new Uint8Array(weights.buffer, weights.byteOffset, weights.byteLength) };
    },
  };
}

/** Scales of a matrix [rows, columns]: one for all, one per row, or one per block. */
function scalingOf(
  name: string,
  { shape }: CheckpointTensor,
  scale: string,
  checkpoint: Checkpoint,
  scales: WeightScales | undefined,
): Scaling {
  const { dtype = '', shape: found = [] } = checkpoint.tensors.get(scale) ?? {};
  if (!isWeightDtype(dtype) || dtype === 'F8_E4M3') {
    throw new ConversionError('unsupported-architecture', `${scale} has dtype ${dtype}`);
  }
  const [height, width, ...more] = shape;
  if (height === undefined || width === undefined || more.length > 0) {
    throw new ConversionError('unsupported-architecture', `${name} has scales and is no matrix`);
  }
  const is = (...sizes: number[]): boolean => found.length === sizes.length && sizes.every((n, i) => found[i] === n);
  if (found.every((size) => size === 1)) return { scale, rows: Math.max(1, height), columns: width, scalesPerRow: 1 };
  if (scales?.block) {
    const [rows, columns] = scales.block;
    const scalesPerRow = Math.ceil(width / columns);
    if (is(Math.ceil(height / rows), scalesPerRow)) return { scale, rows, columns, scalesPerRow };
  } else if (is(height) || is(height, 1)) {
    return { scale, rows: 1, columns: width, scalesPerRow: 1 };
  }
  throw new ConversionError('damaged-file', `${scale} is [${found.join()}] for a weight of [${shape.join()}]`);
}

async function readScales(checkpoint: Checkpoint, name: string): Promise<Float32Array> {
  const { dtype, bytes } = await checkpoint.readRows(name, 0, checkpoint.tensors.get(name)?.shape[0] ?? 1);
  return decodeWeights(dtype, bytes, name);
}

function applyScales(
  weights: Float32Array,
  width: number,
  firstRow: number,
  { rows, columns, scalesPerRow }: Scaling,
  scales: Float32Array,
): void {
  for (let start = 0, row = firstRow; start < weights.length; start += width, row++) {
    const line = Math.floor(row / rows) * scalesPerRow;
    for (let column = 0; column < width; column++) {
      const scale = scales[line + Math.floor(column / columns)] ?? 0;
      weights[start + column] = (weights[start + column] ?? 0) * scale;
    }
  }
}
