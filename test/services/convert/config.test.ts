import { describe, expect, it } from 'vitest';
import { readArchitecture } from '../../../electron/services/convert/readArchitecture.ts';
import { tinyConfigs } from '../../reference/configs.ts';

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
