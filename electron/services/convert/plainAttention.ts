import type { Architecture, LayerPlan } from './architecture.ts';
import type { SharedValues } from './attention.ts';
import { softcap } from './blocks.ts';
import type { GraphBuilder } from './graphBuilder.ts';

/**
 * Attention from standard operators, for head sizes the fused operator refuses. Query heads are grouped by the key-value
 * head they share: [kv heads, group, sequence, size]. The past may be longer than its filled part, as for the fused one.
 */
export function plainAttention(
  graph: GraphBuilder,
  options: {
    readonly architecture: Architecture;
    readonly plan: LayerPlan;
    readonly shared: SharedValues;
    readonly past: readonly [string, string];
    readonly present: readonly [string, string];
    readonly query: string; // [batch, sequence, heads * size], rotated
    readonly newKey: string; // [batch, kv heads, sequence, size], rotated
    readonly newValue: string;
    readonly output: string; // [batch, sequence, heads * size]
  },
): string {
  const { architecture, shared, past, present, output } = options;
  const { heads, kvHeads, headSize } = architecture;
  const at = (name: string): string => `${output}/${name}`;
  const filled = graph.node('Unsqueeze', [shared.past, graph.integers([0])], at('filled'));
  const joined = [options.newKey, options.newValue].map((rows, i) => {
    const [pastName = '', presentName = ''] = [past[i], present[i]];
    const bounds = [graph.integers([0]), filled, graph.integers([2])];
    graph.node('Slice', [pastName, ...bounds], `${presentName}/past`);
    graph.node('Concat', [`${presentName}/past`, rows], presentName, { axis: 2 });
    return graph.node('Unsqueeze', [presentName, graph.integers([2])], `${presentName}/shared`);
  });
  const [keys = '', values = ''] = joined;
  graph.node('Mul', [options.query, graph.real(architecture.attentionScale)], at('scaled'));
  const grouped = graph.integers([0, 0, kvHeads, heads / kvHeads, headSize]);
  graph.node('Reshape', [at('scaled'), grouped], at('grouped'));
  graph.node('Transpose', [at('grouped')], at('queries'), { perm: [0, 2, 3, 1, 4] });
  graph.node('Transpose', [keys], at('keys'), { perm: [0, 1, 2, 4, 3] });
  let scores = graph.node('MatMul', [at('queries'), at('keys')], at('scores'));
  if (architecture.attentionSoftcap) scores = softcap(graph, scores, architecture.attentionSoftcap, at('capped'));
  const visible = visibility(graph, options.plan, shared, at('visible'));
  graph.node('Where', [visible, scores, graph.real(-10_000)], at('masked'));
  graph.node('Softmax', [at('masked')], at('shares'), { axis: -1 });
  graph.node('MatMul', [at('shares'), values], at('mixed'));
  graph.node('Transpose', [at('mixed')], at('ordered'), { perm: [0, 3, 1, 2, 4] });
  return graph.node('Reshape', [at('ordered'), graph.integers([0, 0, heads * headSize])], output);
}

/** bool [sequence, total]: which earlier token each new token may look at. */
function visibility(graph: GraphBuilder, plan: LayerPlan, shared: SharedValues, output: string): string {
  graph.node('Range', [graph.integers(0), shared.total, graph.integers(1)], `${output}/columns`);
  graph.node('Range', [shared.past, shared.total, graph.integers(1)], `${output}/own`);
  graph.node('Unsqueeze', [`${output}/own`, graph.integers([1])], `${output}/rows`);
  const earlier = plan.window === undefined ? output : `${output}/earlier`;
  graph.node('LessOrEqual', [`${output}/columns`, `${output}/rows`], earlier);
  if (plan.window === undefined) return output;
  graph.node('Sub', [`${output}/rows`, graph.integers(plan.window)], `${output}/edge`);
  graph.node('Greater', [`${output}/columns`, `${output}/edge`], `${output}/near`);
  return graph.node('And', [earlier, `${output}/near`], output);
}
