/** Tiny random checkpoints, written the way official ones are. Nothing here uses the product's code. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** config.json as an official repository has it; only the fields the reference reads are typed. */
export interface ModelConfig {
  readonly architectures: readonly string[];
  readonly hidden_size: number;
  readonly intermediate_size: number;
  readonly num_hidden_layers: number;
  readonly num_attention_heads: number;
  readonly num_key_value_heads: number;
  readonly head_dim: number;
  readonly vocab_size: number;
  readonly max_position_embeddings: number;
  readonly rms_norm_eps: number;
  readonly [field: string]: unknown;
}

export interface Tensor {
  readonly shape: readonly number[];
  readonly values: Float32Array;
}

export interface TinyModel {
  readonly config: ModelConfig;
  readonly tensors: ReadonlyMap<string, Tensor>;
}

/** Seeded numbers in [0, 1): the same checkpoint on every machine. */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x9e3779b9) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 16), 0x21f0aaad);
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97);
    return ((mixed ^ (mixed >>> 15)) >>> 0) / 2 ** 32;
  };
}

const scratch = new Float32Array(1);
const scratchBits = new Uint32Array(scratch.buffer);

/** The nearest number towards zero that bfloat16 can hold, so that every dtype stores the same weights exactly. */
function shortened(value: number): number {
  scratch[0] = value;
  scratchBits[0]! &= 0xffff0000;
  return scratch[0];
}

function shapesOf(config: ModelConfig): Map<string, number[]> {
  const [name] = config.architectures;
  const gemma = name!.startsWith('Gemma');
  const { hidden_size: hidden, intermediate_size: wide, head_dim: size } = config;
  const queries = config.num_attention_heads * size;
  const keys = config.num_key_value_heads * size;
  const shapes = new Map<string, number[]>([['model.embed_tokens.weight', [config.vocab_size, hidden]]]);
  for (let layer = 0; layer < config.num_hidden_layers; layer++) {
    const put = (part: string, ...shape: number[]): unknown => shapes.set(`model.layers.${layer}.${part}`, shape);
    put('input_layernorm.weight', hidden);
    put('post_attention_layernorm.weight', hidden);
    if (gemma) {
      put('pre_feedforward_layernorm.weight', hidden);
      put('post_feedforward_layernorm.weight', hidden);
    }
    if (name === 'Phi3ForCausalLM') {
      put('self_attn.qkv_proj.weight', queries + 2 * keys, hidden);
      put('mlp.gate_up_proj.weight', 2 * wide, hidden);
    } else {
      for (const [part, rows] of [
        ['q', queries],
        ['k', keys],
        ['v', keys],
      ] as const) {
        put(`self_attn.${part}_proj.weight`, rows, hidden);
        if (name === 'Qwen2ForCausalLM' || config['attention_bias']) put(`self_attn.${part}_proj.bias`, rows);
      }
      for (const part of ['gate', 'up']) {
        put(`mlp.${part}_proj.weight`, wide, hidden);
        if (config['mlp_bias']) put(`mlp.${part}_proj.bias`, wide);
      }
      if (config['mlp_bias']) put('mlp.down_proj.bias', hidden);
      if (config['attention_bias']) put('self_attn.o_proj.bias', hidden);
    }
    if (name === 'Qwen3ForCausalLM' || name === 'Gemma3ForCausalLM') {
      put('self_attn.q_norm.weight', size);
      put('self_attn.k_norm.weight', size);
    }
    put('self_attn.o_proj.weight', hidden, queries);
    put('mlp.down_proj.weight', hidden, wide);
  }
  shapes.set('model.norm.weight', [hidden]);
  if (!config['tie_word_embeddings']) shapes.set('lm_head.weight', [config.vocab_size, hidden]);
  return shapes;
}

/** Random weights for a config: matrices around 0, norms around what leaves their input alone. */
export function tinyModel(config: ModelConfig, seed = 1): TinyModel {
  const random = seededRandom(seed);
  const plusOne = config.architectures[0]!.startsWith('Gemma');
  const tensors = new Map<string, Tensor>();
  for (const [name, shape] of shapesOf(config)) {
    const values = new Float32Array(shape.reduce((a, b) => a * b, 1));
    const norm = name.includes('norm');
    for (let i = 0; i < values.length; i++) {
      const spread = random() + random() + random() - 1.5;
      values[i] = shortened(norm ? (plusOne ? 0 : 1) + 0.2 * spread : 0.3 * spread);
    }
    tensors.set(name, { shape, values });
  }
  return { config, tensors };
}

export type StoredDtype = 'BF16' | 'F16' | 'F32';

/** Bits of a number in half precision; only for normal numbers that fit, which tiny weights are after shortening. */
function halfBits(value: number): number {
  const rounded = new Float16Array([value]);
  return new Uint16Array(rounded.buffer)[0]!;
}

function encode(values: Float32Array, dtype: StoredDtype): Uint8Array {
  if (dtype === 'F32') return new Uint8Array(values.slice().buffer);
  const bits = new Uint32Array(values.slice().buffer);
  const shorts = Uint16Array.from(values, (value, i) => (dtype === 'BF16' ? bits[i]! >>> 16 : halfBits(value)));
  return new Uint8Array(shorts.buffer);
}

/** A whole safetensors file. */
export function safetensorsBytes(tensors: ReadonlyMap<string, Tensor>, dtype: StoredDtype = 'BF16'): Buffer {
  const header: Record<string, unknown> = { __metadata__: { format: 'pt' } };
  const parts: Uint8Array[] = [];
  let at = 0;
  for (const [name, { shape, values }] of tensors) {
    const bytes = encode(values, dtype);
    header[name] = { dtype, shape, data_offsets: [at, at + bytes.length] };
    at += bytes.length;
    parts.push(bytes);
  }
  const text = JSON.stringify(header);
  const padded = Buffer.from(text.padEnd(Math.ceil(text.length / 8) * 8, ' '));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(padded.length));
  return Buffer.concat([length, padded, ...parts]);
}

/** tokenizer.json of a language of numbered words: "w7 w3" is [7, 3], and whatever is no such word is w0. */
export function tinyTokenizer(vocabSize: number): object {
  return {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: [],
    normalizer: null,
    pre_tokenizer: { type: 'WhitespaceSplit' },
    post_processor: null,
    decoder: null,
    model: {
      type: 'WordLevel',
      vocab: Object.fromEntries(Array.from({ length: vocabSize }, (_, id) => [`w${id}`, id])),
      unk_token: 'w0',
    },
  };
}

/** Writes a model as a repository folder: one file, or `shards` files and their index. */
export function writeCheckpoint(
  folder: string,
  model: TinyModel,
  options: { readonly dtype?: StoredDtype; readonly shards?: number } = {},
): void {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'config.json'), JSON.stringify(model.config, null, 2));
  writeFileSync(join(folder, 'tokenizer.json'), JSON.stringify(tinyTokenizer(model.config.vocab_size)));
  writeFileSync(
    join(folder, 'tokenizer_config.json'),
    JSON.stringify({ tokenizer_class: 'PreTrainedTokenizerFast', unk_token: 'w0', model_max_length: 512 }),
  );
  writeFileSync(join(folder, 'LICENSE'), 'Free to use in tests.\n');
  const { shards = 1, dtype = 'BF16' } = options;
  if (shards === 1) return writeFileSync(join(folder, 'model.safetensors'), safetensorsBytes(model.tensors, dtype));
  const entries = [...model.tensors];
  const weightMap: Record<string, string> = {};
  for (let shard = 0; shard < shards; shard++) {
    const file = `model-0000${shard + 1}-of-0000${shards}.safetensors`;
    const mine = entries.filter((_, i) => i % shards === shard);
    for (const [name] of mine) weightMap[name] = file;
    writeFileSync(join(folder, file), safetensorsBytes(new Map(mine), dtype));
  }
  const index = { metadata: { total_size: 0 }, weight_map: weightMap };
  writeFileSync(join(folder, 'model.safetensors.index.json'), JSON.stringify(index));
}
