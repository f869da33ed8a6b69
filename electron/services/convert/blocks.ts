import type { Architecture } from './architecture.ts';
import type { GraphBuilder } from './graphBuilder.ts';
import { type BlockFormat, fittedTo } from './packing/format.ts';
import { isSpread, SPREAD, spreadSigns } from './packing/spread.ts';
import type { Rows } from './tensors.ts';

/** int8 activations against packed weights: the only fast kernel for 8 bits, twice as fast as the others for 4. */
const ACCURACY_LEVEL = 4;

/** A linear layer: `output = input x weights^T + bias`, weights [rows, columns] as the official files store them. */
export function linear(
  graph: GraphBuilder,
  options: {
    readonly input: string;
    readonly output: string;
    readonly weights: readonly Rows[];
    readonly columns: number;
    readonly format: BlockFormat | undefined;
    readonly bias?: readonly Rows[] | undefined;
  },
): string {
  const { input, output, weights, columns } = options;
  const format = options.format && fittedTo(options.format, columns);
  const rows = weights.reduce((total, part) => total + part.rows, 0);
  const bias = options.bias ? graph.numbers(`${output}/bias`, options.bias, [rows]) : undefined;
  if (!format)
    return plainLinear(graph, input, graph.numbers(`${output}/weights`, weights, [rows, columns]), output, bias);
  return packedLinear(graph, {
    input,
    output,
    parts: graph.packed(output, weights, columns, format),
    rows,
    columns,
    format,
    bias,
  });
}

/** A linear layer over plain weights [rows, columns]. */
export function plainLinear(
  graph: GraphBuilder,
  input: string,
  weights: string,
  output: string,
  bias?: string,
): string {
  // FusedMatMul reads the official layout as it is; a plain MatMul would need every matrix turned around.
  const product = bias ? `${output}/product` : output;
  graph.node('FusedMatMul', [input, weights], product, { transA: 0, transB: 1, alpha: { real: 1 } });
  return bias ? graph.node('Add', [product, bias], output) : product;
}

/** A linear layer over packed weights; `parts` are the names of data, scales and perhaps zero points. */
export function packedLinear(
  graph: GraphBuilder,
  options: {
    readonly input: string;
    readonly output: string;
    readonly parts: readonly string[];
    readonly rows: number;
    readonly columns: number;
    readonly format: BlockFormat;
    readonly bias?: string | undefined;
  },
): string {
  const { format, bias } = options;
  const input = isSpread(format, options.columns) ? spread(graph, options) : options.input;
  const inputs = [input, ...options.parts];
  // Inputs 3 to 5 are zero points, group index (never used) and bias.
  if (bias) inputs.push(...Array.from({ length: 5 - inputs.length }, () => ''), bias);
  return graph.node('MatMulNBits', inputs, options.output, {
    K: options.columns,
    N: options.rows,
    bits: format.bits,
    block_size: format.block,
    accuracy_level: ACCURACY_LEVEL,
  });
}

/** Spreads each group of activations as the columns of the weights were; see packing/spread.ts. */
function spread(
  graph: GraphBuilder,
  { input, output, columns }: { readonly input: string; readonly output: string; readonly columns: number },
): string {
  const signs = graph.reals('spread', [SPREAD, SPREAD], spreadSigns());
  graph.node('Reshape', [input, graph.integers([0, 0, columns / SPREAD, SPREAD])], `${output}/groups`);
  graph.node('MatMul', [`${output}/groups`, signs], `${output}/spread`);
  return graph.node('Reshape', [`${output}/spread`, graph.integers([0, 0, columns])], `${output}/input`);
}

/** A root-mean-square norm over the last axis. */
export function norm(
  graph: GraphBuilder,
  architecture: Architecture,
  input: string,
  weights: Rows,
  output: string,
): string {
  const scale = graph.numbers(`${output}/weights`, [weights], [weights.rows], architecture.normPlusOne ? 1 : 0);
  return graph.node('SimplifiedLayerNormalization', [input, scale], output, {
    axis: -1,
    epsilon: { real: architecture.normEpsilon },
    stash_type: 1,
  });
}

/** The residual stream between two sublayers: `base` plus what the last sublayer added, not summed yet. */
export interface Residual {
  readonly base: string;
  readonly added: string | undefined;
}

/** Sums the residual stream and norms the sum in one operator; answers the normed values and the stream from here on. */
export function addAndNorm(
  graph: GraphBuilder,
  architecture: Architecture,
  stream: Residual,
  weights: Rows,
  output: string,
): { readonly normed: string; readonly stream: Residual } {
  if (stream.added === undefined) return { normed: norm(graph, architecture, stream.base, weights, output), stream };
  const scale = graph.numbers(`${output}/weights`, [weights], [weights.rows], architecture.normPlusOne ? 1 : 0);
  const sum = `${output}/sum`;
  graph.node('SkipSimplifiedLayerNormalization', [stream.base, stream.added, scale], [output, '', '', sum], {
    epsilon: { real: architecture.normEpsilon },
  });
  return { normed: output, stream: { base: sum, added: undefined } };
}

/** Caps values softly: `cap * tanh(x / cap)`. */
export function softcap(graph: GraphBuilder, input: string, cap: number, output: string): string {
  const limit = graph.real(cap);
  graph.node('Div', [input, limit], `${output}/divided`);
  graph.node('Tanh', [`${output}/divided`], `${output}/bent`);
  return graph.node('Mul', [`${output}/bent`, limit], output);
}
