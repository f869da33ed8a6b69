import type { Architecture, LayerPlan } from './architecture.ts';
import type { Checkpoint } from './checkpoint.ts';
import { throwIfCancelled } from './conversionError.ts';
import { decodeWeights } from './dtypes.ts';
import { activate, attend, multiply, rmsNorm, rotate, splitColumns, sumInto } from './officialMath.ts';
import { inverseFrequencies, ropeMagnitude, ropeRows } from './rope.ts';
import { EMBEDDING, FINAL_NORM, HEAD, type LayerTensors, layerTensors, type Rows } from './tensors.ts';

/** Weights in memory at once: 4 MB as float32, so that a matrix of any size costs the same memory. */
const WEIGHTS_AT_ONCE = 1_048_576;

interface Walk {
  readonly checkpoint: Checkpoint;
  readonly architecture: Architecture;
  /** What the position tables were made for; longrope depends on it. */
  readonly contextLength: number;
  readonly onRead: (weights: number) => void;
  readonly signal: AbortSignal | undefined;
}

/**
 * What the official weights themselves say: logits [ids.length, vocabulary] of a short text, in float32 and float64,
 * without any graph, quantization or runtime. Reads every weight once, in pieces; about one second per thousand million
 * weights and position. Throws ConversionError.
 */
export async function officialLogits(walk: Walk, ids: readonly number[]): Promise<Float32Array> {
  const { architecture } = walk;
  const { hiddenSize, embeddingScale, logitSoftcap, vocabSize } = architecture;
  const stream = new Float64Array(ids.length * hiddenSize);
  for (const [position, id] of ids.entries()) {
    const row = await read(walk, { tensor: EMBEDDING, first: id, rows: 1 }, 1);
    stream.set(
      row.map((weight) => weight * embeddingScale),
      position * hiddenSize,
    );
  }
  for (const [index, plan] of architecture.layers.entries()) await addLayer(walk, plan, index, stream);
  const final = await norm(walk, stream, { tensor: FINAL_NORM, first: 0, rows: hiddenSize });
  const head = { tensor: architecture.tied ? EMBEDDING : HEAD, first: 0, rows: vocabSize };
  const logits = await product(walk, final, [head], hiddenSize);
  return Float32Array.from(logits, (value) => (logitSoftcap ? logitSoftcap * Math.tanh(value / logitSoftcap) : value));
}

async function addLayer(walk: Walk, plan: LayerPlan, index: number, stream: Float64Array): Promise<void> {
  const { architecture } = walk;
  const { hiddenSize, intermediateSize } = architecture;
  const tensors = layerTensors(architecture, index);
  const mixed = await mix(walk, plan, tensors, await norm(walk, stream, tensors.inputNorm));
  const attended = await product(walk, mixed, [tensors.output], architecture.heads * architecture.headSize, [
    tensors.outputBias,
  ]);
  sumInto(stream, tensors.attentionNorm ? await norm(walk, attended, tensors.attentionNorm) : attended);
  const middle = await norm(walk, stream, tensors.feedForwardNorm);
  const gate = await product(walk, middle, [tensors.gate], hiddenSize, [tensors.gateBias]);
  const up = await product(walk, middle, [tensors.up], hiddenSize, [tensors.upBias]);
  const wide = gate.map((value, i) => activate(architecture.activation, value) * (up[i] ?? 0));
  const down = await product(walk, wide, [tensors.down], intermediateSize, [tensors.downBias]);
  sumInto(stream, tensors.outputNorm ? await norm(walk, down, tensors.outputNorm) : down);
}

/** Attention up to the mixed values, [positions, heads * size]. */
async function mix(walk: Walk, plan: LayerPlan, tensors: LayerTensors, input: Float64Array): Promise<Float64Array> {
  const { architecture } = walk;
  const { heads, kvHeads, headSize, hiddenSize } = architecture;
  const qkv = await product(walk, input, tensors.qkv, hiddenSize, tensors.qkvBias);
  const [plainQuery, plainKey, value] = splitColumns(qkv, heads * headSize, kvHeads * headSize, kvHeads * headSize);
  const query = tensors.queryNorm ? await norm(walk, plainQuery, tensors.queryNorm) : plainQuery;
  const key = tensors.keyNorm ? await norm(walk, plainKey, tensors.keyNorm) : plainKey;
  const positions = input.length / hiddenSize;
  const frequencies = inverseFrequencies(plan.rope, walk.contextLength);
  const angles = ropeRows(frequencies, ropeMagnitude(plan.rope), 0, positions);
  rotate(query, heads, headSize, angles);
  rotate(key, kvHeads, headSize, angles);
  return attend({ query, key, value, architecture, window: plan.window });
}

/** Reads and decodes rows of `columns` weights. */
async function read(walk: Walk, rows: Rows, columns: number): Promise<Float32Array> {
  throwIfCancelled(walk.signal);
  const { dtype, bytes } = await walk.checkpoint.readRows(rows.tensor, rows.first, rows.rows);
  walk.onRead(rows.rows * columns);
  return decodeWeights(dtype, bytes, rows.tensor);
}

async function norm(walk: Walk, input: Float64Array, weights: Rows): Promise<Float64Array> {
  const { normEpsilon, normPlusOne } = walk.architecture;
  return rmsNorm(input, await read(walk, weights, 1), normEpsilon, normPlusOne ? 1 : 0);
}

/** input [positions, columns] x stacked weights^T + bias -> [positions, all rows]. */
async function product(
  walk: Walk,
  input: Float64Array,
  sources: readonly Rows[],
  columns: number,
  biases: readonly (Rows | undefined)[] = [],
): Promise<Float64Array> {
  const positions = input.length / columns;
  const width = sources.reduce((total, source) => total + source.rows, 0);
  const out = new Float64Array(positions * width);
  const step = Math.max(1, Math.floor(WEIGHTS_AT_ONCE / columns));
  let at = 0;
  for (const [index, { tensor, first, rows: height }] of sources.entries()) {
    for (let done = 0; done < height; done += step) {
      const rows = Math.min(step, height - done);
      const weights = await read(walk, { tensor, first: first + done, rows }, columns);
      multiply({ input, weights, columns, out, width, at: at + done });
    }
    const bias = biases[index];
    if (bias) addBias(out, await read(walk, bias, 1), width, at);
    at += height;
  }
  return out;
}

function addBias(out: Float64Array, bias: Float32Array, width: number, at: number): void {
  for (let start = at; start < out.length; start += width) {
    for (let i = 0; i < bias.length; i++) out[start + i] = (out[start + i] ?? 0) + (bias[i] ?? 0);
  }
}
