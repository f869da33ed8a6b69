import { decodeWeights, encodeHalf, type WeightDtype } from './dtypes.ts';
import { type BlockFormat, quantizeRows } from './quantize.ts';

/** Official rows waiting to be packed; crosses to a worker thread as it is. */
export interface QuantizeTask {
  readonly tensor: string; // named in refusals
  readonly dtype: WeightDtype;
  readonly bytes: Uint8Array;
  readonly rows: number;
  readonly columns: number;
  readonly format: BlockFormat;
  readonly scaleType: 'float' | 'float16';
}

/** Packed rows as the bytes that go to disk. */
export interface QuantizedBytes {
  readonly data: Uint8Array;
  readonly scales: Uint8Array;
  readonly zeroPoints: Uint8Array;
}

/** Decodes and packs one task. Throws ConversionError 'damaged-file' on weights that are not numbers. */
export function runQuantizeTask(task: QuantizeTask): QuantizedBytes {
  const weights = decodeWeights(task.dtype, task.bytes, task.tensor);
  const { data, scales, zeroPoints } = quantizeRows(weights, task.rows, task.columns, task.format);
  return { data, scales: numberBytes(scales, task.scaleType), zeroPoints };
}

/** Little-endian bytes of numbers in the wanted type. */
export function numberBytes(numbers: Float32Array, type: 'float' | 'float16'): Uint8Array {
  if (type === 'float') return new Uint8Array(numbers.buffer, numbers.byteOffset, numbers.byteLength);
  const halves = new Uint16Array(numbers.length);
  for (let i = 0; i < numbers.length; i++) halves[i] = encodeHalf(numbers[i] ?? 0);
  return new Uint8Array(halves.buffer);
}
