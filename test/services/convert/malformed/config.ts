import { type ControlName, inConfig, type MalformedCase, withFile } from './case.ts';

const CONFIG = 'config.json';
const rope = (settings: unknown): MalformedCase['spoil'] => inConfig({ rope_scaling: settings });
const llama3 = {
  rope_type: 'llama3',
  factor: 8,
  low_freq_factor: 1,
  high_freq_factor: 4,
  original_max_position_embeddings: 16,
};
const windowed = 'mistral past its window';
const longrope = 'phi3 with longrope, short';

type Row = readonly [name: string, spoil: MalformedCase['spoil'], reason: string, control?: ControlName];

/** Features the converter does not know: refused with their names. */
const unknown: readonly Row[] = [
  ['names another architecture', inConfig({ architectures: ['MambaForCausalLM'] }), 'MambaForCausalLM'],
  [
    'names an architecture that sees',
    inConfig({ architectures: ['Gemma3ForConditionalGeneration'] }),
    'Gemma3ForConditionalGeneration',
  ],
  ['names a mixture of experts', inConfig({ architectures: ['MixtralForCausalLM'] }), 'MixtralForCausalLM'],
  ['names an encoder', inConfig({ architectures: ['LlamaModel'] }), 'LlamaModel'],
  ['names an architecture in small letters', inConfig({ architectures: ['llamaforcausallm'] }), 'llamaforcausallm'],
  ['names an architecture like a method', inConfig({ architectures: ['constructor'] }), 'constructor'],
  ['names no architecture', inConfig({ architectures: undefined }), 'names no architecture'],
  ['names null for an architecture', inConfig({ architectures: null }), 'names no architecture'],
  ['names an empty list of architectures', inConfig({ architectures: [] }), 'names no architecture'],
  ['names two architectures', inConfig({ architectures: ['LlamaForCausalLM', 'X'] }), 'names no architecture'],
  ['names an architecture outside a list', inConfig({ architectures: 'LlamaForCausalLM' }), 'names no architecture'],
  ['says nothing at all', withFile(CONFIG, '{}'), 'names no architecture'],
  ['has an unknown rope type', rope({ rope_type: 'spiral', factor: 2 }), 'rope type spiral'],
  ['has the rope type dynamic', rope({ type: 'dynamic', factor: 2 }), 'rope type dynamic'],
  ['has the rope type mrope', inConfig({ rope_parameters: { rope_type: 'mrope' } }), 'rope type mrope'],
  ['has a rope type named like a method', rope({ rope_type: 'toString' }), 'rope type toString'],
  [
    'has llama3 rope whose ramp is turned around',
    rope({ ...llama3, low_freq_factor: 4, high_freq_factor: 1 }),
    'high_freq_factor <= low_freq_factor',
  ],
  ['has llama3 rope without a ramp', rope({ ...llama3, high_freq_factor: 1 }), 'high_freq_factor <= low_freq_factor'],
  ['has an unknown activation', inConfig({ hidden_act: 'relu2' }), 'activation "relu2"'],
  ['has an object for an activation', inConfig({ hidden_act: { a: 1 } }), 'activation {"a":1}'],
  [
    'has an unknown layer type',
    inConfig({ layer_types: ['full_attention', 'chunked_attention'] }),
    'layer type chunked_attention',
  ],
  [
    'has linear attention',
    inConfig({ layer_types: ['linear_attention', 'full_attention'] }),
    'layer type linear_attention',
  ],
  ['is quantized with GPTQ', inConfig({ quantization_config: { quant_method: 'gptq', bits: 4 } }), 'gptq'],
  ['is quantized with AWQ', inConfig({ quantization_config: { quant_method: 'awq', bits: 4 } }), 'awq'],
  [
    'is quantized with bitsandbytes',
    inConfig({ quantization_config: { quant_method: 'bitsandbytes', load_in_4bit: true } }),
    'bitsandbytes',
  ],
  ['is quantized with MXFP4', inConfig({ quantization_config: { quant_method: 'mxfp4' } }), 'mxfp4'],
  ['is quantized in an unnamed way', inConfig({ quantization_config: {} }), 'unknown method'],
  ['looks both ways', inConfig({ use_bidirectional_attention: true }), 'bidirectional attention', 'gemma3'],
  ['shares heads unevenly', inConfig({ num_key_value_heads: 3 }), '4 heads over 3 key-value heads'],
  ['has an odd head size', inConfig({ head_dim: 9 }), 'odd head size 9'],
  ['rotates nothing', inConfig({ partial_rotary_factor: 0 }), 'rotary size 0'],
  ['rotates an odd part', inConfig({ partial_rotary_factor: 0.2 }), 'rotary size 3'],
];

/** Values that cannot be true: refused with the field. */
const impossible: readonly Row[] = [
  ['is empty', withFile(CONFIG, ''), 'is not JSON'],
  ['is cut off', withFile(CONFIG, '{"architectures":["Llama'), 'is not JSON'],
  ['is an HTML page', withFile(CONFIG, '<!doctype html>'), 'is not JSON'],
  ['is a Git LFS pointer', withFile(CONFIG, 'version https://git-lfs.github.com/spec/v1'), 'is not JSON'],
  ['has a comment', withFile(CONFIG, '{/* Llama */}'), 'is not JSON'],
  ['is a list', withFile(CONFIG, '[]'), 'is not an object'],
  ['is null', withFile(CONFIG, 'null'), 'is not an object'],
  ['is a text', withFile(CONFIG, '"LlamaForCausalLM"'), 'is not an object'],
  ['is a number', withFile(CONFIG, '7'), 'is not an object'],
  ['is too long', withFile(CONFIG, `{"a":"${'x'.repeat(1_100_000)}"}`), 'is too long'],
  ['is far too long', withFile(CONFIG, ' '.repeat(30_000_000)), 'is too long'],
  [
    'reaches for a prototype',
    (files) => {
      const text = files.get(CONFIG)!.toString().replace('"hidden_size": 64,', '"__proto__": { "hidden_size": 64 },');
      files.set(CONFIG, Buffer.from(text));
    },
    'hidden_size',
  ],
  ['has no hidden_size', inConfig({ hidden_size: undefined }), 'hidden_size must be a whole number'],
  ['has a hidden_size of 0', inConfig({ hidden_size: 0 }), 'hidden_size must be a whole number'],
  ['has a negative hidden_size', inConfig({ hidden_size: -64 }), 'hidden_size must be a whole number'],
  ['has a fractional hidden_size', inConfig({ hidden_size: 64.5 }), 'hidden_size must be a whole number'],
  ['has a text for hidden_size', inConfig({ hidden_size: '64' }), 'hidden_size must be a whole number'],
  ['has a list for hidden_size', inConfig({ hidden_size: [64] }), 'hidden_size must be a whole number'],
  ['has a huge hidden_size', inConfig({ hidden_size: 1e9 }), 'hidden_size must be a whole number'],
  ['has true for hidden_size', inConfig({ hidden_size: true }), 'hidden_size must be a whole number'],
  ['has an intermediate_size of 2^53', inConfig({ intermediate_size: 2 ** 53 }), 'intermediate_size'],
  ['has no intermediate_size', inConfig({ intermediate_size: undefined }), 'intermediate_size'],
  ['has a million layers', inConfig({ num_hidden_layers: 1e6 }), 'num_hidden_layers'],
  ['has null layers', inConfig({ num_hidden_layers: null }), 'num_hidden_layers'],
  ['has 100,000 heads', inConfig({ num_attention_heads: 1e5 }), 'num_attention_heads'],
  ['has no heads', inConfig({ num_attention_heads: 0 }), 'num_attention_heads'],
  ['has a text for key-value heads', inConfig({ num_key_value_heads: '2' }), 'num_key_value_heads'],
  ['has heads that do not divide its width', inConfig({ head_dim: undefined, hidden_size: 63 }), 'head_dim'],
  ['has a huge head_dim', inConfig({ head_dim: 1e6 }), 'head_dim'],
  ['has a huge vocabulary', inConfig({ vocab_size: 1e10 }), 'vocab_size'],
  ['has an object for a vocabulary', inConfig({ vocab_size: {} }), 'vocab_size'],
  ['has 2^40 positions', inConfig({ max_position_embeddings: 2 ** 40 }), 'max_position_embeddings'],
  ['has no positions', inConfig({ max_position_embeddings: 0 }), 'max_position_embeddings'],
  ['has a negative epsilon', inConfig({ rms_norm_eps: -1 }), 'rms_norm_eps'],
  ['has a text for epsilon', inConfig({ rms_norm_eps: '1e-5' }), 'rms_norm_eps'],
  ['has a number for attention_bias', inConfig({ attention_bias: 1 }), 'attention_bias must be true or false'],
  ['has a text for mlp_bias', inConfig({ mlp_bias: 'no' }), 'mlp_bias must be true or false'],
  ['has a text for tie_word_embeddings', inConfig({ tie_word_embeddings: 'yes' }), 'tie_word_embeddings'],
  ['has a rope_theta of 0', inConfig({ rope_theta: 0 }), 'rope_theta'],
  ['has a negative rope_theta', inConfig({ rope_theta: -10_000 }), 'rope_theta'],
  ['has a text for rope_theta', inConfig({ rope_theta: '1e4' }), 'rope_theta'],
  ['has a text for rope_scaling', rope('linear'), 'rope_scaling'],
  ['has a list for rope_scaling', rope([]), 'rope_scaling'],
  ['has a number for rope_type', rope({ rope_type: 7 }), 'rope_type'],
  ['has linear rope without a factor', rope({ type: 'linear' }), 'factor'],
  ['has linear rope with a factor of 0', rope({ type: 'linear', factor: 0 }), 'factor'],
  ['has llama3 rope without low_freq_factor', rope({ ...llama3, low_freq_factor: undefined }), 'low_freq_factor'],
  ['has llama3 rope without high_freq_factor', rope({ ...llama3, high_freq_factor: undefined }), 'high_freq_factor'],
  [
    'has llama3 rope without an original context',
    rope({ ...llama3, original_max_position_embeddings: undefined }),
    'original_max_position_embeddings',
  ],
  [
    'has longrope without short factors',
    rope({ type: 'longrope', long_factor: [1, 1, 1, 1, 1, 1, 1, 1] }),
    'short_factor',
    longrope,
  ],
  [
    'has longrope with too few factors',
    rope({ type: 'longrope', short_factor: [1], long_factor: [1] }),
    'short_factor',
    longrope,
  ],
  [
    'has longrope with a text among its factors',
    rope({ type: 'longrope', short_factor: [1, 1, 1, 1, 1, 1, 1, 1], long_factor: [1, 1, 1, 1, 1, 1, 1, 'x'] }),
    'long_factor',
    longrope,
  ],
  [
    'has yarn rope with an original context of 0',
    rope({ type: 'yarn', factor: 2, original_max_position_embeddings: 0 }),
    'original_max_position_embeddings',
  ],
  ['has yarn rope with a text for truncate', rope({ type: 'yarn', factor: 2, truncate: 'no' }), 'truncate'],
  ['has fewer layer types than layers', inConfig({ layer_types: ['full_attention'] }), 'layer_types'],
  [
    'has more layer types than layers',
    inConfig({ layer_types: ['full_attention', 'full_attention', 'full_attention'] }),
    'layer_types',
  ],
  ['has a text for layer_types', inConfig({ layer_types: 'full_attention' }), 'layer_types'],
  ['has a number among its layer types', inConfig({ layer_types: ['full_attention', 1] }), 'layer_types'],
  ['slides without a window', inConfig({ layer_types: ['full_attention', 'sliding_attention'] }), 'sliding_window'],
  ['has a window of 0', inConfig({ sliding_window: 0 }), 'sliding_window', windowed],
  ['has a fractional window', inConfig({ sliding_window: 7.5 }), 'sliding_window', windowed],
  ['has a query scalar of 0', inConfig({ query_pre_attn_scalar: 0 }), 'query_pre_attn_scalar', 'gemma2'],
  ['has a negative soft cap', inConfig({ attn_logit_softcapping: -1 }), 'attn_logit_softcapping', 'gemma2'],
  ['has a text for a soft cap', inConfig({ final_logit_softcapping: '30' }), 'final_logit_softcapping', 'gemma2'],
  ['has a window pattern of 0', inConfig({ sliding_window_pattern: 0 }), 'sliding_window_pattern', 'gemma3'],
  ['has a number for use_sliding_window', inConfig({ use_sliding_window: 1 }), 'use_sliding_window', 'qwen2'],
];

const rows = (list: readonly Row[], code?: MalformedCase['code']): MalformedCase[] =>
  list.map(([name, spoil, reason, control = 'llama']) => ({
    name: `${CONFIG} ${name}`,
    control,
    spoil,
    refusal: code ? [reason] : [CONFIG, reason],
    ...(code && { code }),
  }));

/** What can be wrong with config.json. */
export const configCases: readonly MalformedCase[] = [
  ...rows(unknown, 'unsupported-architecture'),
  ...rows(impossible),
];
