import { ConversionError } from './conversionError.ts';

/** Bits per element of every dtype the safetensors format names; a header with any other dtype is refused. */
export const dtypeBits: Readonly<Record<string, number>> = {
  BOOL: 8,
  F4: 4,
  F6_E2M3: 6,
  F6_E3M2: 6,
  U8: 8,
  I8: 8,
  F8_E5M2: 8,
  F8_E4M3: 8,
  F8_E8M0: 8,
  F8_E4M3FNUZ: 8,
  F8_E5M2FNUZ: 8,
  I16: 16,
  U16: 16,
  F16: 16,
  BF16: 16,
  I32: 32,
  U32: 32,
  F32: 32,
  C64: 64,
  F64: 64,
  I64: 64,
  U64: 64,
};

/** Dtypes that weights may have. */
export const weightDtypes = ['BF16', 'F16', 'F32', 'F8_E4M3'] as const;
export type WeightDtype = (typeof weightDtypes)[number];

/** Whether the converter can read weights of this dtype. */
export function isWeightDtype(dtype: string): dtype is WeightDtype {
  return (weightDtypes as readonly string[]).includes(dtype);
}

/** Bytes of one weight. */
export function weightBytes(dtype: WeightDtype): 1 | 2 | 4 {
  return dtype === 'F32' ? 4 : dtype === 'F8_E4M3' ? 1 : 2;
}

/** One half-precision number (IEEE 754 binary16, given as its 16 bits). */
export function decodeHalf(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const mantissa = bits & 1023;
  if (exponent === 0) return sign * mantissa * 2 ** -24;
  if (exponent === 31) return mantissa ? NaN : sign * Infinity;
  return sign * (1 + mantissa / 1024) * 2 ** (exponent - 15);
}

/** One FP8 E4M3 number: bias 7, no infinities, only the all-ones pattern is NaN (Micikevicius et al., 2022). */
export function decodeE4M3(bits: number): number {
  const sign = bits & 0x80 ? -1 : 1;
  const exponent = (bits >> 3) & 15;
  const mantissa = bits & 7;
  if (exponent === 15 && mantissa === 7) return NaN;
  if (exponent === 0) return sign * mantissa * 2 ** -9;
  return sign * (1 + mantissa / 8) * 2 ** (exponent - 7);
}

/** The 16 bits of `value` in half precision, rounded to nearest even; too large becomes an infinity. */
export function encodeHalf(value: number): number {
  single[0] = value;
  const bits = singleBits[0] ?? 0;
  const sign = (bits >>> 16) & 0x8000;
  const magnitude = bits & 0x7fffffff;
  if (magnitude > 0x7f800000) return sign | 0x7e00;
  if (magnitude >= 0x477ff000) return sign | 0x7c00;
  if (magnitude < 0x38800000) {
    // Subnormal: count units of 2^-24; float64 division is exact, so one rounding happens.
    const units = Math.abs(single[0] ?? 0) * 2 ** 24;
    const below = Math.floor(units);
    const rest = units - below;
    return sign | (rest > 0.5 || (rest === 0.5 && below & 1) ? below + 1 : below);
  }
  const odd = (magnitude >>> 13) & 1;
  return sign | ((magnitude - 0x38000000 + 0xfff + odd) >>> 13);
}

const single = new Float32Array(1);
const singleBits = new Uint32Array(single.buffer);
let halves: Float32Array | undefined;
let eights: Float32Array | undefined;

/**
 * Decodes little-endian weights to float32; every dtype here is exact in float32.
 * Throws ConversionError 'damaged-file' on a weight that is NaN or infinite: it would spoil every later answer.
 */
export function decodeWeights(dtype: WeightDtype, bytes: Uint8Array, name: string): Float32Array {
  const count = bytes.byteLength / weightBytes(dtype);
  const out = new Float32Array(count);
  // A copy when the bytes do not start on an element: typed arrays cannot be unaligned.
  const source = bytes.byteOffset % 4 === 0 ? bytes : bytes.slice();
  if (dtype === 'F32') {
    out.set(new Float32Array(source.buffer, source.byteOffset, count));
  } else if (dtype === 'BF16') {
    const shorts = new Uint16Array(source.buffer, source.byteOffset, count);
    const bits = new Uint32Array(out.buffer);
    for (let i = 0; i < count; i++) bits[i] = (shorts[i] ?? 0) << 16;
  } else if (dtype === 'F16') {
    halves ??= Float32Array.from({ length: 65536 }, (_, i) => decodeHalf(i));
    const shorts = new Uint16Array(source.buffer, source.byteOffset, count);
    for (let i = 0; i < count; i++) out[i] = halves[shorts[i] ?? 0] ?? 0;
  } else {
    eights ??= Float32Array.from({ length: 256 }, (_, i) => decodeE4M3(i));
    for (let i = 0; i < count; i++) out[i] = eights[source[i] ?? 0] ?? 0;
  }
  // 0 times anything finite is 0; one NaN or infinity turns the sum into NaN.
  let poison = 0;
  for (let i = 0; i < count; i++) poison += (out[i] ?? 0) * 0;
  if (poison !== 0) throw notNumbers(name);
  return out;
}

/** Little-endian bytes of numbers in the wanted type; float32 numbers are not copied. */
export function numberBytes(numbers: Float32Array, type: 'float' | 'float16'): Uint8Array {
  if (type === 'float') return new Uint8Array(numbers.buffer, numbers.byteOffset, numbers.byteLength);
  const halves = new Uint16Array(numbers.length);
  for (let i = 0; i < numbers.length; i++) halves[i] = encodeHalf(numbers[i] ?? 0);
  return new Uint8Array(halves.buffer);
}

/** The refusal of a tensor that holds NaN or an infinity. */
export function notNumbers(name: string): ConversionError {
  return new ConversionError('damaged-file', `${name} holds weights that are not numbers`);
}
