import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { openCheckpoint, parseIndex } from '../../../electron/services/convert/checkpoint.ts';
import { ConversionError } from '../../../electron/services/convert/conversionError.ts';
import { MOST_HEADER_BYTES } from '../../../electron/services/convert/safetensorsHeader.ts';
import { safetensorsBytes } from '../../reference/checkpoint.ts';

const room = mkdtempSync(join(tmpdir(), 'safetensors-'));
afterAll(() => rmSync(room, { recursive: true, force: true }));
let count = 0;

/** A file from header text and a number of data bytes; `claimed` is what its first eight bytes say. */
function file(header: string | Uint8Array, dataBytes: number, claimed?: bigint): Buffer {
  const text = Buffer.from(header);
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(claimed ?? BigInt(text.length));
  return Buffer.concat([length, text, Buffer.alloc(dataBytes, 1)]);
}

async function verdict(files: Readonly<Record<string, Uint8Array | string>>): Promise<string> {
  const folder = join(room, `${++count}`);
  mkdirSync(folder);
  for (const [name, data] of Object.entries(files)) writeFileSync(join(folder, name), data);
  try {
    const checkpoint = await openCheckpoint(folder);
    await checkpoint.close();
    return 'accepted';
  } catch (error) {
    if (!(error instanceof ConversionError)) throw error;
    return `${error.code}: ${error.message}`;
  }
}

const tensor = (shape: string, begin: number | string, end: number | string, dtype = 'F32'): string =>
  `{"dtype":"${dtype}","shape":${shape},"data_offsets":[${begin},${end}]}`;
const one = tensor('[2]', 0, 8);
const nested = (depth: number): string => '['.repeat(depth) + ']'.repeat(depth);

describe('a safetensors file is accepted', () => {
  it.each<readonly [string, Buffer]>([
    ['with one tensor', file(`{"a":${one}}`, 8)],
    ['with no tensors at all', file('{}', 0)],
    ['with spaces after the header', file(`{"a":${one}}      `, 8)],
    ['with line breaks in the header', file(`{\n\t"a" :\r\n ${one} }`, 8)],
    ['with metadata', file(`{"__metadata__":{"format":"pt","x":""},"a":${one}}`, 8)],
    ['with empty metadata', file(`{"__metadata__":{},"a":${one}}`, 8)],
    ['with metadata that is null', file(`{"__metadata__":null,"a":${one}}`, 8)],
    ['with tensors written in another order than their bytes', file(`{"b":${tensor('[1]', 8, 12)},"a":${one}}`, 12)],
    ['with a scalar', file(`{"a":${tensor('[]', 0, 4)}}`, 4)],
    ['with an empty tensor', file(`{"a":${tensor('[0]', 0, 0)},"b":${one}}`, 8)],
    ['with an empty tensor of many rows', file(`{"a":${tensor('[7,0,9]', 0, 0)}}`, 0)],
    [
      'with an empty tensor between two others',
      file(`{"a":${one},"b":${tensor('[0]', 8, 8)},"c":${tensor('[1]', 8, 12)}}`, 12),
    ],
    ['with escapes in a name', file(`{"\\u0061\\n\\"":${one}}`, 8)],
    ['with a name outside ASCII', file(`{"вес":${one}}`, 8)],
    [
      'with a name that is special in JavaScript',
      file(`{"__proto__":${one},"constructor":${tensor('[1]', 8, 12)}}`, 12),
    ],
    ['with an unknown field in a tensor', file(`{"a":{"x":[1,{"y":null}],${one.slice(1)}}`, 8)],
    ['with its fields in another order', file('{"a":{"data_offsets":[0,8],"shape":[2],"dtype":"F32"}}', 8)],
    [
      'with every dtype of eight bits',
      file(
        `{"a":${tensor('[1]', 0, 1, 'U8')},"b":${tensor('[1]', 1, 2, 'F8_E4M3')},"c":${tensor('[1]', 2, 3, 'BOOL')}}`,
        3,
      ),
    ],
    ['with two numbers of four bits', file(`{"a":${tensor('[2]', 0, 1, 'F4')}}`, 1)],
    ['with four numbers of six bits', file(`{"a":${tensor('[4]', 0, 3, 'F6_E2M3')}}`, 3)],
    ['with 64-bit numbers', file(`{"a":${tensor('[1]', 0, 8, 'I64')},"b":${tensor('[1]', 8, 16, 'C64')}}`, 16)],
    ['with a deep unknown field', file(`{"a":{"x":${nested(100)},${one.slice(1)}}`, 8)],
  ])('%s', async (_, bytes) => {
    expect(await verdict({ 'model.safetensors': bytes })).toBe('accepted');
  });
});

describe('a safetensors file is refused', () => {
  it.each<readonly [string, Buffer]>([
    // its length
    ['empty', Buffer.alloc(0)],
    ['shorter than its length field', Buffer.alloc(7)],
    ['with nothing after its length field', file('', 0)],
    ['with a header longer than the file', file(`{"a":${one}}`, 8, 1000n)],
    ['with a header one byte longer than the file', file('{}', 0, 3n)],
    ['with a header of 25 MB and one byte', file('{}', 0, BigInt(MOST_HEADER_BYTES) + 1n)],
    ['with a header of 2^63 bytes', file('{}', 0, 2n ** 63n)],
    ['with a header of 2^64 - 1 bytes', file('{}', 0, 2n ** 64n - 1n)],
    ['with a header of 2^64 - 8 bytes, which wraps around', file('{}', 0, 2n ** 64n - 8n)],
    ['with a header of 2^53 bytes', file('{}', 0, 2n ** 53n)],
    // its text
    ['with a header that is not UTF-8', file(Uint8Array.of(0x7b, 0xff, 0x7d), 0)],
    ['with a byte order mark', file(`\uFEFF{"a":${one}}`, 8)],
    ['with white space first', file(` {"a":${one}}`, 8)],
    ['with a header that is a list', file('[]', 0)],
    ['with a header that is null', file('null', 0)],
    ['with a header cut off', file(`{"a":${one}`, 8)],
    ['with a header cut off in a name', file('{"a', 0)],
    ['with two values', file(`{"a":${one}}{}`, 8)],
    ['with zero bytes after the header', file(`{"a":${one}}\0\0`, 8)],
    ['with a trailing comma', file(`{"a":${one},}`, 8)],
    ['with a comment', file(`{/**/"a":${one}}`, 8)],
    ['with a name in single quotes', file(`{'a':${one}}`, 8)],
    ['with a name without quotes', file(`{a:${one}}`, 8)],
    ['with a line break in a name', file(`{"a\n":${one}}`, 8)],
    ['with half a surrogate in a name', file(`{"\\ud800":${one}}`, 8)],
    ['with an unknown escape', file(`{"\\x61":${one}}`, 8)],
    ['with the same tensor twice', file(`{"a":${one},"a":${one}}`, 8)],
    ['with the same tensor twice, once escaped', file(`{"a":${one},"\\u0061":${tensor('[1]', 8, 12)}}`, 12)],
    ['with metadata twice', file(`{"__metadata__":{},"__metadata__":{},"a":${one}}`, 8)],
    ['with a field of a tensor twice', file(`{"a":{"dtype":"F32",${one.slice(1)}}`, 8)],
    ['nested 20,000 deep', file(`{"a":{"x":${nested(20_000)},${one.slice(1)}}`, 8)],
    ['with metadata that is a text', file(`{"__metadata__":"pt","a":${one}}`, 8)],
    ['with a number in its metadata', file(`{"__metadata__":{"a":1},"b":${one}}`, 8)],
    ['with an object in its metadata', file(`{"__metadata__":{"a":{}},"b":${one}}`, 8)],
    // a tensor's fields
    ['with a tensor that is null', file('{"a":null}', 0)],
    ['with a tensor that is a text', file('{"a":"x"}', 0)],
    ['without dtype', file('{"a":{"shape":[2],"data_offsets":[0,8]}}', 8)],
    ['without shape', file('{"a":{"dtype":"F32","data_offsets":[0,8]}}', 8)],
    ['without offsets', file('{"a":{"dtype":"F32","shape":[2]}}', 8)],
    ['with an unknown dtype', file(`{"a":${tensor('[2]', 0, 8, 'F33')}}`, 8)],
    ['with a dtype in small letters', file(`{"a":${tensor('[2]', 0, 8, 'f32')}}`, 8)],
    ['with a dtype named like a method', file(`{"a":${tensor('[2]', 0, 8, 'toString')}}`, 8)],
    ['with a dtype that is a number', file('{"a":{"dtype":32,"shape":[2],"data_offsets":[0,8]}}', 8)],
    ['with a negative size', file(`{"a":${tensor('[-2]', 0, 8)}}`, 8)],
    ['with a fractional size', file(`{"a":${tensor('[2.0]', 0, 8)}}`, 8)],
    ['with an exponent', file(`{"a":${tensor('[2e0]', 0, 8)}}`, 8)],
    ['with a leading zero', file(`{"a":${tensor('[02]', 0, 8)}}`, 8)],
    ['with minus zero', file(`{"a":${tensor('[2]', '-0', 8)}}`, 8)],
    ['with a size that is a text', file(`{"a":${tensor('["2"]', 0, 8)}}`, 8)],
    ['with a size that is null', file(`{"a":${tensor('[null]', 0, 8)}}`, 8)],
    ['with a size that is NaN', file(`{"a":${tensor('[NaN]', 0, 8)}}`, 8)],
    ['with a shape that is not a list', file(`{"a":${tensor('2', 0, 8)}}`, 8)],
    [
      'with sizes whose product overflows to the right number',
      file(`{"a":${tensor('[4294967296,4294967296,2]', 0, 0)}}`, 0),
    ],
    [
      'with sizes whose product overflows before a zero',
      file(`{"a":${tensor('[9007199254740993,9007199254740993,0]', 0, 0)}}`, 0),
    ],
    ['with more sizes than any tensor has', file(`{"a":${tensor(`[${'1,'.repeat(5000)}2]`, 0, 8)}}`, 8)],
    ['with one offset', file('{"a":{"dtype":"F32","shape":[2],"data_offsets":[8]}}', 8)],
    ['with three offsets', file('{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8,8]}}', 8)],
    ['with offsets beyond 2^53', file(`{"a":${tensor('[2]', '9007199254740992', '9007199254741000')}}`, 8)],
    ['with an offset of 400 digits', file(`{"a":${tensor('[2]', 0, '9'.repeat(400))}}`, 8)],
    // the layout of its data
    ['that starts after a hole', file(`{"a":${tensor('[1]', 4, 8)}}`, 8)],
    ['with a hole between tensors', file(`{"a":${tensor('[1]', 0, 4)},"b":${tensor('[1]', 8, 12)}}`, 12)],
    ['with bytes after the last tensor', file(`{"a":${one}}`, 9)],
    ['with data and no tensors', file('{}', 1)],
    ['that ends before its last tensor', file(`{"a":${one}}`, 7)],
    ['with tensors on the same bytes', file(`{"a":${one},"b":${one}}`, 8)],
    ['with tensors that overlap', file(`{"a":${one},"b":${tensor('[2]', 4, 12)}}`, 12)],
    ['with a tensor inside another', file(`{"a":${tensor('[4]', 0, 16)},"b":${tensor('[1]', 4, 8)}}`, 16)],
    ['with offsets in reverse', file(`{"a":${tensor('[2]', 8, 0)}}`, 8)],
    ['with more bytes than its shape needs', file(`{"a":${tensor('[2]', 0, 12)}}`, 12)],
    ['with fewer bytes than its shape needs', file(`{"a":${tensor('[4]', 0, 8)}}`, 8)],
    ['with bytes for an empty tensor', file(`{"a":${tensor('[0]', 0, 4)}}`, 4)],
    ['with the size of another dtype', file(`{"a":${tensor('[2]', 0, 8, 'BF16')}}`, 8)],
    ['with half a byte', file(`{"a":${tensor('[3]', 0, 2, 'F4')}}`, 2)],
  ])('%s', async (_, bytes) => {
    expect(await verdict({ 'model.safetensors': bytes })).toMatch(/^damaged-file: ./);
  });

  it.each([
    [
      '25 MB of tensors',
      `{${Array.from({ length: 480_000 }, (_, i) => `"${i}":${tensor('[0]', 0, 0)}`).join()}}`.slice(0, 24_000_000),
    ],
    ['25 MB of empty lists', `{"a":{"x":[${'[],'.repeat(8_000_000)}[]]}}`],
    ['25 MB of names', `{"a":{"x":{${Array.from({ length: 2_000_000 }, (_, i) => `"${i}":0`).join()}}}}`],
    ['25 MB of opening brackets', '['.repeat(24_000_000)],
    ['25 MB of spaces', `{${' '.repeat(24_000_000)}`],
    ['a name of 25 MB', `{"${'a'.repeat(24_000_000)}`],
    ['a name of 25 MB of escapes', `{"${'\\n'.repeat(12_000_000)}`],
    ['a number of 25 MB', `{"a":{"shape":[${'1'.repeat(24_000_000)}]}}`],
  ])('quickly and without much memory: %s', async (_, header) => {
    const bytes = file(header, 0);
    const memory = process.memoryUsage().rss;
    const before = process.cpuUsage();
    expect(await verdict({ 'model.safetensors': bytes })).toMatch(/^damaged-file/);
    const { user, system } = process.cpuUsage(before);
    expect((user + system) / 1e6).toBeLessThan(2); // seconds of this process, whatever else the machine does
    expect(process.memoryUsage().rss - memory).toBeLessThan(300e6);
  });
});

describe('shards', () => {
  const first = safetensorsBytes(new Map([['a', { shape: [2, 3], values: new Float32Array(6).fill(1) }]]), 'F32');
  const second = safetensorsBytes(new Map([['b', { shape: [1], values: new Float32Array(1).fill(2) }]]), 'F32');
  const index = (map: Readonly<Record<string, string>>): string => JSON.stringify({ metadata: {}, weight_map: map });
  const both = { 'x-1.safetensors': first, 'x-2.safetensors': second };

  it('are read as one checkpoint', async () => {
    const name = 'model.safetensors.index.json';
    expect(await verdict({ ...both, [name]: index({ a: 'x-1.safetensors', b: 'x-2.safetensors' }) })).toBe('accepted');
  });

  it.each([
    ['a tensor that its shard does not have', index({ a: 'x-2.safetensors', b: 'x-2.safetensors' })],
    ['a tensor that no shard has', index({ a: 'x-1.safetensors', b: 'x-2.safetensors', c: 'x-1.safetensors' })],
    ['a shard that is missing', index({ a: 'x-1.safetensors', b: 'x-3.safetensors' })],
    ['no tensors', index({})],
    ['nothing', '{}'],
    ['a list', '[]'],
    ['half a text', '{"weight_map":{"a":"x-1.safe'],
    ['the same tensor twice', '{"weight_map":{"a":"x-1.safetensors","a":"x-2.safetensors"}}'],
    ['a number for a shard', '{"weight_map":{"a":1}}'],
    ['a parent folder', index({ a: '../x-1.safetensors' })],
    ['an absolute path', index({ a: '/etc/x-1.safetensors' })],
    ['a Windows path', index({ a: 'C:\\x-1.safetensors' })],
    ['a stream of a Windows file', index({ a: 'x.txt:1.safetensors' })],
    ['a folder', index({ a: 'sub/x-1.safetensors' })],
    ['a zero byte', index({ a: 'x-1.safetensors\0' })],
    ['a hidden file', index({ a: '.safetensors' })],
    ['another kind of file', index({ a: 'pytorch_model.bin' })],
    ['an empty name', index({ a: '' })],
    ['a name of a thousand letters', index({ a: `${'x'.repeat(1000)}.safetensors` })],
    [
      'two thousand shards',
      index(Object.fromEntries(Array.from({ length: 2000 }, (_, i) => [`${i}`, `${i}.safetensors`]))),
    ],
  ])('are refused when the index names %s', async (_, text) => {
    expect(await verdict({ ...both, 'model.safetensors.index.json': text })).toMatch(/^damaged-file/);
  });

  it('are refused when two of them hold the same tensor', async () => {
    const files = { 'x-1.safetensors': first, 'x-2.safetensors': first };
    const text = index({ a: 'x-1.safetensors', b: 'x-2.safetensors' });
    expect(await verdict({ ...files, 'model.safetensors.index.json': text })).toMatch(/^damaged-file/);
  });

  it('may be many in one honest index', () => {
    const map = Object.fromEntries(Array.from({ length: 300 }, (_, i) => [`w${i}`, `model-${i}-of-300.safetensors`]));
    expect(parseIndex(index(map)).size).toBe(300);
  });
});

describe('reading', () => {
  it('gives exactly the bytes of the rows that were asked for', async () => {
    const folder = join(room, 'rows');
    mkdirSync(folder);
    const values = Float32Array.from({ length: 24 }, (_, i) => i);
    const tensors = new Map([
      ['before', { shape: [3], values: new Float32Array(3).fill(-1) }],
      ['a', { shape: [4, 6], values }],
    ]);
    writeFileSync(join(folder, 'model.safetensors'), safetensorsBytes(tensors, 'F32'));
    const checkpoint = await openCheckpoint(folder);
    const { bytes, dtype } = await checkpoint.readRows('a', 1, 2);
    expect(dtype).toBe('F32');
    expect([...new Float32Array(bytes.buffer)]).toEqual([...values.subarray(6, 18)]);
    await expect(checkpoint.readRows('a', 3, 2)).rejects.toThrow('rows');
    await checkpoint.close();
  });
});
