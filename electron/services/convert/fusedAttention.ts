import type { Architecture, LayerPlan } from './architecture.ts';
import type { GraphBuilder } from './graphBuilder.ts';

/** One layer's queries, keys and values, projected, normed and rotated. */
export interface Turned {
  readonly query: string; // [batch, sequence, heads * size]
  readonly key: string; // [batch, sequence, kv heads * size]
  readonly value: string;
  readonly newKey: string; // [batch, kv heads, sequence, size]
  readonly newValue: string;
  readonly past: readonly [string, string]; // [batch, kv heads, at least the past's tokens, size]
}

/** Head sizes the operator takes: those that fill whole vectors. */
const HEAD_STEP = 16;

/** Whether `fusedAttention` can be used; plain operators do the same for the others. */
export function fusable({ headSize }: Architecture): boolean {
  return headSize % HEAD_STEP === 0;
}

/** Attention in one operator; answers [batch, sequence, heads * size]. It writes a whole new cache under `present`. */
export function fusedAttention(
  graph: GraphBuilder,
  layer: Turned & {
    readonly architecture: Architecture;
    readonly plan: LayerPlan;
    readonly present: readonly [string, string];
    readonly shared: {
      readonly lastPosition: string; // int32 [batch]: past + new tokens - 1
      readonly totalLength: string; // int32 scalar: past + new tokens
    };
    readonly output: string;
  },
): string {
  const { architecture, shared } = layer;
  return graph.node(
    'GroupQueryAttention',
    [layer.query, layer.key, layer.value, ...layer.past, shared.lastPosition, shared.totalLength],
    [layer.output, ...layer.present],
    {
      num_heads: architecture.heads,
      kv_num_heads: architecture.kvHeads,
      scale: { real: architecture.attentionScale },
      softcap: { real: architecture.attentionSoftcap },
      local_window_size: layer.plan.window ?? -1,
      do_rotary: 0,
      rotary_interleaved: 0,
    },
  );
}
