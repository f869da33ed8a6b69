import type { Activation, Architecture } from './architecture.ts';
import type { ConfigFields } from './configFields.ts';

/** What one family of models does, as far as config.json does not say; defaults as transformers has them. */
export interface Family {
  readonly activation: Activation;
  readonly headSize: number | undefined; // undefined = hidden size / heads
  readonly normEpsilon: number;
  readonly theta: number;
  readonly tied: boolean;
  readonly normPlusOne: boolean;
  readonly sandwichNorms: boolean;
  readonly queryKeyNorms: boolean;
  readonly scaledEmbedding: boolean;
  /** Attention scale is query_pre_attn_scalar^-0.5 with this default instead of headSize^-0.5. */
  readonly queryScalar: number | undefined;
  readonly attentionSoftcap: number;
  readonly logitSoftcap: number;
  readonly packed: boolean;
  /** Theta of sliding layers, where it differs. */
  readonly localTheta: number | undefined;
  readonly biases: (config: ConfigFields) => Architecture['biases'];
  /** Whether layer `index` slides when config.json has no layer_types. */
  readonly slides: (config: ConfigFields, index: number) => boolean;
}

const none = { qkv: false, output: false, feedForward: false };
const hasWindow = (config: ConfigFields): boolean => config.has('sliding_window');
/** Qwen slides only on request, and only from a given layer on. */
const slidesOnRequest = (config: ConfigFields, index: number): boolean =>
  config.flag('use_sliding_window', false) &&
  hasWindow(config) &&
  index >= config.number('max_window_layers', 0, 1e6, 28);

const llama: Family = {
  activation: 'silu',
  headSize: undefined,
  normEpsilon: 1e-6,
  theta: 10_000,
  tied: false,
  normPlusOne: false,
  sandwichNorms: false,
  queryKeyNorms: false,
  scaledEmbedding: false,
  queryScalar: undefined,
  attentionSoftcap: 0,
  logitSoftcap: 0,
  packed: false,
  localTheta: undefined,
  biases: (config) => {
    const attention = config.flag('attention_bias', false);
    return { qkv: attention, output: attention, feedForward: config.flag('mlp_bias', false) };
  },
  slides: () => false,
};

const gemma2: Family = {
  ...llama,
  activation: 'gelu-tanh',
  headSize: 256,
  tied: true,
  normPlusOne: true,
  sandwichNorms: true,
  scaledEmbedding: true,
  queryScalar: 256,
  attentionSoftcap: 50,
  logitSoftcap: 30,
  biases: (config) => {
    const attention = config.flag('attention_bias', false);
    return { qkv: attention, output: attention, feedForward: false };
  },
  slides: (_config, index) => index % 2 === 0,
};

/** The architectures this converter knows, by the name in config.json's `architectures`. */
export const families: ReadonlyMap<string, Family> = new Map([
  ['LlamaForCausalLM', llama],
  ['MistralForCausalLM', { ...llama, biases: () => none, slides: hasWindow }],
  ['Qwen2ForCausalLM', { ...llama, biases: () => ({ ...none, qkv: true }), slides: slidesOnRequest }],
  [
    'Qwen3ForCausalLM',
    {
      ...llama,
      headSize: 128,
      queryKeyNorms: true,
      biases: (config) => {
        const attention = config.flag('attention_bias', false);
        return { qkv: attention, output: attention, feedForward: false };
      },
      slides: slidesOnRequest,
    },
  ],
  ['Gemma2ForCausalLM', gemma2],
  [
    'Gemma3ForCausalLM',
    {
      ...gemma2,
      queryKeyNorms: true,
      attentionSoftcap: 0,
      logitSoftcap: 0,
      theta: 1_000_000,
      localTheta: 10_000,
      slides: (config, index) => (index + 1) % config.count('sliding_window_pattern', 1000, 6) !== 0,
    },
  ],
  ['Phi3ForCausalLM', { ...llama, normEpsilon: 1e-5, packed: true, biases: () => none, slides: hasWindow }],
]);
