import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { convertModel } from '../../../electron/services/convert/convert.ts';
import { readArchitecture } from '../../../electron/services/convert/readArchitecture.ts';
import { type Tensor, type TinyModel, tinyModel, writeCheckpoint } from '../../reference/checkpoint.ts';
import { tinyConfigs } from '../../reference/configs.ts';
import { TestDecoder } from '../../reference/decoder.ts';
import { forward } from '../../reference/forward.ts';

const room = mkdtempSync(join(tmpdir(), 'fp8-'));
afterAll(() => rmSync(room, { recursive: true, force: true }));
let folders = 0;

/** All FP8 E4M3 numbers from zero up, by the definition of the format: pattern -> value. */
const positive = Array.from({ length: 127 }, (_, bits) => {
  const [exponent, mantissa] = [bits >> 3, bits & 7];
  return exponent === 0 ? mantissa * 2 ** -9 : (8 + mantissa) * 2 ** (exponent - 10);
});
const toFp8 = (value: number): number => {
  let best = 0;
  positive.forEach((one, bits) => {
    if (Math.abs(one - Math.abs(value)) < Math.abs(positive[best]! - Math.abs(value))) best = bits;
  });
  return best | (value < 0 ? 0x80 : 0);
};
const fromFp8 = (bits: number): number => (bits & 0x80 ? -1 : 1) * positive[bits & 0x7f]!;

interface Convention {
  readonly quantization: unknown;
  readonly suffix: string | undefined; // undefined = stored as they are
  /** Rows and columns that share a scale in a matrix of this size, and the shape the scales are stored in. */
  readonly share: (rows: number, columns: number) => { over: [number, number]; shape: number[] };
}
const perTensor = (shape: number[]) => (rows: number, columns: number) => ({
  over: [rows, columns] as [number, number],
  shape,
});
const perRow = (extra: number[]) => (rows: number, columns: number) => ({
  over: [1, columns] as [number, number],
  shape: [rows, ...extra],
});
const perBlock = (height: number, width: number) => (rows: number, columns: number) => ({
  over: [height, width] as [number, number],
  shape: [Math.ceil(rows / height), Math.ceil(columns / width)],
});
const compressed = (weights: object): object => ({
  quant_method: 'compressed-tensors',
  format: 'float-quantized',
  config_groups: {
    group_0: { weights: { num_bits: 8, type: 'float', symmetric: true, ...weights }, targets: ['Linear'] },
  },
  sparsity_config: {},
  ignore: ['lm_head'],
});

const conventions: Readonly<Record<string, Convention>> = {
  'fp8 in blocks, as DeepSeek and Qwen publish': {
    quantization: { quant_method: 'fp8', fmt: 'e4m3', activation_scheme: 'dynamic', weight_block_size: [40, 48] },
    suffix: '_scale_inv',
    share: perBlock(40, 48),
  },
  'fp8 with one scale, as Mistral publishes': {
    quantization: { quant_method: 'fp8', activation_scheme: 'static', weight_block_size: null },
    suffix: '_scale_inv',
    share: perTensor([]),
  },
  'fp8 with one scale in a list': {
    quantization: { quant_method: 'fp8', activation_scheme: 'static' },
    suffix: '_scale',
    share: perTensor([1]),
  },
  'fbgemm_fp8 with a scale per row, as Meta publishes': {
    quantization: { quant_method: 'fbgemm_fp8', activation_scale_ub: 1200 },
    suffix: '_scale',
    share: perRow([1]),
  },
  'compressed-tensors by channel': {
    quantization: compressed({ strategy: 'channel' }),
    suffix: '_scale',
    share: perRow([1]),
  },
  'compressed-tensors by tensor': {
    quantization: compressed({ strategy: 'tensor' }),
    suffix: '_scale',
    share: perTensor([1]),
  },
  'compressed-tensors by block': {
    quantization: compressed({ strategy: 'block', block_structure: [32, 64] }),
    suffix: '_scale',
    share: perBlock(32, 64),
  },
};

/** Stores the projections of a model in FP8: the files' tensors, and the model they stand for. */
function inFp8(model: TinyModel, { suffix, share }: Convention): { stored: Map<string, Stored>; model: TinyModel } {
  const stored = new Map<string, Stored>();
  const meant = new Map<string, Tensor>();
  for (const [name, tensor] of model.tensors) {
    meant.set(name, tensor);
    stored.set(name, { dtype: 'F32', shape: tensor.shape, bytes: Buffer.from(tensor.values.slice().buffer) });
    const [rows, columns] = tensor.shape;
    if (!name.includes('_proj.weight') || rows === undefined || columns === undefined) continue;
    const { over, shape } = share(rows, columns);
    const perLine = Math.ceil(columns / over[1]);
    const scales = new Float32Array(Math.ceil(rows / over[0]) * perLine);
    const scaleAt = (i: number): number =>
      Math.floor(Math.floor(i / columns) / over[0]) * perLine + Math.floor((i % columns) / over[1]);
    tensor.values.forEach((w, i) => (scales[scaleAt(i)] = Math.max(scales[scaleAt(i)]!, Math.abs(w) / 448)));
    if (suffix === undefined) scales.fill(1);
    const bits = Uint8Array.from(tensor.values, (w, i) => toFp8(w / scales[scaleAt(i)]!));
    stored.set(name, { dtype: 'F8_E4M3', shape: tensor.shape, bytes: Buffer.from(bits) });
    if (suffix !== undefined) stored.set(name + suffix, { dtype: 'F32', shape, bytes: Buffer.from(scales.buffer) });
    const values = Float32Array.from(bits, (one, i) => fromFp8(one) * scales[scaleAt(i)]!);
    meant.set(name, { shape: tensor.shape, values });
  }
  return { stored, model: { config: model.config, tensors: meant } };
}

interface Stored {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly bytes: Buffer;
}

function write(config: object, stored: ReadonlyMap<string, Stored>): string {
  const folder = join(room, `${++folders}`, 'source');
  writeCheckpoint(folder, tinyModel(tinyConfigs.llama)); // for the files beside the weights
  writeFileSync(join(folder, 'config.json'), JSON.stringify(config));
  let at = 0;
  const header: Record<string, unknown> = {};
  for (const [name, { dtype, shape, bytes }] of stored) {
    header[name] = { dtype, shape, data_offsets: [at, at + bytes.length] };
    at += bytes.length;
  }
  const text = Buffer.from(JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(text.length));
  const all = Buffer.concat([length, text, ...[...stored.values()].map(({ bytes }) => bytes)]);
  writeFileSync(join(folder, 'model.safetensors'), all);
  return folder;
}

const ids = Array.from({ length: 24 }, (_, i) => 2 + ((i * i * 37) % 110));
const [block] = Object.values(conventions) as [Convention];
const spoiled = (change: (stored: Map<string, Stored>, config: Record<string, unknown>) => void): string => {
  const { stored, model } = inFp8(tinyModel(tinyConfigs.llama, 21), block);
  const config: Record<string, unknown> = { ...model.config, quantization_config: block.quantization };
  change(stored, config);
  return write(config, stored);
};
const causeOf = async (source: string): Promise<string> => {
  const result = await convertModel({ source, output: join(source, '../output'), dtype: 'fp32' });
  return result.ok ? 'converted' : `${result.problem.code}: ${result.problem.evidence[0]?.cause ?? ''}`;
};

describe('FP8 weights with scales are what the scales say', () => {
  const expectSame = async (convention: Convention): Promise<void> => {
    const { stored, model } = inFp8(tinyModel(tinyConfigs.llama, 21), convention);
    const source = write({ ...model.config, quantization_config: convention.quantization }, stored);
    const output = join(source, '../output');
    const result = await convertModel({ source, output, dtype: 'fp32' });
    if (!result.ok) throw new Error(JSON.stringify(result.problem));
    const decoder = await TestDecoder.open(output, 'model.onnx', result.value);
    const logits = await decoder.logits([ids]);
    await decoder.close();
    const far = (expected: Float64Array): number => Math.max(...expected.map((v, i) => Math.abs(v - logits[i]!)));
    expect(far(forward(model, ids))).toBeLessThan(1e-4);
    expect(far(forward(tinyModel(tinyConfigs.llama, 21), ids))).toBeGreaterThan(1e-3); // FP8 is not lossless
  };

  it.each(Object.entries(conventions))('%s', (_, convention) => expectSame(convention));

  it('and without any they are plain numbers', async () => {
    await expectSame({ quantization: undefined, suffix: undefined, share: perTensor([]) });
  });
});

describe('FP8 weights are refused with the reason when', () => {
  const weight = 'model.layers.0.mlp.up_proj.weight';
  it.each([
    [
      'a scale is missing',
      'damaged-file',
      `${weight}_scale is missing`,
      spoiled((all) => void all.delete(`${weight}_scale_inv`)),
    ],
    [
      'a weight has two kinds of scales',
      'damaged-file',
      'two kinds of scales',
      spoiled((all) => void all.set(`${weight}_scale`, all.get(`${weight}_scale_inv`)!)),
    ],
    [
      'the scales have another shape',
      'damaged-file',
      `${weight}_scale_inv is [2,3]`,
      spoiled(
        (all) => void all.set(`${weight}_scale_inv`, { dtype: 'F32', shape: [2, 3], bytes: Buffer.alloc(24, 1) }),
      ),
    ],
    [
      'the scales have a dtype of their own',
      'unsupported-architecture',
      'has dtype F8_E8M0',
      spoiled(
        (all) => void all.set(`${weight}_scale_inv`, { dtype: 'F8_E8M0', shape: [3, 2], bytes: Buffer.alloc(6, 1) }),
      ),
    ],
    [
      'a scale is not a number',
      'damaged-file',
      'not numbers',
      spoiled((all) => void all.get(`${weight}_scale_inv`)!.bytes.fill(0xff)),
    ],
    [
      'a weight is not a number',
      'damaged-file',
      'not numbers',
      spoiled((all) => void all.get(weight)!.bytes.fill(0x7f)),
    ],
    [
      'config.json speaks of no blocks',
      'damaged-file',
      '_scale_inv is [',
      spoiled((_, config) => (config['quantization_config'] = { quant_method: 'fp8' })),
    ],
  ])('%s', async (_, code, reason, source) => {
    const cause = await causeOf(source);
    expect(cause).toContain(reason);
    expect(cause.startsWith(`${code}: `)).toBe(true);
  });
});

describe('before the download, config.json alone refuses', () => {
  it.each([
    ['another FP8', { quant_method: 'fp8', fmt: 'e5m2' }, 'fp8 with fmt "e5m2"'],
    [
      'packed integers',
      { quant_method: 'compressed-tensors', format: 'pack-quantized' },
      'compressed-tensors with format "pack-quantized"',
    ],
    ['int8', { ...compressed({ strategy: 'channel', type: 'int' }) }, 'compressed-tensors with other weights than FP8'],
    ['grouped scales', { ...compressed({ strategy: 'group', group_size: 128 }) }, 'compressed-tensors by "group"'],
    [
      'zero points',
      { ...compressed({ strategy: 'channel', symmetric: false }) },
      'compressed-tensors with zero points',
    ],
    [
      'rotated weights',
      { ...compressed({ strategy: 'channel' }), transform_config: { config_groups: {} } },
      'compressed-tensors with transforms',
    ],
    [
      'sparse weights',
      { ...compressed({ strategy: 'channel' }), sparsity_config: { format: 'sparse-bitmask' } },
      'compressed-tensors with sparsity',
    ],
    ['ModelOpt', { quant_method: 'modelopt', quant_algo: 'FP8' }, 'modelopt'],
  ])('%s', (_, quantization, reason) => {
    const answer = readArchitecture({ ...tinyConfigs.llama, quantization_config: quantization });
    expect(answer.ok ? 'fine' : answer.problem.code).toBe('unsupported-architecture');
    expect(answer.ok ? '' : answer.problem.explanation).toContain(`weights already quantized (${reason})`);
  });

  it.each(['float64', 'int8', 'torch.float8_e5m2', 'complex64', 7])('dtype %s', (dtype) => {
    for (const key of ['dtype', 'torch_dtype']) {
      const answer = readArchitecture({ ...tinyConfigs.llama, [key]: dtype });
      expect(answer.ok ? '' : answer.problem.explanation).toContain(
        `weights of dtype ${String(dtype).replace('torch.', '')}`,
      );
    }
  });

  it.each(['float32', 'torch.float16', 'bfloat16', 'auto'])('but not dtype %s', (dtype) => {
    expect(readArchitecture({ ...tinyConfigs.llama, torch_dtype: dtype }).ok).toBe(true);
  });
});
