import type { Architecture, LayerPlan } from './architecture.ts';
import { linear, norm } from './blocks.ts';
import { fusable, fusedAttention, type Turned } from './fusedAttention.ts';
import type { GraphBuilder } from './graphBuilder.ts';
import { loopAttention, type LoopValues } from './loopAttention.ts';
import type { BlockFormat } from './packing/format.ts';
import { plainAttention } from './plainAttention.ts';
import type { Recipe } from './recipe.ts';
import type { LayerTensors, Rows } from './tensors.ts';

/** Names of values that all layers share. */
export interface SharedValues {
  readonly kind: 'anyone';
  readonly positions: string; // int64 [1, sequence]
  readonly past: string; // int64 scalar: tokens in the cache
  readonly total: string; // int64 scalar: past + new tokens
  readonly lastPosition: string; // int32 [batch]: total - 1
  readonly totalLength: string; // int32 scalar
}

/** A layer's place and parts. */
interface LayerContext<Shared> {
  readonly architecture: Architecture;
  readonly index: number;
  readonly plan: LayerPlan;
  readonly tensors: LayerTensors;
  readonly tables: readonly [string, string];
  readonly shared: Shared;
  readonly formats: Recipe['formats'];
}

/** Attention of layer `index` over `input` [batch, sequence, hidden], with a cache for anyone or for our own loop. */
export function attention(
  graph: GraphBuilder,
  context: LayerContext<SharedValues | LoopValues>,
  input: string,
): string {
  const { architecture, index, plan, tensors, shared, formats } = context;
  const output = `layer.${index}.attended`;
  const values = { ...turned(graph, context, input), output, architecture, plan };
  const attended =
    shared.kind === 'loop'
      ? loopAttention(graph, { ...values, shared, index })
      : attentionForAnyone(graph, { ...values, shared, index });
  return linear(graph, {
    input: attended,
    output: `layer.${index}.attention`,
    weights: [tensors.output],
    columns: architecture.heads * architecture.headSize,
    format: formats?.attentionOutput,
    bias: tensors.outputBias && [tensors.outputBias],
  });
}

/**
 * Projects, norms and rotates. Outputs of the graph: `delta.<index>.key|value`, only the new rows, for a loop that owns
 * its cache; inputs: `past_key_values.<index>.key|value`. All of them [batch, kv heads, tokens, head size].
 */
function turned(graph: GraphBuilder, context: LayerContext<{ readonly positions: string }>, input: string): Turned {
  const { architecture, index, tensors } = context;
  const { heads, kvHeads, headSize } = architecture;
  const flat = project(graph, context, input).flatMap(({ name, parts }) => {
    if (parts.length === 1) return [name];
    const sizes = graph.integers(parts.map((part) => part.heads * headSize));
    const names = parts.map((part) => `layer.${index}.${part.name}`);
    graph.node('Split', [name, sizes], names, { axis: -1 });
    return names;
  });
  const [flatQuery = '', flatKey = '', value = ''] = flat;
  const query = rotate(graph, context, headNorm(graph, architecture, flatQuery, heads, tensors.queryNorm), heads);
  const key = rotate(graph, context, headNorm(graph, architecture, flatKey, kvHeads, tensors.keyNorm), kvHeads);
  const newKey = exposeRows(graph, key, `delta.${index}.key`, architecture);
  const newValue = exposeRows(graph, value, `delta.${index}.value`, architecture);
  const past = [`past_key_values.${index}.key`, `past_key_values.${index}.value`] as const;
  for (const name of past)
    graph.input(name, graph.activations, ['batch_size', kvHeads, 'past_sequence_length', headSize]);
  return { query, key, value, newKey, newValue, past };
}

/** One product [batch, sequence, heads * size] and what stands side by side in it. */
interface Product {
  readonly name: string;
  readonly parts: readonly { readonly name: 'query' | 'key' | 'value'; readonly heads: number }[];
}

/** Queries, keys and values from one product; where keys and values are packed in a format of their own, from two. */
function project(graph: GraphBuilder, context: LayerContext<unknown>, input: string): readonly Product[] {
  const { architecture, index, tensors, formats } = context;
  const { heads, kvHeads } = architecture;
  const parts: Product['parts'] = [
    { name: 'query', heads },
    { name: 'key', heads: kvHeads },
    { name: 'value', heads: kvHeads },
  ];
  const product = (name: string, from: number, to: number, format: BlockFormat | undefined): Product => ({
    name: linear(graph, {
      input,
      output: `layer.${index}.${name}`,
      weights: tensors.qkv.slice(from, to),
      columns: architecture.hiddenSize,
      format,
      bias: tensors.qkvBias?.slice(from, to),
    }),
    parts: parts.slice(from, to),
  });
  if (formats === undefined || formats.keyValue === formats.query) return [product('qkv', 0, 3, formats?.query)];
  return [product('q', 0, 1, formats.query), product('kv', 1, 3, formats.keyValue)];
}

/** Attention that hands out `present.<index>.key|value`, past and new rows together, for loops that feed them back. */
function attentionForAnyone(
  graph: GraphBuilder,
  layer: Turned & {
    readonly architecture: Architecture;
    readonly index: number;
    readonly plan: LayerPlan;
    readonly shared: SharedValues;
    readonly output: string;
  },
): string {
  const { architecture, index } = layer;
  const { kvHeads, headSize } = architecture;
  const present = [`present.${index}.key`, `present.${index}.value`] as const;
  for (const name of present) {
    graph.output(name, graph.activations, ['batch_size', kvHeads, 'total_sequence_length', headSize]);
  }
  return fusable(architecture)
    ? fusedAttention(graph, { ...layer, present })
    : plainAttention(graph, { ...layer, present });
}

/** Norms each head by itself (Qwen 3, Gemma 3), before rotation. */
function headNorm(
  graph: GraphBuilder,
  architecture: Architecture,
  input: string,
  heads: number,
  weights: Rows | undefined,
): string {
  if (!weights) return input;
  const { headSize } = architecture;
  graph.node('Reshape', [input, graph.integers([0, 0, heads, headSize])], `${input}/heads`);
  norm(graph, architecture, `${input}/heads`, weights, `${input}/normed`);
  return graph.node('Reshape', [`${input}/normed`, graph.integers([0, 0, heads * headSize])], `${input}/flat`);
}

function rotate(
  graph: GraphBuilder,
  context: LayerContext<{ readonly positions: string }>,
  input: string,
  heads: number,
): string {
  const { dimensions } = context.plan.rope;
  const partial = dimensions !== context.architecture.headSize;
  return graph.node('RotaryEmbedding', [input, context.shared.positions, ...context.tables], `${input}/rotated`, {
    interleaved: 0,
    num_heads: partial ? heads : 0,
    rotary_embedding_dim: partial ? dimensions : 0,
  });
}

/** Turns [batch, sequence, heads * size] into the cache's layout and makes it an output of the graph. */
function exposeRows(graph: GraphBuilder, input: string, output: string, architecture: Architecture): string {
  const { kvHeads, headSize } = architecture;
  graph.node('Reshape', [input, graph.integers([0, 0, kvHeads, headSize])], `${output}/heads`);
  graph.node('Transpose', [`${output}/heads`], output, { perm: [0, 2, 1, 3] });
  graph.output(output, graph.activations, ['batch_size', kvHeads, 'sequence_length', headSize]);
  return output;
}
