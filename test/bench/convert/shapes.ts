/** Checkpoints of official shapes for benches: real sizes, weights of no meaning. */
import { closeSync, ftruncateSync, mkdirSync, openSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { seededRandom, tinyTokenizer } from '../../reference/checkpoint.ts';

export interface Shape {
  readonly hidden: number;
  readonly wide: number;
  readonly layers: number;
  readonly heads: number;
  readonly kvHeads: number;
  readonly vocab: number;
  readonly tied: boolean;
}

/** Llama 3.2 1B, Llama 3.1 8B, and a piece of the first to try things with. */
export const shapes = {
  '1B': { hidden: 2048, wide: 8192, layers: 16, heads: 32, kvHeads: 8, vocab: 128_256, tied: true },
  '8B': { hidden: 4096, wide: 14_336, layers: 32, heads: 32, kvHeads: 8, vocab: 128_256, tied: false },
  small: { hidden: 2048, wide: 8192, layers: 2, heads: 32, kvHeads: 8, vocab: 16_032, tied: true },
} as const satisfies Record<string, Shape>;

export function configOf(shape: Shape): Record<string, unknown> {
  return {
    architectures: ['LlamaForCausalLM'],
    model_type: 'llama',
    hidden_size: shape.hidden,
    intermediate_size: shape.wide,
    num_hidden_layers: shape.layers,
    num_attention_heads: shape.heads,
    num_key_value_heads: shape.kvHeads,
    head_dim: shape.hidden / shape.heads,
    vocab_size: shape.vocab,
    max_position_embeddings: 131_072,
    rms_norm_eps: 1e-5,
    rope_theta: 500_000,
    rope_scaling: {
      factor: 32,
      high_freq_factor: 4,
      low_freq_factor: 1,
      original_max_position_embeddings: 8192,
      rope_type: 'llama3',
    },
    hidden_act: 'silu',
    attention_bias: false,
    mlp_bias: false,
    tie_word_embeddings: shape.tied,
    torch_dtype: 'bfloat16',
  };
}

function tensorsOf(shape: Shape): [string, number[]][] {
  const { hidden, wide, vocab } = shape;
  const keys = (hidden / shape.heads) * shape.kvHeads;
  const layer = (index: number): [string, number[]][] =>
    (
      [
        ['input_layernorm', [hidden]],
        ['mlp.down_proj', [hidden, wide]],
        ['mlp.gate_proj', [wide, hidden]],
        ['mlp.up_proj', [wide, hidden]],
        ['post_attention_layernorm', [hidden]],
        ['self_attn.k_proj', [keys, hidden]],
        ['self_attn.o_proj', [hidden, hidden]],
        ['self_attn.q_proj', [hidden, hidden]],
        ['self_attn.v_proj', [keys, hidden]],
      ] as const
    ).map(([name, size]) => [`model.layers.${index}.${name}.weight`, [...size]]);
  return [
    ['model.embed_tokens.weight', [vocab, hidden]],
    ...Array.from({ length: shape.layers }, (_, index) => layer(index)).flat(),
    ['model.norm.weight', [hidden]],
    ...(shape.tied ? [] : [['lm_head.weight', [vocab, hidden]] as [string, number[]]]),
  ];
}

/** Bell-shaped bfloat16 numbers, a few megabytes that are written over and over. */
function noise(numbers: number): Uint8Array {
  const random = seededRandom(1);
  const values = Float32Array.from(
    { length: numbers },
    () => (random() + random() + random() + random() + random() + random() - 3) * 0.03,
  );
  const bits = new Uint32Array(values.buffer);
  return new Uint8Array(Uint16Array.from(bits, (word) => word >>> 16).buffer);
}

/**
 * Writes a repository folder of this shape: `weights` random, or absent from the disk (a sparse file, read as zeros),
 * which is enough where only memory is measured. Answers the bytes of the weights.
 */
export function writeShape(folder: string, shape: Shape, weights: 'random' | 'sparse'): number {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'config.json'), JSON.stringify(configOf(shape)));
  writeFileSync(join(folder, 'tokenizer.json'), JSON.stringify(tinyTokenizer(16)));
  const header: Record<string, unknown> = {};
  let bytes = 0;
  for (const [name, size] of tensorsOf(shape)) {
    const length = 2 * size.reduce((a, b) => a * b, 1);
    header[name] = { dtype: 'BF16', shape: size, data_offsets: [bytes, bytes + length] };
    bytes += length;
  }
  const text = Buffer.from(JSON.stringify(header));
  const prefix = Buffer.alloc(8);
  prefix.writeBigUInt64LE(BigInt(text.length));
  const file = openSync(join(folder, 'model.safetensors'), 'w');
  writeSync(file, Buffer.concat([prefix, text]));
  const start = 8 + text.length;
  ftruncateSync(file, start + bytes);
  if (weights === 'random') {
    const pool = noise(2_097_143); // a prime: no row meets the same numbers at the same place
    for (let done = 0; done < bytes; done += pool.length) {
      writeSync(file, pool, 0, Math.min(pool.length, bytes - done), start + done);
    }
  }
  closeSync(file);
  return bytes;
}
