/** Writes a random GGUF file of a Llama shape, after the format's specification (version 3). */
import { closeSync, openSync, renameSync, writeSync } from 'node:fs';
import { seededRandom } from '../../reference/checkpoint.ts';
import { type BenchShape, normEpsilon, ropeTheta } from './shapes.ts';

/** Bytes per block and weights per block of the tensor types used. */
const types = {
  F32: { id: 0, bytes: 4, weights: 1 },
  Q4_0: { id: 2, bytes: 18, weights: 32 },
  Q6_K: { id: 14, bytes: 210, weights: 256 },
} as const;
type TypeName = keyof typeof types;

const uint32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
};
const uint64 = (value: number): Buffer => {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(value));
  return bytes;
};
const float32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeFloatLE(value);
  return bytes;
};
const text = (value: string): Buffer => Buffer.concat([uint64(Buffer.byteLength(value)), Buffer.from(value)]);

const valueType = { uint32: 4, float32: 6, text: 8, array: 9, int32: 5 } as const;
const entry = (key: string, type: number, value: Buffer): Buffer => Buffer.concat([text(key), uint32(type), value]);
const list = (type: number, count: number, values: readonly Buffer[]): Buffer =>
  Buffer.concat([uint32(type), uint64(count), ...values]);

/** A byte-level vocabulary of the right size; nothing here reads text. */
function vocabulary(size: number): Buffer[] {
  const names = ['<unk>', '<s>', '</s>', ...Array.from({ length: 256 }, (_, byte) => byteName(byte))];
  const tokens = Array.from({ length: size }, (_, id) => text(names[id] ?? `t${id}`));
  const kinds = Buffer.alloc(4 * size);
  for (let id = 0; id < size; id++) kinds.writeInt32LE(id === 0 ? 2 : id < 3 ? 3 : id < 259 ? 6 : 1, id * 4);
  return [
    entry('tokenizer.ggml.model', valueType.text, text('llama')),
    entry('tokenizer.ggml.tokens', valueType.array, list(valueType.text, size, tokens)),
    entry('tokenizer.ggml.scores', valueType.array, list(valueType.float32, size, [Buffer.alloc(4 * size)])),
    entry('tokenizer.ggml.token_type', valueType.array, list(valueType.int32, size, [kinds])),
    entry('tokenizer.ggml.bos_token_id', valueType.uint32, uint32(1)),
    entry('tokenizer.ggml.eos_token_id', valueType.uint32, uint32(2)),
  ];
}

const byteName = (byte: number): string => `<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`;

function metadata(shape: BenchShape): Buffer[] {
  const number = (key: string, value: number): Buffer => entry(`llama.${key}`, valueType.uint32, uint32(value));
  return [
    entry('general.architecture', valueType.text, text('llama')),
    entry('general.name', valueType.text, text('random')),
    number('block_count', shape.layers),
    number('context_length', shape.context),
    number('embedding_length', shape.hidden),
    number('feed_forward_length', shape.wide),
    number('attention.head_count', shape.heads),
    number('attention.head_count_kv', shape.kvHeads),
    number('attention.key_length', shape.headSize),
    number('attention.value_length', shape.headSize),
    number('rope.dimension_count', shape.headSize),
    entry('llama.rope.freq_base', valueType.float32, float32(ropeTheta)),
    entry('llama.attention.layer_norm_rms_epsilon', valueType.float32, float32(normEpsilon)),
    number('vocab_size', shape.vocabulary),
    ...vocabulary(shape.vocabulary),
  ];
}

/** Names and dimensions, the fastest-running one first. */
function tensorsOf(shape: BenchShape, head: TypeName): [string, number[], TypeName][] {
  const [queries, keys] = [shape.heads * shape.headSize, shape.kvHeads * shape.headSize];
  const layer = (index: number): [string, number[], TypeName][] =>
    (
      [
        ['attn_norm', [shape.hidden], 'F32'],
        ['attn_q', [shape.hidden, queries], 'Q4_0'],
        ['attn_k', [shape.hidden, keys], 'Q4_0'],
        ['attn_v', [shape.hidden, keys], 'Q4_0'],
        ['attn_output', [queries, shape.hidden], 'Q4_0'],
        ['ffn_norm', [shape.hidden], 'F32'],
        ['ffn_gate', [shape.hidden, shape.wide], 'Q4_0'],
        ['ffn_up', [shape.hidden, shape.wide], 'Q4_0'],
        ['ffn_down', [shape.wide, shape.hidden], 'Q4_0'],
      ] as [string, number[], TypeName][]
    ).map(([name, dims, type]) => [`blk.${index}.${name}.weight`, dims, type]);
  return [
    ['token_embd.weight', [shape.hidden, shape.vocabulary], head],
    ...Array.from({ length: shape.layers }, (_, index) => layer(index)).flat(),
    ['output_norm.weight', [shape.hidden], 'F32'],
  ];
}

/** Random blocks with small true scales, so that activations stay finite. */
function filling(type: TypeName): Buffer {
  if (type === 'F32') return Buffer.from(new Float32Array(2 ** 14).fill(1).buffer);
  const { bytes } = types[type];
  const random = seededRandom(11);
  const piece = Buffer.from(Uint8Array.from({ length: bytes * 2 ** 15 }, () => random() * 256));
  const [scaleAt, scale] = type === 'Q4_0' ? [0, 0x1d1e] : [208, 0x0a1e]; // float16 0.005 and 0.00019
  for (let at = scaleAt; at < piece.length; at += bytes) piece.writeUInt16LE(scale, at);
  return piece;
}

const alignment = 32;
const aligned = (offset: number): number => Math.ceil(offset / alignment) * alignment;

/**
 * Writes `path`: Q4_0 body, embedding and head (one tensor) as `head`. Q6_K is what llama-quantize gives the head of a
 * Q4_0 file, so that is what people download.
 */
export function writeGguf(path: string, shape: BenchShape, head: 'Q4_0' | 'Q6_K'): void {
  const entries = metadata(shape);
  let end = 0;
  const tensors = tensorsOf(shape, head).map(([name, dims, type]) => {
    const { bytes, weights } = types[type];
    const size = (dims.reduce((a, b) => a * b, 1) / weights) * bytes;
    const offset = end;
    end = aligned(end + size);
    return { name, dims, type, size, offset };
  });
  const infos = tensors.map(({ name, dims, type, offset }) =>
    Buffer.concat([text(name), uint32(dims.length), ...dims.map(uint64), uint32(types[type].id), uint64(offset)]),
  );
  const counts = [uint32(3), uint64(tensors.length), uint64(entries.length)];
  const front = Buffer.concat([Buffer.from('GGUF'), ...counts, ...entries, ...infos]);
  const base = aligned(front.length);
  const file = openSync(`${path}.tmp`, 'w');
  writeSync(file, front, 0, front.length, 0);
  const fillings = { F32: filling('F32'), Q4_0: filling('Q4_0'), Q6_K: filling('Q6_K') };
  for (const { type, size, offset } of tensors) {
    const source = fillings[type];
    for (let done = 0; done < size;)
      done += writeSync(file, source, 0, Math.min(source.length, size - done), base + offset + done);
  }
  closeSync(file);
  renameSync(`${path}.tmp`, path);
}
