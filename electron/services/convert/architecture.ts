import type { WeightScales } from './weightScales.ts';

/** How positions turn into angles. All kinds keep the original inverse frequencies `theta^(-2i/dimensions)`. */
export type Rope = {
  readonly theta: number;
  /** Rotated part of each head, in elements; even. */
  readonly dimensions: number;
} & (
  | { readonly kind: 'default' }
  | { readonly kind: 'linear'; readonly factor: number }
  | {
      readonly kind: 'llama3';
      readonly factor: number;
      readonly lowFrequencyFactor: number;
      readonly highFrequencyFactor: number;
      readonly originalContext: number;
    }
  | {
      readonly kind: 'yarn';
      readonly factor: number;
      readonly originalContext: number;
      readonly betaFast: number;
      readonly betaSlow: number;
      readonly truncate: boolean;
      readonly magnitude: number; // multiplies cos and sin
    }
  | {
      readonly kind: 'longrope';
      readonly shortFactors: readonly number[];
      readonly longFactors: readonly number[];
      readonly originalContext: number;
      readonly magnitude: number;
    }
);

/** What differs between two decoder layers of one model. */
export interface LayerPlan {
  /** Tokens each token may look at, itself included; undefined = all before it. */
  readonly window: number | undefined;
  readonly rope: Rope;
}

export type Activation = 'silu' | 'gelu' | 'gelu-tanh';

/** Everything the graph depends on, read and validated from config.json alone. Sizes in elements. */
export interface Architecture {
  readonly name: string; // "LlamaForCausalLM"
  readonly hiddenSize: number;
  readonly intermediateSize: number;
  readonly heads: number;
  readonly kvHeads: number;
  readonly headSize: number;
  readonly vocabSize: number;
  /** Positions the model was made for, in tokens. */
  readonly contextLength: number;
  readonly layers: readonly LayerPlan[];
  readonly normEpsilon: number;
  readonly activation: Activation;
  /** Norm weights are stored as w and applied as 1 + w. */
  readonly normPlusOne: boolean;
  /** Norms after attention and feed-forward too, before each residual addition. */
  readonly sandwichNorms: boolean;
  readonly queryKeyNorms: boolean;
  readonly embeddingScale: number;
  readonly attentionScale: number;
  readonly attentionSoftcap: number; // 0 = none
  readonly logitSoftcap: number; // 0 = none
  readonly biases: { readonly qkv: boolean; readonly output: boolean; readonly feedForward: boolean };
  /** Query, key and value (and gate and up) stacked in one official tensor. */
  readonly packed: boolean;
  /** The output head uses the embedding's weights. */
  readonly tied: boolean;
  /** How FP8 weights are scaled; undefined when config.json speaks of none. */
  readonly weightScales: WeightScales | undefined;
}
