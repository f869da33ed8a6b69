/**
 * Attention for the product's own loop, which keeps keys and values in its own buffers. The graph only reads them and
 * hands out the new rows, so no step copies the cache. Plain operators beat the fused one here: it always writes a new
 * whole cache, and past 512 tokens that costs more than all weights together (docs/performance.md).
 *
 * Queries are grouped by the key-value head they share: [1, kv heads, group * sequence, size]. Scores against the buffer
 * and against the new rows are computed apart and joined, so that neither set of rows has to be copied to the other.
 */
import type { Architecture, LayerPlan } from './architecture.ts';
import { norm, softcap } from './blocks.ts';
import type { GraphBuilder } from './graphBuilder.ts';
import type { Rows } from './tensors.ts';

/** Names of values that all layers share. */
export interface LoopValues {
  readonly kind: 'loop';
  readonly positions: string; // int64 [1, sequence]
  readonly widths: string; // int64 [2]: rows of the buffer, new rows
  /** float [group * sequence, buffer + new rows]: 0 where a new token may look, else far below every score. */
  readonly bias: (window: number | undefined) => string;
}

/** Far below any score, and still finite in every type: a row of nothing but this makes no NaN. */
const HIDDEN = -1e9;
/** A position after every real one, for rows of the buffer that hold nothing yet. */
const NEVER = 2n ** 40n;

/**
 * Inputs of the loop's graph, beside the cache itself: `position_ids` [1, sequence], the new tokens' own places. The
 * first of them says how many rows of the buffer count.
 */
export function loopValues(graph: GraphBuilder, architecture: Architecture): LoopValues {
  graph.input('position_ids', 'int64', ['batch_size', 'sequence_length']);
  const [zero, one] = [graph.integers(0), graph.integers(1)];
  graph.node('Reshape', ['position_ids', graph.integers([-1])], 'rows');
  graph.node('Gather', ['rows', zero], 'past', { axis: 0 });
  graph.node('Shape', ['rows'], 'new_width');
  graph.node('Shape', ['past_key_values.0.key'], 'buffer', { start: 2, end: 3 });
  graph.node('Concat', ['buffer', 'new_width'], 'widths', { axis: 0 });
  graph.node('Squeeze', ['buffer'], 'buffer_width');
  graph.node('Range', [zero, 'buffer_width', one], 'buffer_columns');
  graph.node('Less', ['buffer_columns', 'past'], 'filled');
  graph.node('Where', ['filled', 'buffer_columns', graph.integers(NEVER)], 'buffer_positions');
  graph.node('Concat', ['buffer_positions', 'rows'], 'columns', { axis: 0 });
  graph.node('Unsqueeze', ['rows', one], 'own');
  graph.node('LessOrEqual', ['columns', 'own'], 'earlier');
  const known = new Map<number | undefined, string>();
  const bias = (window: number | undefined): string => {
    const name = window === undefined ? 'bias' : `bias/${window}`;
    if (known.has(window)) return name;
    known.set(window, name);
    let visible = 'earlier';
    if (window !== undefined) {
      graph.node('Sub', ['own', graph.integers(window)], `${name}/edge`);
      graph.node('Greater', ['columns', `${name}/edge`], `${name}/near`);
      visible = graph.node('And', ['earlier', `${name}/near`], `${name}/visible`);
    }
    graph.node('Where', [visible, graph.real(0), graph.real(HIDDEN)], `${name}/token`);
    // One row per query: the rows of a group follow each other.
    const group = architecture.heads / architecture.kvHeads;
    return graph.node('Tile', [`${name}/token`, graph.integers([group, 1])], name);
  };
  return { kind: 'loop', positions: 'position_ids', widths: 'widths', bias };
}

/** Heads inside a product that belong together. */
export interface Part {
  readonly name: 'query' | 'key' | 'value';
  readonly heads: number;
}

/** One product [1, sequence, heads * size] and what stands side by side in it. */
export interface Product {
  readonly name: string;
  readonly parts: readonly Part[];
}

/** What one layer brings. */
export interface LoopLayer {
  readonly architecture: Architecture;
  readonly index: number;
  readonly plan: LayerPlan;
  readonly tables: readonly [string, string];
  readonly shared: LoopValues;
  readonly queryNorm: Rows | undefined;
  readonly keyNorm: Rows | undefined;
}

/**
 * From the layer's queries, keys and values to what they attend to [1, sequence, heads * size]. Outputs of the graph: `delta.<index>.key|value` [1, kv heads, sequence, size].
 */
export function loopAttention(graph: GraphBuilder, layer: LoopLayer, products: readonly Product[]): string {
  const { architecture, index, plan, shared } = layer;
  const { heads, kvHeads, headSize } = architecture;
  const at = (name: string): string => `layer.${index}.${name}`;
  const [newKey, newValue] = [`delta.${index}.key`, `delta.${index}.value`] as const;
  const [keys, values] = [`past_key_values.${index}.key`, `past_key_values.${index}.value`] as const;
  for (const name of [keys, values]) {
    graph.input(name, graph.activations, ['batch_size', kvHeads, 'past_sequence_length', headSize]);
  }
  for (const name of [newKey, newValue]) {
    graph.output(name, graph.activations, ['batch_size', kvHeads, 'sequence_length', headSize]);
  }
  for (const { name, parts } of products) {
    const all = parts.reduce((sum, part) => sum + part.heads, 0);
    const names = parts.map((part) => (part.name === 'value' ? newValue : at(part.name)));
    const [whole = ''] = parts.length === 1 ? names : [`${name}/by_head`];
    graph.node('Reshape', [name, graph.integers([0, 0, all, headSize])], `${name}/heads`);
    graph.node('Transpose', [`${name}/heads`], whole, { perm: [0, 2, 1, 3] });
    if (parts.length > 1)
      graph.node('Split', [whole, graph.integers(parts.map((part) => part.heads))], names, { axis: 1 });
  }
  const query = rotated(graph, layer, at('query'), layer.queryNorm, at('query/rotated'), heads);
  rotated(graph, layer, at('key'), layer.keyNorm, newKey, kvHeads);
  graph.node('Reshape', [query, graph.integers([1, kvHeads, -1, headSize])], at('grouped'));
  const score = { transA: 0, transB: 1, alpha: { real: architecture.attentionScale } };
  graph.node('FusedMatMul', [at('grouped'), keys], at('scores/past'), score);
  graph.node('FusedMatMul', [at('grouped'), newKey], at('scores/new'), score);
  let scores = graph.node('Concat', [at('scores/past'), at('scores/new')], at('scores'), { axis: -1 });
  if (architecture.attentionSoftcap) scores = softcap(graph, scores, architecture.attentionSoftcap, at('capped'));
  graph.node('Add', [scores, shared.bias(plan.window)], at('masked'));
  graph.node('Softmax', [at('masked')], at('shares'), { axis: -1 });
  graph.node('Split', [at('shares'), shared.widths], [at('shares/past'), at('shares/new')], { axis: -1 });
  graph.node('MatMul', [at('shares/past'), values], at('mixed/past'));
  graph.node('MatMul', [at('shares/new'), newValue], at('mixed/new'));
  graph.node('Add', [at('mixed/past'), at('mixed/new')], at('mixed'));
  graph.node('Reshape', [at('mixed'), graph.integers([1, heads, -1, headSize])], at('attended/by_head'));
  graph.node('Transpose', [at('attended/by_head')], at('attended/heads'), { perm: [0, 2, 1, 3] });
  return graph.node('Reshape', [at('attended/heads'), graph.integers([0, 0, heads * headSize])], at('attended'));
}

/** Norms each head by itself where the family does (Qwen 3, Gemma 3), then turns it by its position. */
function rotated(
  graph: GraphBuilder,
  { architecture, plan, tables, shared }: LoopLayer,
  input: string, // [1, heads, sequence, size]
  weights: Rows | undefined,
  output: string,
  heads: number,
): string {
  const { dimensions } = plan.rope;
  const partial = dimensions !== architecture.headSize;
  const normed = weights ? norm(graph, architecture, input, weights, `${input}/normed`) : input;
  return graph.node('RotaryEmbedding', [normed, shared.positions, ...tables], output, {
    interleaved: 0,
    num_heads: partial ? heads : 0,
    rotary_embedding_dim: partial ? dimensions : 0,
  });
}
