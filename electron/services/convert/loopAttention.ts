/**
 * Attention for the product's own loop, which keeps keys and values in its own buffers. The graph only reads them and
 * hands out the new rows, so no step copies the cache. Plain operators beat the fused one here: it always writes a new
 * whole cache, and past 512 tokens that costs more than all weights together (docs/performance.md).
 *
 * Queries are grouped by the key-value head they share: [1, kv heads, group * sequence, size]. Scores against the buffer
 * and against the new rows are computed apart and joined, so that neither set of rows has to be copied to the other.
 */
import type { Architecture, LayerPlan } from './architecture.ts';
import { softcap } from './blocks.ts';
import { fusable, fusedAttention, type Turned } from './fusedAttention.ts';
import type { GraphBuilder } from './graphBuilder.ts';

/** Names of values that all layers share. */
export interface LoopValues {
  readonly kind: 'loop';
  readonly positions: string; // int64 [1, sequence]
  readonly widths: string; // int64 [2]: rows of the buffer, new rows
  readonly many: string; // bool scalar: enough new tokens for the fused operator
  readonly lastPosition: string; // int32 [1]: past + new tokens - 1
  readonly totalLength: string; // int32 scalar: past + new tokens
  /** float [group * sequence, buffer + new rows]: 0 where a new token may look, else far below every score. */
  readonly bias: (window: number | undefined) => string;
}

/** Far below any score, and still finite in every type: a row of nothing but this makes no NaN. */
const HIDDEN = -1e9;
/** New tokens from which on writing a whole new cache costs less than keeping all their scores. */
const MANY = 32;
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
  graph.node('Squeeze', ['new_width'], 'new_count');
  graph.node('GreaterOrEqual', ['new_count', graph.integers(MANY)], 'many');
  graph.node('Add', ['past', 'new_width'], 'total');
  graph.node('Sub', ['total', graph.integers([1])], 'last_position64');
  graph.node('Cast', ['last_position64'], 'last_position', { to: 6 });
  graph.node('Squeeze', ['total'], 'total64');
  graph.node('Cast', ['total64'], 'total_length', { to: 6 });
  graph.node('Range', [zero, 'buffer_width', one], 'buffer_columns');
  graph.node('Less', ['buffer_columns', 'past'], 'filled');
  graph.node('Where', ['filled', 'buffer_columns', graph.integers(NEVER)], 'buffer_positions');
  graph.node('Concat', ['buffer_positions', 'rows'], 'columns', { axis: 0 });
  graph.node('Unsqueeze', ['rows', one], 'own');
  graph.node('LessOrEqual', ['columns', 'own'], 'earlier');
  const known = new Map<number | undefined, string>();
  const bias = (window: number | undefined): string => {
    const found = known.get(window) ?? makeBias(window);
    known.set(window, found);
    return found;
  };
  const makeBias = (window: number | undefined): string => {
    const name = window === undefined ? 'bias' : `bias/${window}`;
    let visible = 'earlier';
    if (window !== undefined) {
      graph.node('Sub', ['own', graph.integers(window)], `${name}/edge`);
      graph.node('Greater', ['columns', `${name}/edge`], `${name}/near`);
      visible = graph.node('And', ['earlier', `${name}/near`], `${name}/visible`);
    }
    const group = architecture.heads / architecture.kvHeads;
    const perQuery = (): string => {
      graph.node('Where', [visible, graph.real(0), graph.real(HIDDEN)], `${name}/token`);
      // The queries of a group follow each other.
      return graph.node('Tile', [`${name}/token`, graph.integers([group, 1])], `${name}/query`);
    };
    if (!fusable(architecture)) return perQuery();
    const nothing = graph.reals('no_bias', [1, 1], Float32Array.of(0)); // the fused operator has its own
    const lists = { yes: () => graph.node('Identity', [nothing], `${name}/none`), no: perQuery };
    return graph.choose('many', name, ['queries', 'columns'], lists);
  };
  return {
    kind: 'loop',
    positions: 'position_ids',
    widths: 'widths',
    many: 'many',
    lastPosition: 'last_position',
    totalLength: 'total_length',
    bias,
  };
}

/** What one layer brings. */
export interface LoopLayer extends Turned {
  readonly architecture: Architecture;
  readonly index: number;
  readonly plan: LayerPlan;
  readonly shared: LoopValues;
  readonly output: string;
}

/** Attention of one layer; answers [1, sequence, heads * size]. */
export function loopAttention(graph: GraphBuilder, layer: LoopLayer): string {
  const { architecture, output, shared } = layer;
  const bias = shared.bias(layer.plan.window); // all layers share it, so it must not become part of a list
  const present = [`${output}/keys`, `${output}/values`] as const; // nobody reads them, but they have to have names
  if (!fusable(architecture)) return fewTokens(graph, layer, bias, output);
  return graph.choose(shared.many, output, [1, 'sequence_length', architecture.heads * architecture.headSize], {
    yes: () => fusedAttention(graph, { ...layer, present, output: `${output}/many` }),
    no: () => fewTokens(graph, layer, bias, `${output}/few`),
  });
}

function fewTokens(graph: GraphBuilder, layer: LoopLayer, bias: string, output: string): string {
  const { architecture, shared, newKey, newValue } = layer;
  const { heads, kvHeads, headSize } = architecture;
  const [keys, values] = layer.past;
  const at = (name: string): string => `${output}/${name}`;
  graph.node('Reshape', [layer.query, graph.integers([0, 0, heads, headSize])], at('heads'));
  graph.node('Transpose', [at('heads')], at('by_head'), { perm: [0, 2, 1, 3] });
  graph.node('Reshape', [at('by_head'), graph.integers([1, kvHeads, -1, headSize])], at('grouped'));
  const score = { transA: 0, transB: 1, alpha: { real: architecture.attentionScale } };
  graph.node('FusedMatMul', [at('grouped'), keys], at('scores/past'), score);
  graph.node('FusedMatMul', [at('grouped'), newKey], at('scores/new'), score);
  let scores = graph.node('Concat', [at('scores/past'), at('scores/new')], at('scores'), { axis: -1 });
  if (architecture.attentionSoftcap) scores = softcap(graph, scores, architecture.attentionSoftcap, at('capped'));
  graph.node('Add', [scores, bias], at('masked'));
  graph.node('Softmax', [at('masked')], at('shares'), { axis: -1 });
  graph.node('Split', [at('shares'), shared.widths], [at('shares/past'), at('shares/new')], { axis: -1 });
  graph.node('MatMul', [at('shares/past'), values], at('mixed/past'));
  graph.node('MatMul', [at('shares/new'), newValue], at('mixed/new'));
  graph.node('Add', [at('mixed/past'), at('mixed/new')], at('mixed'));
  graph.node('Reshape', [at('mixed'), graph.integers([1, heads, -1, headSize])], at('mixed/by_head'));
  graph.node('Transpose', [at('mixed/by_head')], at('mixed/heads'), { perm: [0, 2, 1, 3] });
  return graph.node('Reshape', [at('mixed/heads'), graph.integers([0, 0, heads * headSize])], output);
}
