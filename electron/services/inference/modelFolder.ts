import { readdir, readFile, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { Dtype } from '../../contract/model.ts';

/** What has to be known of a model folder before its graph is opened. */
export interface ModelFolder {
  readonly graph: string; // absolute path
  /** The graph for CPUs whose cache stays with the caller; the same as `graph` where the folder brings none. */
  readonly cpuGraph: string;
  /** The graph that computes in half precision over the same weights, for GPUs. */
  readonly halfGraph: string | undefined;
  readonly weights: string; // beside both graphs; may be absent
  readonly bytes: number; // graph and the weights beside it
  readonly maxPositions: number; // tokens the model was trained for
  readonly endIds: readonly number[];
}

/** A file of the model is missing or makes no sense. */
export class ModelFolderError extends Error {
  override readonly name = 'ModelFolderError';
}

/** File name endings as transformers.js spells them. */
const suffixes: Readonly<Record<Dtype, string>> = {
  fp32: '',
  fp16: '_fp16',
  q8: '_quantized',
  q4: '_q4',
  q4f16: '_q4f16',
};

/** The graph of one dtype, relative to the model folder. */
export const graphPath = (dtype: Dtype): string => `onnx/model${suffixes[dtype]}.onnx`;

/** The graph for our own loop on CPUs, relative to the model folder; folders that others made have none. */
export const loopPath = (dtype: Dtype): string => `onnx/loop${suffixes[dtype]}.onnx`;

/** The graph that computes in half precision, relative to the model folder; likewise. */
export const halfPath = (dtype: Dtype): string => `onnx/half${suffixes[dtype]}.onnx`;

type Json = Readonly<Record<string, unknown>>;

const isJson = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value);

async function readJson(path: string, name: string): Promise<Json | undefined> {
  let text: string;
  try {
    text = await readFile(join(path, name), 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
  try {
    const value: unknown = JSON.parse(text);
    if (isJson(value)) return value;
  } catch {
    // said below, together with JSON that is no object
  }
  throw new ModelFolderError(`${name} is not a JSON object`);
}

/** eos_token_id is a number, a list of numbers, or missing. */
export function endIdsOf(value: unknown): number[] {
  const list: readonly unknown[] = Array.isArray(value) ? value : [value];
  return list.filter((id): id is number => typeof id === 'number' && Number.isInteger(id) && id >= 0);
}

async function sizeOf(path: string): Promise<number> {
  return (await stat(path).catch(() => undefined))?.size ?? 0;
}

/** As families other than Llama's call it. */
const positionFields = ['max_position_embeddings', 'n_positions', 'n_ctx', 'max_seq_len', 'seq_length'] as const;

/** Weights beside a graph: one file, or several of them where one would be too large. */
async function dataBytes(graph: string): Promise<number> {
  const start = `${basename(graph)}_data`;
  const names = (await readdir(dirname(graph))).filter((name) => name.startsWith(start));
  const sizes = await Promise.all(names.map((name) => sizeOf(join(dirname(graph), name))));
  return sizes.reduce((sum, size) => sum + size, 0);
}

/**
 * Looks at a folder in the layout of transformers.js (config.json, onnx/model*.onnx with its weights beside it).
 * Ending tokens come from generation_config.json; config.json is asked only where that file is missing or silent.
 *
 * @throws ModelFolderError naming the file at fault.
 */
export async function readModelFolder(folder: string, dtype: Dtype): Promise<ModelFolder> {
  const config = await readJson(folder, 'config.json');
  if (!config) throw new ModelFolderError('config.json is missing');
  const inner = isJson(config['text_config']) ? config['text_config'] : config;
  const maxPositions = positionFields.map((name) => inner[name]).find((value) => typeof value === 'number');
  if (maxPositions === undefined || maxPositions < 1) {
    throw new ModelFolderError('config.json does not say max_position_embeddings');
  }
  const generation = await readJson(folder, 'generation_config.json');
  const own = endIdsOf(generation?.['eos_token_id']);
  const graph = join(folder, graphPath(dtype));
  const graphBytes = await sizeOf(graph);
  if (graphBytes === 0) throw new ModelFolderError(`${graphPath(dtype)} is missing or empty`);
  const loop = join(folder, loopPath(dtype));
  const half = join(folder, halfPath(dtype));
  return {
    graph,
    halfGraph: (await sizeOf(half)) > 0 ? half : undefined,
    weights: `${graph}_data`,
    cpuGraph: (await sizeOf(loop)) > 0 ? loop : graph,
    bytes: graphBytes + (await dataBytes(graph)),
    maxPositions,
    endIds: own.length > 0 ? own : endIdsOf(inner['eos_token_id'] ?? config['eos_token_id']),
  };
}
