import { describe, expect, it } from 'vitest';
import { readArchitecture } from '../../../electron/services/convert/readArchitecture.ts';
import { tinyConfigs } from '../../reference/configs.ts';

const llama = tinyConfigs.llama;

/** What a config is answered with: the architecture's name, or the problem's code and cause. */
function answer(config: unknown): string {
  const result = readArchitecture(config);
  if (result.ok) return result.value.name;
  return `${result.problem.code}: ${result.problem.evidence[0]?.cause ?? ''}`;
}

describe('config.json of models that can be converted', () => {
  it.each(Object.entries(tinyConfigs))('%s', (_, config) => {
    expect(answer(config)).toBe(config.architectures[0]);
    expect(answer(JSON.stringify(config))).toBe(config.architectures[0]);
  });

  it('reads the official file of Llama 3.2 1B', () => {
    const result = readArchitecture({
      architectures: ['LlamaForCausalLM'],
      attention_bias: false,
      bos_token_id: 128000,
      eos_token_id: [128001, 128008, 128009],
      head_dim: 64,
      hidden_act: 'silu',
      hidden_size: 2048,
      intermediate_size: 8192,
      max_position_embeddings: 131072,
      mlp_bias: false,
      model_type: 'llama',
      num_attention_heads: 32,
      num_hidden_layers: 16,
      num_key_value_heads: 8,
      rms_norm_eps: 1e-5,
      rope_scaling: {
        factor: 32,
        high_freq_factor: 4,
        low_freq_factor: 1,
        original_max_position_embeddings: 8192,
        rope_type: 'llama3',
      },
      rope_theta: 500000,
      tie_word_embeddings: true,
      vocab_size: 128256,
    });
    if (!result.ok) throw new Error(JSON.stringify(result.problem));
    expect(result.value).toMatchObject({
      hiddenSize: 2048,
      kvHeads: 8,
      headSize: 64,
      tied: true,
      contextLength: 131072,
    });
    expect(result.value.layers).toHaveLength(16);
    expect(result.value.layers[0]?.rope).toEqual({
      kind: 'llama3',
      theta: 500000,
      dimensions: 64,
      factor: 32,
      originalContext: 8192,
      lowFrequencyFactor: 1,
      highFrequencyFactor: 4,
    });
  });

  it('takes the defaults of each family for what the file leaves out', () => {
    const core = {
      hidden_size: 2304,
      intermediate_size: 9216,
      num_hidden_layers: 4,
      num_attention_heads: 8,
      num_key_value_heads: 4,
      vocab_size: 256000,
    };
    const gemma2 = readArchitecture({ ...core, architectures: ['Gemma2ForCausalLM'], sliding_window: 4096 });
    if (!gemma2.ok) throw new Error(JSON.stringify(gemma2.problem));
    expect(gemma2.value).toMatchObject({
      headSize: 256,
      tied: true,
      activation: 'gelu-tanh',
      attentionSoftcap: 50,
      logitSoftcap: 30,
      attentionScale: 1 / 16,
      normPlusOne: true,
    });
    expect(gemma2.value.layers.map((layer) => layer.window)).toEqual([4096, undefined, 4096, undefined]);
    const uncapped = readArchitecture({
      ...core,
      architectures: ['Gemma2ForCausalLM'],
      sliding_window: 4096,
      attn_logit_softcapping: null,
    });
    expect(uncapped.ok && uncapped.value.attentionSoftcap).toBe(0);
    const gemma3 = readArchitecture({
      ...core,
      architectures: ['Gemma3ForCausalLM'],
      sliding_window: 512,
      num_hidden_layers: 12,
    });
    if (!gemma3.ok) throw new Error(JSON.stringify(gemma3.problem));
    expect(gemma3.value.layers.flatMap((layer, i) => (layer.window === undefined ? [i] : []))).toEqual([5, 11]);
    expect(gemma3.value.layers.map((layer) => layer.rope.theta).slice(4, 7)).toEqual([10_000, 1_000_000, 10_000]);
  });

  it('reads one rope per layer type as newer files have it', () => {
    const result = readArchitecture({
      ...tinyConfigs.gemma3,
      rope_theta: undefined,
      rope_scaling: undefined,
      rope_parameters: {
        full_attention: { rope_type: 'linear', factor: 8, rope_theta: 2_000_000 },
        sliding_attention: { rope_type: 'default', rope_theta: 12_345 },
      },
    });
    if (!result.ok) throw new Error(JSON.stringify(result.problem));
    expect(result.value.layers.map(({ rope }) => [rope.kind, rope.theta])).toEqual([
      ['default', 12_345],
      ['default', 12_345],
      ['linear', 2_000_000],
    ]);
  });
});

describe('config.json that names something unknown is refused with that name', () => {
  it.each<readonly [string, unknown]>([
    ['MambaForCausalLM', { ...llama, architectures: ['MambaForCausalLM'] }],
    ['Gemma3ForConditionalGeneration', { ...llama, architectures: ['Gemma3ForConditionalGeneration'] }],
    ['names no architecture', { ...llama, architectures: undefined }],
    ['names no architecture', { ...llama, architectures: [] }],
    ['names no architecture', { ...llama, architectures: ['LlamaForCausalLM', 'X'] }],
    ['names no architecture', { ...llama, architectures: 'LlamaForCausalLM' }],
    ['names no architecture', {}],
    ['constructor', { ...llama, architectures: ['constructor'] }],
    ['rope type dynamic', { ...llama, rope_scaling: { type: 'dynamic', factor: 2 } }],
    ['rope type mrope', { ...llama, rope_parameters: { rope_type: 'mrope' } }],
    ['rope type toString', { ...llama, rope_scaling: { rope_type: 'toString' } }],
    ['activation "relu2"', { ...llama, hidden_act: 'relu2' }],
    ['activation {"a":1}', { ...llama, hidden_act: { a: 1 } }],
    ['layer type chunked_attention', { ...llama, layer_types: ['full_attention', 'chunked_attention'] }],
    ['already quantized (gptq)', { ...llama, quantization_config: { quant_method: 'gptq', bits: 4 } }],
    ['already quantized (unknown method)', { ...llama, quantization_config: {} }],
    ['bidirectional', { ...tinyConfigs.gemma3, use_bidirectional_attention: true }],
    ['4 heads over 3', { ...llama, num_key_value_heads: 3 }],
    ['odd head size 9', { ...llama, head_dim: 9 }],
    ['rotary size 0', { ...llama, partial_rotary_factor: 0 }],
    ['rotary size 3', { ...llama, partial_rotary_factor: 0.2 }],
  ])('%s', (name, config) => {
    expect(answer(config)).toMatch(/^unsupported-architecture: /);
    expect(answer(config)).toContain(name);
  });
});

describe('config.json that cannot be true is refused with the field', () => {
  it.each<readonly [string, unknown]>([
    ['not JSON', '{'],
    ['not JSON', ''],
    ['not an object', '[]'],
    ['not an object', 'null'],
    ['not an object', '"LlamaForCausalLM"'],
    ['not an object', null],
    ['not an object', undefined],
    ['not an object', 7],
    ['not an object', []],
    ['too long', `{"a":"${'x'.repeat(1_100_000)}"}`],
    ['hidden_size', { ...llama, hidden_size: undefined }],
    ['hidden_size', { ...llama, hidden_size: 0 }],
    ['hidden_size', { ...llama, hidden_size: -64 }],
    ['hidden_size', { ...llama, hidden_size: 64.5 }],
    ['hidden_size', { ...llama, hidden_size: '64' }],
    ['hidden_size', { ...llama, hidden_size: 1e9 }],
    ['hidden_size', { ...llama, hidden_size: [64] }],
    ['hidden_size', { ...llama, hidden_size: NaN }],
    ['hidden_size', { ...llama, hidden_size: Infinity }],
    ['intermediate_size', { ...llama, intermediate_size: 2 ** 53 }],
    ['num_hidden_layers', { ...llama, num_hidden_layers: 1e6 }],
    ['num_hidden_layers', { ...llama, num_hidden_layers: null }],
    ['num_attention_heads', { ...llama, num_attention_heads: 1e5 }],
    ['head_dim', { ...llama, head_dim: undefined, hidden_size: 63 }],
    ['head_dim', { ...llama, head_dim: 1e6 }],
    ['vocab_size', { ...llama, vocab_size: 1e10 }],
    ['vocab_size', { ...llama, vocab_size: {} }],
    ['max_position_embeddings', { ...llama, max_position_embeddings: 2 ** 40 }],
    ['rms_norm_eps', { ...llama, rms_norm_eps: -1 }],
    ['rms_norm_eps', { ...llama, rms_norm_eps: '1e-5' }],
    ['attention_bias', { ...llama, attention_bias: 1 }],
    ['tie_word_embeddings', { ...llama, tie_word_embeddings: 'yes' }],
    ['rope_theta', { ...llama, rope_theta: 0 }],
    ['rope_theta', { ...llama, rope_theta: -10000 }],
    ['rope_scaling', { ...llama, rope_scaling: 'linear' }],
    ['rope_scaling', { ...llama, rope_scaling: [] }],
    ['rope_type', { ...llama, rope_scaling: { rope_type: 7 } }],
    ['factor', { ...llama, rope_scaling: { type: 'linear' } }],
    ['factor', { ...llama, rope_scaling: { type: 'linear', factor: 0 } }],
    [
      'low_freq_factor',
      { ...llama, rope_scaling: { type: 'llama3', factor: 8, original_max_position_embeddings: 16 } },
    ],
    [
      'original_max_position_embeddings',
      { ...llama, rope_scaling: { type: 'llama3', factor: 8, low_freq_factor: 1, high_freq_factor: 4 } },
    ],
    [
      'short_factor',
      { ...llama, rope_scaling: { type: 'longrope', long_factor: [1], original_max_position_embeddings: 16 } },
    ],
    [
      'long_factor',
      {
        ...tinyConfigs['phi3 with longrope, short'],
        rope_scaling: {
          type: 'longrope',
          short_factor: [1, 1, 1, 1, 1, 1, 1, 1],
          long_factor: [1, 1, 1, 1, 1, 1, 1, 'x'],
        },
      },
    ],
    ['layer_types', { ...llama, layer_types: ['full_attention'] }],
    ['layer_types', { ...llama, layer_types: 'full_attention' }],
    ['sliding_window', { ...llama, layer_types: ['full_attention', 'sliding_attention'] }],
    ['sliding_window', { ...tinyConfigs['mistral past its window'], sliding_window: 0 }],
    ['query_pre_attn_scalar', { ...tinyConfigs.gemma2, query_pre_attn_scalar: 0 }],
    ['attn_logit_softcapping', { ...tinyConfigs.gemma2, attn_logit_softcapping: -1 }],
    ['sliding_window_pattern', { ...tinyConfigs.gemma3, sliding_window_pattern: 0 }],
  ])('%s', (field, config) => {
    expect(answer(config)).toMatch(/^damaged-file: config\.json: /);
    expect(answer(config)).toContain(field);
  });

  it('own fields only: nothing is read through a prototype', () => {
    const text = JSON.stringify({ ...llama, hidden_size: undefined }).replace('{', '{"__proto__":{"hidden_size":64},');
    expect(answer(text)).toContain('hidden_size');
  });
});
