import type { Architecture } from './architecture.ts';
import type { Checkpoint } from './checkpoint.ts';
import { ConversionError } from './conversionError.ts';
import { isWeightDtype } from './dtypes.ts';

/** Rows [first, first + rows) of an official tensor. A vector is `rows` rows of one element. */
export interface Rows {
  readonly tensor: string;
  readonly first: number;
  readonly rows: number;
}

/** The rows that make up each weight of one layer; lists are stacked in order. */
export interface LayerTensors {
  readonly inputNorm: Rows;
  /** Sandwich norm after attention; undefined without sandwich norms. */
  readonly attentionNorm: Rows | undefined;
  /** The norm in front of the feed-forward block. */
  readonly feedForwardNorm: Rows;
  readonly outputNorm: Rows | undefined; // sandwich norm after the feed-forward block
  readonly queryNorm: Rows | undefined;
  readonly keyNorm: Rows | undefined;
  readonly qkv: readonly [query: Rows, key: Rows, value: Rows];
  readonly qkvBias: readonly Rows[] | undefined;
  readonly output: Rows;
  readonly outputBias: Rows | undefined;
  readonly gate: Rows;
  readonly gateBias: Rows | undefined;
  readonly up: Rows;
  readonly upBias: Rows | undefined;
  readonly down: Rows;
  readonly downBias: Rows | undefined;
}

export const EMBEDDING = 'model.embed_tokens.weight';
export const HEAD = 'lm_head.weight';
export const FINAL_NORM = 'model.norm.weight';

/** Names and row ranges of the official tensors of layer `index`, as transformers names them. */
export function layerTensors(architecture: Architecture, index: number): LayerTensors {
  const { heads, kvHeads, headSize, hiddenSize, intermediateSize, biases, sandwichNorms, packed } = architecture;
  const path = (name: string): string => `model.layers.${index}.${name}`;
  const all = (name: string, rows: number): Rows => ({ tensor: path(name), first: 0, rows });
  const when = (condition: boolean, name: string, rows: number): Rows | undefined =>
    condition ? all(name, rows) : undefined;
  const [queries, keys] = [heads * headSize, kvHeads * headSize];
  const parts = [
    ['q', queries],
    ['k', keys],
    ['v', keys],
  ] as const;
  const fused = path('self_attn.qkv_proj.weight');
  const stacked = path('mlp.gate_up_proj.weight');
  return {
    inputNorm: all('input_layernorm.weight', hiddenSize),
    attentionNorm: when(sandwichNorms, 'post_attention_layernorm.weight', hiddenSize),
    feedForwardNorm: all(`${sandwichNorms ? 'pre_feedforward' : 'post_attention'}_layernorm.weight`, hiddenSize),
    outputNorm: when(sandwichNorms, 'post_feedforward_layernorm.weight', hiddenSize),
    queryNorm: when(architecture.queryKeyNorms, 'self_attn.q_norm.weight', headSize),
    keyNorm: when(architecture.queryKeyNorms, 'self_attn.k_norm.weight', headSize),
    qkv: packed
      ? [
          { tensor: fused, first: 0, rows: queries },
          { tensor: fused, first: queries, rows: keys },
          { tensor: fused, first: queries + keys, rows: keys },
        ]
      : [
          all('self_attn.q_proj.weight', queries),
          all('self_attn.k_proj.weight', keys),
          all('self_attn.v_proj.weight', keys),
        ],
    qkvBias: biases.qkv ? parts.map(([part, rows]) => all(`self_attn.${part}_proj.bias`, rows)) : undefined,
    output: all('self_attn.o_proj.weight', hiddenSize),
    outputBias: when(biases.output, 'self_attn.o_proj.bias', hiddenSize),
    gate: packed
      ? { tensor: stacked, first: 0, rows: intermediateSize }
      : all('mlp.gate_proj.weight', intermediateSize),
    gateBias: when(biases.feedForward, 'mlp.gate_proj.bias', intermediateSize),
    up: packed
      ? { tensor: stacked, first: intermediateSize, rows: intermediateSize }
      : all('mlp.up_proj.weight', intermediateSize),
    upBias: when(biases.feedForward, 'mlp.up_proj.bias', intermediateSize),
    down: all('mlp.down_proj.weight', hiddenSize),
    downBias: when(biases.feedForward, 'mlp.down_proj.bias', hiddenSize),
  };
}

/** Every official tensor an architecture needs, with its shape, in the order they are used. */
export function expectedTensors(architecture: Architecture): Map<string, readonly number[]> {
  const { hiddenSize, intermediateSize, heads, headSize, vocabSize } = architecture;
  const shapes = new Map<string, readonly number[]>([[EMBEDDING, [vocabSize, hiddenSize]]]);
  const vector = (rows: Rows | undefined): void => {
    if (rows) shapes.set(rows.tensor, [rows.rows]);
  };
  const matrix = (rows: Rows, columns: number): void => {
    shapes.set(rows.tensor, [Math.max(rows.first + rows.rows, shapes.get(rows.tensor)?.[0] ?? 0), columns]);
  };
  architecture.layers.forEach((_, index) => {
    const layer = layerTensors(architecture, index);
    for (const norm of [layer.inputNorm, layer.attentionNorm, layer.feedForwardNorm, layer.outputNorm]) vector(norm);
    for (const norm of [layer.queryNorm, layer.keyNorm]) vector(norm);
    for (const part of layer.qkv) matrix(part, hiddenSize);
    for (const part of layer.qkvBias ?? []) vector(part);
    matrix(layer.output, heads * headSize);
    matrix(layer.gate, hiddenSize);
    matrix(layer.up, hiddenSize);
    matrix(layer.down, intermediateSize);
    for (const bias of [layer.outputBias, layer.gateBias, layer.upBias, layer.downBias]) vector(bias);
  });
  shapes.set(FINAL_NORM, [hiddenSize]);
  if (!architecture.tied) shapes.set(HEAD, [vocabSize, hiddenSize]);
  return shapes;
}

/**
 * Compares a checkpoint with its config: every needed tensor must be there, in a dtype we read, in the right shape.
 * Answers the architecture with two facts that only the weights know: the padded vocabulary size, and whether the head
 * is tied although config.json does not say so. Throws ConversionError.
 */
export function matchCheckpoint(architecture: Architecture, tensors: Checkpoint['tensors']): Architecture {
  const vocabSize = tensors.get(EMBEDDING)?.shape[0] ?? architecture.vocabSize;
  if (vocabSize < architecture.vocabSize) {
    throw new ConversionError('damaged-file', `${EMBEDDING} has ${vocabSize} rows of ${architecture.vocabSize}`);
  }
  const matched = { ...architecture, vocabSize, tied: architecture.tied || !tensors.has(HEAD) };
  for (const [name, shape] of expectedTensors(matched)) {
    const found = tensors.get(name);
    if (!found) throw new ConversionError('damaged-file', `${name} is missing from the weights`);
    if (!isWeightDtype(found.dtype)) {
      throw new ConversionError('unsupported-architecture', `${name} has dtype ${found.dtype}`);
    }
    if (found.shape.length !== shape.length || found.shape.some((size, axis) => size !== shape[axis])) {
      throw new ConversionError(
        'damaged-file',
        `${name} is [${found.shape.join()}], config.json says [${shape.join()}]`,
      );
    }
  }
  return matched;
}

/** Number of weights in the official tensors, shared ones counted once. */
export function countParameters(architecture: Architecture): number {
  let total = 0;
  for (const shape of expectedTensors(architecture).values()) total += shape.reduce((a, b) => a * b, 1);
  return total;
}
