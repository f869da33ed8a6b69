import type { Dtype } from '../../contract/model.ts';
import type { Architecture } from './architecture.ts';
import { planDecoder } from './decoder.ts';
import { recipeFor } from './recipe.ts';
import { defaultContext } from './rope.ts';
import { countParameters } from './tensors.ts';

/** Position tables longer than this cost more disk than anybody's memory can use as a KV cache. */
export const MOST_CONTEXT = 131_072;

/** What a conversion will make, known from config.json alone. */
export interface ConversionEstimate {
  readonly parameters: number;
  /** Exact size of the graph and its data; the small text files come on top. */
  readonly outputBytes: number;
  /** What the official weights weigh at two bytes each, as nearly all are published. */
  readonly sourceBytes: number;
  /** Positions that the converted model will cover, in tokens. */
  readonly contextLength: number;
}

/** Tokens the converted model covers: what was asked for, or all the model was made for, within MOST_CONTEXT. */
export function contextFor(architecture: Architecture, wish?: number): number {
  const ropes = architecture.layers.map((layer) => layer.rope);
  if (wish !== undefined) return Math.min(wish, architecture.contextLength, MOST_CONTEXT);
  return defaultContext(ropes, architecture.contextLength, MOST_CONTEXT);
}

/** Plans a conversion without weights and reads its size off the plan. */
export function estimateConversion(
  architecture: Architecture,
  dtype: Dtype,
  contextLength?: number,
): ConversionEstimate {
  const context = contextFor(architecture, contextLength);
  const plan = planDecoder(architecture, recipeFor(dtype), context);
  const parameters = countParameters(architecture);
  return {
    parameters,
    outputBytes: plan.graph.length + (plan.loopGraph?.length ?? 0) + (plan.halfGraph?.length ?? 0) + plan.dataBytes,
    sourceBytes: parameters * 2,
    contextLength: context,
  };
}
