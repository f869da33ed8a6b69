import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { openCheckpoint, parseIndex } from '../../../electron/services/convert/checkpoint.ts';
import { ConversionError } from '../../../electron/services/convert/conversionError.ts';
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

describe('a hostile safetensors file is refused', () => {
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
