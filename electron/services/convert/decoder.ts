import type { Activation, Architecture, Rope } from './architecture.ts';
import { attention, type SharedValues } from './attention.ts';
import { addAndNorm, linear, norm, packedLinear, plainLinear, type Residual, softcap } from './blocks.ts';
import { GraphBuilder, type GraphPlan } from './graphBuilder.ts';
import { loopValues, type LoopValues } from './loopAttention.ts';
import { fittedTo } from './packing/format.ts';
import type { Recipe } from './recipe.ts';
import { EMBEDDING, FINAL_NORM, HEAD, layerTensors, type LayerTensors } from './tensors.ts';

const END_OF_AXIS = 2n ** 63n - 1n;

/**
 * Plans the whole decoder for positions [0, contextLength): graph bytes and everything to write beside them. Pure and
 * deterministic; sizes are exact, so it also serves as the estimate before a download.
 *
 * Beside the graph for anyone there is one for our own loop on CPUs and one that computes in half precision for GPUs,
 * over the same data file. Models stored in half precision are for GPUs already, so they have neither.
 */
export function planDecoder(architecture: Architecture, recipe: Recipe, contextLength: number): GraphPlan {
  const plan = planGraph(architecture, recipe, contextLength, 'anyone');
  if (recipe.activations !== 'float') return plan;
  const loop = planGraph(architecture, recipe, contextLength, 'loop');
  if (loop.dataBytes !== plan.dataBytes) throw new Error('The two graphs of one model lay its data out differently');
  const half = computesInHalf(architecture, recipe)
    ? planGraph(architecture, { ...recipe, activations: 'float16' }, contextLength, 'anyone', recipe.activations)
    : undefined;
  if (half && half.dataBytes !== plan.dataBytes) throw new Error('Half precision lays the data out differently');
  return { ...plan, loopGraph: loop.graph, ...(half && { halfGraph: half.graph }) };
}

/**
 * Plain weights would have to be converted in memory, all of them. Gemma's streams were trained with the range of
 * bfloat16 and leave that of half precision.
 */
function computesInHalf(architecture: Architecture, recipe: Recipe): boolean {
  return recipe.formats !== undefined && architecture.embeddingScale === 1;
}

function planGraph(
  architecture: Architecture,
  recipe: Recipe,
  contextLength: number,
  user: 'anyone' | 'loop',
  stored = recipe.activations,
): GraphPlan {
  const graph = new GraphBuilder(recipe.activations, `${recipe.file}_data`, stored);
  graph.input('input_ids', 'int64', ['batch_size', 'sequence_length']);
  graph.input('num_logits_to_keep', 'int64', []);
  graph.output('logits', 'float', ['batch_size', 'num_logits', architecture.vocabSize]);
  const shared: SharedValues | LoopValues = user === 'loop' ? loopValues(graph, architecture) : sharedValues(graph);
  const embedding = embed(graph, architecture, recipe);
  const tables = new Map<Rope, readonly [string, string]>();
  let stream: Residual = { base: embedding.output, added: undefined };
  architecture.layers.forEach((plan, index) => {
    const table = tables.get(plan.rope) ?? graph.ropeTables(`rope.${tables.size}`, plan.rope, contextLength);
    tables.set(plan.rope, table);
    const tensors = layerTensors(architecture, index);
    const at = (name: string): string => `layer.${index}.${name}`;
    const before = addAndNorm(graph, architecture, stream, tensors.inputNorm, at('input'));
    const context = { architecture, index, plan, tensors, tables: table, shared, formats: recipe.formats };
    let added = attention(graph, context, before.normed);
    if (tensors.attentionNorm) added = norm(graph, architecture, added, tensors.attentionNorm, at('attention_normed'));
    stream = { base: before.stream.base, added };
    const between = addAndNorm(graph, architecture, stream, tensors.feedForwardNorm, at('middle'));
    added = feedForward(graph, architecture, tensors, recipe, between.normed, index);
    if (tensors.outputNorm) added = norm(graph, architecture, added, tensors.outputNorm, at('output_normed'));
    stream = { base: between.stream.base, added };
  });
  const finalNorm = { tensor: FINAL_NORM, first: 0, rows: architecture.hiddenSize };
  const { normed } = addAndNorm(graph, architecture, stream, finalNorm, 'final');
  head(graph, architecture, recipe, lastPositions(graph, normed), embedding.weights);
  return graph.finish();
}

/** Lengths and positions, derived from the shapes of the inputs; there is no padding, so the mask only has a length. */
function sharedValues(graph: GraphBuilder): SharedValues {
  graph.input('attention_mask', 'int64', ['batch_size', 'total_sequence_length']);
  const one = graph.integers(1);
  graph.node('ReduceSum', ['attention_mask', graph.integers([1])], 'mask_sum', { keepdims: 0 });
  graph.node('Sub', ['mask_sum', graph.integers([1])], 'last_position64');
  graph.node('Cast', ['last_position64'], 'last_position', { to: 6 });
  graph.node('Shape', ['attention_mask'], 'mask_shape');
  graph.node('Gather', ['mask_shape', one], 'total', { axis: 0 });
  graph.node('Cast', ['total'], 'total_length', { to: 6 });
  graph.node('Shape', ['input_ids'], 'input_shape');
  graph.node('Gather', ['input_shape', one], 'sequence', { axis: 0 });
  graph.node('Sub', ['total', 'sequence'], 'past');
  graph.node('Range', ['past', 'total', one], 'position_list');
  graph.node('Unsqueeze', ['position_list', graph.integers([0])], 'positions');
  return {
    kind: 'anyone',
    positions: 'positions',
    past: 'past',
    total: 'total',
    lastPosition: 'last_position',
    totalLength: 'total_length',
  };
}

/** Looks up embeddings; answers the names of the weights too, for a head that shares them. */
function embed(
  graph: GraphBuilder,
  architecture: Architecture,
  recipe: Recipe,
): { readonly output: string; readonly weights: readonly string[] } {
  const { vocabSize, hiddenSize, embeddingScale } = architecture;
  const rows = [{ tensor: EMBEDDING, first: 0, rows: vocabSize }];
  const found = embeddingScale === 1 ? 'embedded' : 'embedded/plain';
  let weights: readonly string[];
  if (recipe.formats) {
    const head = fittedTo(recipe.formats.head, hiddenSize);
    weights = graph.packed('embedding', rows, hiddenSize, head);
    const [data = '', ...rest] = weights;
    const { bits, block } = head;
    const width = Math.ceil(hiddenSize / block) * block;
    const flat = graph.alias('embedding/flat', data, 'uint8', [vocabSize, (width * bits) / 8]);
    const gathered = width === hiddenSize ? found : 'embedded/whole_blocks';
    graph.node('GatherBlockQuantized', [flat, 'input_ids', ...rest], gathered, {
      bits,
      block_size: block,
      gather_axis: 0,
      quantize_axis: 1,
    });
    const bounds = [0, hiddenSize, 2].map((bound) => graph.integers([bound]));
    if (width !== hiddenSize) graph.node('Slice', [gathered, ...bounds], found);
  } else {
    weights = [graph.numbers('embedding', rows, [vocabSize, hiddenSize])];
    graph.node('Gather', [...weights, 'input_ids'], found, { axis: 0 });
  }
  if (embeddingScale !== 1) graph.node('Mul', [found, graph.real(embeddingScale)], 'embedded');
  return { output: 'embedded', weights };
}

function feedForward(
  graph: GraphBuilder,
  architecture: Architecture,
  tensors: LayerTensors,
  recipe: Recipe,
  input: string,
  index: number,
): string {
  const at = (name: string): string => `layer.${index}.${name}`;
  const wide = { input, columns: architecture.hiddenSize, format: recipe.formats?.gateUp };
  const bias = (rows: LayerTensors['gateBias']): { bias: LayerTensors['gate'][] | undefined } => ({
    bias: rows && [rows],
  });
  const gate = linear(graph, { ...wide, output: at('gate'), weights: [tensors.gate], ...bias(tensors.gateBias) });
  const up = linear(graph, { ...wide, output: at('up'), weights: [tensors.up], ...bias(tensors.upBias) });
  const active = activate(graph, architecture.activation, gate);
  graph.node('Mul', [active, up], at('wide'));
  return linear(graph, {
    input: at('wide'),
    output: at('down'),
    weights: [tensors.down],
    columns: architecture.intermediateSize,
    format: recipe.formats?.down,
    ...bias(tensors.downBias),
  });
}

function activate(graph: GraphBuilder, activation: Activation, input: string): string {
  if (activation !== 'silu') {
    return graph.node('Gelu', [input], `${input}/active`, { approximate: activation === 'gelu' ? 'none' : 'tanh' });
  }
  graph.node('Sigmoid', [input], `${input}/open`);
  return graph.node('Mul', [input, `${input}/open`], `${input}/active`);
}

/** Keeps the last `num_logits_to_keep` positions; 0 keeps all, since a slice from -0 starts at the front. */
function lastPositions(graph: GraphBuilder, input: string): string {
  graph.node('Neg', ['num_logits_to_keep'], 'keep_from_scalar');
  graph.node('Reshape', ['keep_from_scalar', graph.integers([1])], 'keep_from');
  return graph.node('Slice', [input, 'keep_from', graph.integers([END_OF_AXIS]), graph.integers([1])], 'kept');
}

function head(
  graph: GraphBuilder,
  architecture: Architecture,
  recipe: Recipe,
  input: string,
  embedding: readonly string[],
): void {
  const { vocabSize: rows, hiddenSize: columns, tied, logitSoftcap } = architecture;
  const weights = [{ tensor: HEAD, first: 0, rows }];
  const format = recipe.formats && fittedTo(recipe.formats.head, columns);
  const half = recipe.activations === 'float16';
  const output = logitSoftcap || half ? 'head' : 'logits';
  if (!tied) linear(graph, { input, output, weights, columns, format });
  else if (format) packedLinear(graph, { input, output, parts: embedding, rows, columns, format });
  else plainLinear(graph, input, embedding[0] ?? '', output);
  const capped = half ? 'head/capped' : 'logits';
  if (logitSoftcap) softcap(graph, output, logitSoftcap, capped);
  // Sampling works on float32 whatever the layers use.
  if (half) graph.node('Cast', [logitSoftcap ? capped : output], 'logits', { to: 1 });
}
