/** Shapes of the models that the generation bench builds, as their config.json says them. Speed does not depend on the
 * values of weights, so random ones stand for the real. */
export interface BenchShape {
  readonly hidden: number;
  readonly wide: number; // of the feed-forward part
  readonly layers: number;
  readonly heads: number;
  readonly kvHeads: number;
  readonly headSize: number;
  readonly vocabulary: number;
  readonly context: number; // tokens the files are made for
}

export const shapes = {
  'llama-3.2-1b': {
    hidden: 2048,
    wide: 8192,
    layers: 16,
    heads: 32,
    kvHeads: 8,
    headSize: 64,
    vocabulary: 128_256,
    context: 8192,
  },
  'llama-3.2-3b': {
    hidden: 3072,
    wide: 8192,
    layers: 28,
    heads: 24,
    kvHeads: 8,
    headSize: 128,
    vocabulary: 128_256,
    context: 8192,
  },
  small: {
    hidden: 512,
    wide: 2048,
    layers: 4,
    heads: 8,
    kvHeads: 2,
    headSize: 64,
    vocabulary: 32_000,
    context: 4096,
  },
} as const satisfies Record<string, BenchShape>;
export type ShapeName = keyof typeof shapes;

export const ropeTheta = 500_000;
export const normEpsilon = 1e-5;

/** config.json of an official repository with this shape; head and embedding share their weights. */
export function configOf(shape: BenchShape): Record<string, unknown> {
  return {
    architectures: ['LlamaForCausalLM'],
    model_type: 'llama',
    hidden_size: shape.hidden,
    intermediate_size: shape.wide,
    num_hidden_layers: shape.layers,
    num_attention_heads: shape.heads,
    num_key_value_heads: shape.kvHeads,
    head_dim: shape.headSize,
    vocab_size: shape.vocabulary,
    max_position_embeddings: shape.context,
    rms_norm_eps: normEpsilon,
    rope_theta: ropeTheta,
    hidden_act: 'silu',
    tie_word_embeddings: true,
    attention_bias: false,
    bos_token_id: 1,
    eos_token_id: 2,
    torch_dtype: 'bfloat16',
  };
}

/** Ids of an invented text; no three of them repeat within any context used here. */
export function inventedIds(count: number, shape: BenchShape): number[] {
  return Array.from({ length: count }, (_, index) => 1000 + ((index * 7919) % (shape.vocabulary - 2000)));
}
