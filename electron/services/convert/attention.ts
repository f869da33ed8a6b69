import type { Architecture, LayerPlan } from './architecture.ts';
import { linear, norm } from './blocks.ts';
import type { GraphBuilder } from './graphBuilder.ts';
import { loopAttention, type LoopValues, type Part, type Product } from './loopAttention.ts';
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

/** Fused attention works on head sizes that fill whole vectors; the others go through plain operators. */
const FUSED_HEAD_STEP = 16;

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
  const { architecture, index, tensors, shared, formats } = context;
  const products = project(graph, context, input);
  const attended =
    shared.kind === 'loop'
      ? loopAttention(graph, { ...context, shared, ...tensors }, products)
      : fusedAttention(graph, { ...context, shared }, products);
  return linear(graph, {
    input: attended,
    output: `layer.${index}.attention`,
    weights: [tensors.output],
    columns: architecture.heads * architecture.headSize,
    format: formats?.attentionOutput,
    bias: tensors.outputBias && [tensors.outputBias],
  });
}

/** Queries, keys and values from one product; where values are packed in a format of their own, from two. */
function project(graph: GraphBuilder, context: LayerContext<unknown>, input: string): readonly Product[] {
  const { architecture, index, tensors, formats } = context;
  const { heads, kvHeads } = architecture;
  const parts: readonly Part[] = [
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
  if (formats === undefined || formats.value === formats.queryKey) return [product('qkv', 0, 3, formats?.queryKey)];
  return [product('qk', 0, 2, formats.queryKey), product('v', 2, 3, formats.value)];
}

/**
 * Attention for anyone. Outputs, besides the answer:
 * `delta.<index>.key|value` = only the new rows [batch, kv heads, sequence, head size], for a loop that owns its cache;
 * `present.<index>.key|value` = past and new rows together, for loops that feed them back.
 */
function fusedAttention(
  graph: GraphBuilder,
  context: LayerContext<SharedValues>,
  products: readonly Product[],
): string {
  const { architecture, index, plan, tensors, shared } = context;
  const { heads, kvHeads, headSize } = architecture;
  const at = (name: string): string => `layer.${index}.${name}`;
  const flat = products.flatMap(({ name, parts }) => {
    if (parts.length === 1) return [name];
    const sizes = graph.integers(parts.map((part) => part.heads * headSize));
    const names = parts.map((part) => at(part.name));
    graph.node('Split', [name, sizes], names, { axis: -1 });
    return names;
  });
  const [flatQuery = '', flatKey = '', value = ''] = flat;
  const query = rotate(graph, context, headNorm(graph, architecture, flatQuery, heads, tensors.queryNorm), heads);
  const key = rotate(graph, context, headNorm(graph, architecture, flatKey, kvHeads, tensors.keyNorm), kvHeads);
  const newKey = exposeRows(graph, key, `delta.${index}.key`, architecture);
  const newValue = exposeRows(graph, value, `delta.${index}.value`, architecture);
  const past = [`past_key_values.${index}.key`, `past_key_values.${index}.value`] as const;
  const present = [`present.${index}.key`, `present.${index}.value`] as const;
  for (const name of past)
    graph.input(name, graph.activations, ['batch_size', kvHeads, 'past_sequence_length', headSize]);
  for (const name of present) {
    graph.output(name, graph.activations, ['batch_size', kvHeads, 'total_sequence_length', headSize]);
  }
  if (headSize % FUSED_HEAD_STEP !== 0) {
    const plain = { architecture, plan, shared, past, present, query, newKey, newValue, output: at('attended') };
    return plainAttention(graph, plain);
  }
  return graph.node(
    'GroupQueryAttention',
    [query, key, value, ...past, shared.lastPosition, shared.totalLength],
    [at('attended'), ...present],
    {
      num_heads: heads,
      kv_num_heads: kvHeads,
      scale: { real: architecture.attentionScale },
      softcap: { real: architecture.attentionSoftcap },
      local_window_size: plan.window ?? -1,
      do_rotary: 0,
      rotary_interleaved: 0,
    },
  );
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
  context: {
    readonly architecture: Architecture;
    readonly plan: LayerPlan;
    readonly tables: readonly [string, string];
    readonly shared: SharedValues;
  },
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
