/** One tiny configuration per behaviour the converter must get right; names say which. */
import type { ModelConfig } from './checkpoint.ts';

const base = {
  hidden_size: 64,
  intermediate_size: 96,
  num_hidden_layers: 2,
  num_attention_heads: 4,
  num_key_value_heads: 2,
  head_dim: 16,
  vocab_size: 120,
  max_position_embeddings: 256,
  rms_norm_eps: 1e-5,
};
const llama = {
  ...base,
  architectures: ['LlamaForCausalLM'],
  model_type: 'llama',
  hidden_act: 'silu',
  rope_theta: 10_000,
};
const gemma = {
  ...base,
  hidden_activation: 'gelu_pytorch_tanh',
  rms_norm_eps: 1e-6,
  query_pre_attn_scalar: 24,
  tie_word_embeddings: true,
  sliding_window: 8,
  rope_theta: 10_000,
};
const longFactors = { short_factor: [1, 1.1, 1.2, 1.4, 1.7, 2, 2.2, 2.5], long_factor: [1, 2, 3, 5, 7, 11, 13, 17] };

export const tinyConfigs = {
  llama: { ...llama, tie_word_embeddings: false },
  'llama with tied embeddings': { ...llama, tie_word_embeddings: true },
  'llama with biases everywhere': { ...llama, attention_bias: true, mlp_bias: true },
  'llama with one head per key': { ...llama, num_key_value_heads: 4, head_dim: 32 },
  'llama with head size 24': { ...llama, head_dim: 24 },
  'llama with head size 10': { ...llama, head_dim: 10 },
  'llama with llama3 rope past its original context': {
    ...llama,
    rope_theta: 500_000,
    rope_scaling: {
      rope_type: 'llama3',
      factor: 8,
      low_freq_factor: 1,
      high_freq_factor: 4,
      original_max_position_embeddings: 16,
    },
  },
  'llama with linear rope': { ...llama, rope_scaling: { type: 'linear', factor: 4 } },
  'llama with yarn rope past its original context': {
    ...llama,
    rope_scaling: { rope_type: 'yarn', factor: 8, original_max_position_embeddings: 16 },
  },
  'llama with yarn rope and a wide ramp': {
    ...llama,
    head_dim: 64,
    rope_scaling: { rope_type: 'yarn', factor: 4, original_max_position_embeddings: 32, beta_fast: 3, beta_slow: 0.5 },
  },
  'llama with newer rope settings': {
    ...llama,
    rope_theta: undefined,
    rope_parameters: { rope_theta: 5000, rope_type: 'linear', factor: 2 },
  },
  'mistral without a window': {
    ...llama,
    architectures: ['MistralForCausalLM'],
    model_type: 'mistral',
    sliding_window: null,
  },
  'mistral past its window': {
    ...llama,
    architectures: ['MistralForCausalLM'],
    model_type: 'mistral',
    sliding_window: 8,
  },
  'mistral past its window, head size 10': {
    ...llama,
    architectures: ['MistralForCausalLM'],
    model_type: 'mistral',
    sliding_window: 8,
    head_dim: 10,
  },
  qwen2: {
    ...llama,
    architectures: ['Qwen2ForCausalLM'],
    model_type: 'qwen2',
    tie_word_embeddings: true,
    use_sliding_window: false,
    sliding_window: 8,
    max_window_layers: 1,
  },
  'qwen2 sliding in its upper layers': {
    ...llama,
    architectures: ['Qwen2ForCausalLM'],
    model_type: 'qwen2',
    use_sliding_window: true,
    sliding_window: 8,
    max_window_layers: 1,
  },
  qwen3: { ...llama, architectures: ['Qwen3ForCausalLM'], model_type: 'qwen3', head_dim: 32, rope_theta: 1_000_000 },
  gemma2: {
    ...gemma,
    architectures: ['Gemma2ForCausalLM'],
    model_type: 'gemma2',
    attn_logit_softcapping: 5,
    final_logit_softcapping: 6,
  },
  gemma3: {
    ...gemma,
    architectures: ['Gemma3ForCausalLM'],
    model_type: 'gemma3_text',
    num_hidden_layers: 3,
    sliding_window_pattern: 3,
    rope_theta: 1_000_000,
    rope_local_base_freq: 10_000,
    rope_scaling: { rope_type: 'linear', factor: 8 },
  },
  phi3: { ...llama, architectures: ['Phi3ForCausalLM'], model_type: 'phi3', sliding_window: 12 },
  'phi3 with partial rotation': {
    ...llama,
    architectures: ['Phi3ForCausalLM'],
    model_type: 'phi3',
    sliding_window: null,
    partial_rotary_factor: 0.75,
    head_dim: 32,
  },
  'phi3 with longrope, short': {
    ...llama,
    architectures: ['Phi3ForCausalLM'],
    model_type: 'phi3',
    sliding_window: null,
    original_max_position_embeddings: 64,
    rope_scaling: { type: 'longrope', ...longFactors },
  },
} as const satisfies Readonly<Record<string, ModelConfig>>;

export type TinyConfigName = keyof typeof tinyConfigs;
