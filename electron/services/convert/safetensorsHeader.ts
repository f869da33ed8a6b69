import { ConversionError } from './conversionError.ts';
import { dtypeBits } from './dtypes.ts';
import { JsonCursor, JsonError } from './jsonCursor.ts';

/** Where one tensor lies. `begin` and `end` count bytes from the first byte after the header. */
export interface TensorInfo {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly begin: number;
  readonly end: number;
}

/** Bytes before the header: its length as a little-endian unsigned 64-bit integer. */
export const PREFIX_BYTES = 8;
/** Ours; the format allows 100 MB. The largest public headers are under 1 MB, and JSON of 100 MB costs gigabytes. */
export const MOST_HEADER_BYTES = 25_000_000;
const MOST_TENSORS = 100_000;
const MOST_DIMENSIONS = 16;

/**
 * Reads the header length from the first bytes of a file of `fileBytes` bytes.
 * Throws ConversionError 'damaged-file' when it cannot be true.
 */
export function headerLength(prefix: Uint8Array, fileBytes: number, file: string): number {
  if (prefix.length < PREFIX_BYTES) throw new ConversionError('damaged-file', 'shorter than 8 bytes', file);
  const length = new DataView(prefix.buffer, prefix.byteOffset, PREFIX_BYTES).getBigUint64(0, true);
  if (length > BigInt(MOST_HEADER_BYTES)) {
    throw new ConversionError('damaged-file', `the header claims ${length} bytes`, file);
  }
  if (Number(length) + PREFIX_BYTES > fileBytes) {
    throw new ConversionError('damaged-file', `the header claims ${length} bytes of a file of ${fileBytes}`, file);
  }
  return Number(length);
}

/**
 * Parses and validates a whole safetensors header for a data part of `dataBytes` bytes, by the rules of the reference
 * implementation (safetensors, Rust, `Metadata::validate`): known dtypes, offsets that start at 0, follow each other
 * without hole or overlap and end at the last byte, sizes equal to shape times dtype. Stricter than it in three ways:
 * duplicate keys, a first byte other than "{" and absurd counts are refused.
 * Throws ConversionError 'damaged-file'.
 */
export function parseHeader(header: Uint8Array, dataBytes: number, file: string): Map<string, TensorInfo> {
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(header);
    const tensors = readTensors(text);
    checkCoverage(tensors, dataBytes);
    return tensors;
  } catch (error) {
    if (error instanceof ConversionError) throw new ConversionError(error.code, error.message, file);
    if (error instanceof JsonError) throw new ConversionError('damaged-file', `header: ${error.message}`, file);
    if (error instanceof TypeError) throw new ConversionError('damaged-file', 'the header is not UTF-8', file);
    throw error;
  }
}

function damaged(message: string): never {
  throw new ConversionError('damaged-file', message);
}

function readTensors(text: string): Map<string, TensorInfo> {
  if (!text.startsWith('{')) damaged('the header does not begin with "{"');
  const cursor = new JsonCursor(text);
  const tensors = new Map<string, TensorInfo>();
  cursor.object((name) => {
    if (name === '__metadata__') {
      if (!cursor.nothing()) cursor.object(() => void cursor.string());
      return;
    }
    if (tensors.size >= MOST_TENSORS) damaged(`more than ${MOST_TENSORS} tensors`);
    tensors.set(name, readTensor(cursor, name));
  });
  cursor.end();
  return tensors;
}

function readTensor(cursor: JsonCursor, name: string): TensorInfo {
  let dtype: string | undefined;
  let shape: number[] | undefined;
  let offsets: number[] | undefined;
  const integers = (most: number): number[] => {
    const list: number[] = [];
    cursor.array(() => {
      if (list.length >= most) damaged(`${name}: more than ${most} numbers in a list`);
      list.push(cursor.integer());
    });
    return list;
  };
  cursor.object((key) => {
    if (key === 'dtype') dtype = cursor.string();
    else if (key === 'shape') shape = integers(MOST_DIMENSIONS);
    else if (key === 'data_offsets') offsets = integers(2);
    else cursor.skip();
  });
  const [begin, end] = offsets ?? [];
  if (dtype === undefined || shape === undefined || begin === undefined || end === undefined) {
    damaged(`${name}: dtype, shape or data_offsets is missing`);
  }
  return { dtype, shape, begin, end };
}

function checkCoverage(tensors: ReadonlyMap<string, TensorInfo>, dataBytes: number): void {
  const inOrder = [...tensors].sort(([, a], [, b]) => a.begin - b.begin || a.end - b.end);
  let next = 0;
  for (const [name, info] of inOrder) {
    if (info.begin !== next || info.end < info.begin) damaged(`${name}: offsets leave a hole or overlap`);
    next = info.end;
    if (info.end - info.begin !== tensorBytes(name, info)) damaged(`${name}: size does not match shape and dtype`);
  }
  if (next !== dataBytes) damaged(`tensors cover ${next} bytes of ${dataBytes}`);
}

function tensorBytes(name: string, info: TensorInfo): number {
  const bits = Object.hasOwn(dtypeBits, info.dtype) ? dtypeBits[info.dtype] : undefined;
  if (bits === undefined) damaged(`${name}: unknown dtype ${info.dtype.slice(0, 40)}`);
  let total = 1;
  for (const size of info.shape) {
    total *= size;
    if (!Number.isSafeInteger(total)) damaged(`${name}: shape overflows`);
  }
  total *= bits;
  if (!Number.isSafeInteger(total)) damaged(`${name}: shape overflows`);
  if (total % 8 !== 0) damaged(`${name}: does not end on a whole byte`);
  return total / 8;
}
