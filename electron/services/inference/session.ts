/**
 * Text generation on this computer: tokens in, tokens out, the KV cache in our own hands. This folder opens prepared
 * model folders and runs them; it does not know where they came from, what a chat is, or which process it runs in.
 *
 * This file is the only door to ONNX Runtime. Whoever loads it must have set ORT_DISABLE_TELEMETRY=1 before.
 */
import { env, InferenceSession, listSupportedBackends, Tensor } from 'onnxruntime-node';
import type { Device } from '../../contract/model.ts';
import { readSignature } from './onnxReader.ts';
import { cutFloat, cutHalf } from './smallGraphs.ts';
import { sessionThreads } from './threads.ts';

export type { Tensor } from 'onnxruntime-node';

/** A name, an element type ("float32") and a shape whose unknown sizes are words ("sequence_length"). */
export interface TensorInfo {
  readonly name: string;
  readonly type: string;
  readonly shape: readonly (number | string)[];
}

export interface SessionOptions {
  readonly device: Device;
  /** Threads for one operator; 0 leaves the choice to ONNX Runtime. */
  readonly threads: number;
  /** Threads that wait for work keep their core busy for a moment, or give it back at once. */
  readonly spin?: boolean | undefined;
  /** Logical processors on which the threads stay, see Threads; absent = the system moves them. */
  readonly processors?: readonly number[];
  /** Start of the name of a file that says, once the session is released, how long each operator took. */
  readonly profileTo?: string;
}

export type Feeds = Readonly<Record<string, Tensor>>;

/** One loaded graph. `run` blocks the thread while it computes; it yields to the event loop once before. */
export interface DecoderSession {
  /**
   * Where all outputs but the logits stay on the device: gives the first `rows` rows (third dimension) of one, and its
   * place back. The binding cannot fetch such a tensor at all: asking for its numbers ends the process.
   */
  readonly cut?: (tensor: Tensor, rows: number) => Promise<Tensor>;
  readonly inputs: readonly TensorInfo[];
  readonly outputs: readonly TensorInfo[];
  /** Computes only the outputs named in `fetches`; each is a fresh copy. */
  run(feeds: Feeds, fetches: readonly string[]): Promise<Feeds>;
  release(): Promise<void>;
}

function describe(metadata: readonly InferenceSession.ValueMetadata[]): TensorInfo[] {
  return metadata.filter((one) => one.isTensor).map(({ name, type, shape }) => ({ name, type, shape }));
}

/**
 * Opens a graph from a file, so that ONNX Runtime maps the weights beside it instead of copying them.
 *
 * The CPU arena is off: it rounds requests up to powers of two, which doubles the memory of a long prompt and can ask
 * for one block of 2 GiB, more than Electron's allocator ever grants.
 *
 * @throws ONNX Runtime's own error when the file is missing, damaged or does not fit the device.
 */
export async function openSession(
  path: string,
  { device, threads, spin = true, processors, profileTo }: SessionOptions,
): Promise<DecoderSession> {
  const stay = keepsOutputs(device) ? keptNames(path) : [];
  const session = await InferenceSession.create(path, {
    executionProviders: [device],
    ...sessionThreads({ count: threads, spin, ...(processors && { processors }) }),
    interOpNumThreads: 1,
    executionMode: 'sequential',
    graphOptimizationLevel: 'all',
    enableCpuMemArena: false,
    ...(profileTo !== undefined && { enableProfiling: true, profileFilePrefix: profileTo }),
    logSeverityLevel: 3, // errors; warnings about unused constants mean nothing to anybody
    ...(stay.length > 0 && {
      preferredOutputLocation: Object.fromEntries(stay.map((name) => [name, 'gpu-buffer'] as const)),
    }),
  });
  return {
    ...(stay.length > 0 && { cut: createCutter(device) }),
    inputs: describe(session.inputMetadata),
    outputs: describe(session.outputMetadata),
    run: (feeds, fetches) => session.run(feeds, fetches),
    release: () => session.release(),
  };
}

/** The one provider whose outputs the binding can leave where they are; with the others each run copies them out. */
function keepsOutputs(device: Device): boolean {
  return device === 'webgpu';
}

function keptNames(path: string): string[] {
  return readSignature(path).outputs.flatMap(({ name }) => (name === 'logits' ? [] : [name]));
}

/** See DecoderSession.cut. One small graph per element type, opened when first needed. */
function createCutter(device: Device): NonNullable<DecoderSession['cut']> {
  const sessions = new Map<string, Promise<InferenceSession>>();
  return async (tensor, rows) => {
    const graph = tensor.type === 'float16' ? cutHalf : cutFloat;
    const options = {
      executionProviders: [device],
      logSeverityLevel: 3,
      preferredOutputLocation: 'gpu-buffer',
    } as const;
    const opening = sessions.get(tensor.type) ?? InferenceSession.create(graph, options);
    sessions.set(tensor.type, opening);
    const session = await opening;
    const { kept } = await session.run({ whole: tensor, rows: integers(BigInt64Array.of(BigInt(rows)), [1]) });
    if (!kept) throw new Error('The graph that cuts gave nothing');
    tensor.dispose();
    return kept;
  };
}

/** Runs a small graph once, given as its bytes; nothing stays loaded but the device itself. */
export async function runOnce(
  graph: Uint8Array,
  device: Device,
  { name, data, dims }: { readonly name: string; readonly data: Float32Array; readonly dims: readonly number[] },
): Promise<Float32Array> {
  const session = await InferenceSession.create(graph, { executionProviders: [device], logSeverityLevel: 3 });
  const outputs = await session.run({ [name]: new Tensor('float32', data, dims) });
  const [output = ''] = session.outputNames;
  const numbers = floatsOf(outputs[output], output);
  return numbers instanceof Float32Array ? numbers : Float32Array.from(numbers);
}

/** The version of the runtime, as its package says. */
export const runtimeVersion = env.versions.node ?? env.versions.common;

/** Execution providers that this build of ONNX Runtime can try; `bundled` ones need no further library. */
export function supportedProviders(): readonly { readonly name: string; readonly bundled: boolean }[] {
  return listSupportedBackends();
}

/** An int64 tensor; `dims` [] makes a scalar. */
export function integers(data: BigInt64Array, dims: readonly number[]): Tensor {
  return new Tensor('int64', data, dims);
}

/** Element types a KV cache can have. */
export type KvType = 'float32' | 'float16';
/** Storage of one half of a layer's cache; float16 as its raw 16 bits, because they are only ever moved. */
export type KvArray = Float32Array | Uint16Array;

/** Zeroed storage for `length` elements. */
export function kvArray(type: KvType, length: number): KvArray {
  return type === 'float32' ? new Float32Array(length) : new Uint16Array(length);
}

/** A tensor over `data` itself: later writes to the array are seen by the next run. */
export function kvTensor(type: KvType, data: KvArray, dims: readonly number[]): Tensor {
  if (data instanceof Float32Array) return new Tensor('float32', data, dims);
  const tensor = new Tensor(type, data, dims);
  // Where JavaScript has Float16Array, Tensor turns the bits into one, whose length ONNX Runtime's binding reads as 0.
  Object.defineProperty(tensor, 'data', { value: data });
  return tensor;
}

/** The cache rows in an output. */
export function kvOf(tensor: Tensor | undefined, name: string): KvArray {
  const given: unknown = tensor?.data;
  if (given instanceof Uint16Array) return given; // one of ours
  const data = floatsOf(tensor, name);
  return data instanceof Float32Array ? data : new Uint16Array(data.buffer, data.byteOffset, data.length);
}

/** The numbers in a floating-point output; anything else is a graph we cannot run. */
export function floatsOf(tensor: Tensor | undefined, name: string): Float32Array | Float16Array {
  const data: unknown = tensor?.data;
  if (data instanceof Float32Array || data instanceof Float16Array) return data;
  throw new Error(`The graph gave no floating-point output named ${name}`);
}
