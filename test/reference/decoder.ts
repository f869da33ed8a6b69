/** Runs a converted model for tests, in the two ways products run it. Imports onnxruntime-node directly on purpose. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

process.env['ORT_DISABLE_TELEMETRY'] = '1';
const ort = await import('onnxruntime-node');
// The binding cannot read a Float16Array ("not enough space"); it can read the same bits as a Uint16Array. The library
// decides between the two once, when the first tensor is made, so the type is hidden for that moment.
const half = Object.getOwnPropertyDescriptor(globalThis, 'Float16Array');
Reflect.deleteProperty(globalThis, 'Float16Array');
new ort.Tensor('int64', BigInt64Array.of(0n), [1]);
if (half) Object.defineProperty(globalThis, 'Float16Array', half);
type Tensor = InstanceType<typeof ort.Tensor>;
/** What caches are made of; half precision ones have the same methods. */
type Numbers = Float32Array;

export interface DecoderShape {
  readonly layers: number;
  readonly kvHeads: number;
  readonly headSize: number;
  readonly vocabSize: number;
}

/** How the cache is kept: `delta` = own buffers that new rows are copied into; `present` = outputs fed back. */
export type CacheStyle = 'delta' | 'present';

const integers = (values: readonly number[], dims: readonly number[]): Tensor =>
  new ort.Tensor('int64', BigInt64Array.from(values, BigInt), dims);

/** An open converted model. */
export class TestDecoder {
  readonly #session: Awaited<ReturnType<typeof ort.InferenceSession.create>>;
  readonly #shape: DecoderShape;

  private constructor(session: Awaited<ReturnType<typeof ort.InferenceSession.create>>, shape: DecoderShape) {
    this.#session = session;
    this.#shape = shape;
  }

  static async open(folder: string, file: string, shape: DecoderShape): Promise<TestDecoder> {
    const path = join(folder, 'onnx', file);
    const session = await ort.InferenceSession.create(path, {
      logSeverityLevel: 3,
      intraOpNumThreads: 1,
      enableCpuMemArena: false,
    });
    return new TestDecoder(session, shape);
  }

  get inputNames(): readonly string[] {
    return this.#session.inputNames;
  }

  get outputNames(): readonly string[] {
    return this.#session.outputNames;
  }

  async close(): Promise<void> {
    await this.#session.release();
  }

  /** Logits of all positions when the prompt arrives in `chunks`, one after the other. */
  async logits(chunks: readonly (readonly number[])[], style: CacheStyle = 'delta', keep = 0): Promise<Float32Array> {
    const length = chunks.reduce((total, chunk) => total + chunk.length, 0);
    const cache = this.#emptyCache(style, length + 3);
    const parts: Float32Array[] = [];
    let past = 0;
    for (const chunk of chunks) {
      parts.push(await this.#step(chunk, past, cache, style, keep));
      past += chunk.length;
    }
    const all = new Float32Array(parts.reduce((total, part) => total + part.length, 0));
    let at = 0;
    for (const part of parts) {
      all.set(part, at);
      at += part.length;
    }
    return all;
  }

  /** Greedy continuation, one id at a time. */
  async greedy(prompt: readonly number[], count: number, style: CacheStyle = 'delta'): Promise<number[]> {
    const cache = this.#emptyCache(style, prompt.length + count);
    const ids: number[] = [];
    let next = prompt;
    let past = 0;
    while (ids.length < count) {
      const logits = await this.#step(next, past, cache, style, 1);
      past += next.length;
      const best = logits.reduce((top, value, id) => (value > logits[top]! ? id : top), 0);
      ids.push(best);
      next = [best];
    }
    return ids;
  }

  #emptyCache(style: CacheStyle, capacity: number): Map<string, Tensor> {
    const { layers, kvHeads, headSize } = this.#shape;
    const rows = style === 'delta' ? capacity : 0;
    const cache = new Map<string, Tensor>();
    for (let layer = 0; layer < layers; layer++) {
      for (const part of ['key', 'value']) {
        cache.set(`${layer}.${part}`, this.#zeros([1, kvHeads, rows, headSize]));
      }
    }
    return cache;
  }

  /** A tensor of the type the model keeps its cache in. */
  #zeros(dims: readonly number[]): Tensor {
    const size = dims.reduce((a, b) => a * b, 1);
    const cache = this.#session.inputMetadata.find((input) => input.name === 'past_key_values.0.key');
    const half = cache?.isTensor && cache.type === 'float16';
    return half
      ? new ort.Tensor('float16', new Uint16Array(size), dims)
      : new ort.Tensor('float32', new Float32Array(size), dims);
  }

  async #step(
    chunk: readonly number[],
    past: number,
    cache: Map<string, Tensor>,
    style: CacheStyle,
    keep: number,
  ): Promise<Float32Array> {
    const total = past + chunk.length;
    const feeds: Record<string, Tensor> = {
      input_ids: integers(chunk, [1, chunk.length]),
      num_logits_to_keep: integers([keep], []),
    };
    const places = chunk.map((_, index) => past + index);
    if (this.inputNames.includes('position_ids')) feeds['position_ids'] = integers(places, [1, chunk.length]);
    else feeds['attention_mask'] = integers(Array<number>(total).fill(1), [1, total]);
    for (const [name, tensor] of cache) feeds[`past_key_values.${name}`] = tensor;
    const wanted = [...cache.keys()].map((name) => `${style}.${name}`);
    const outputs = await this.#session.run(feeds, ['logits', ...wanted]);
    for (const name of cache.keys()) {
      const fresh = outputs[`${style}.${name}`]!;
      if (style === 'present') cache.set(name, fresh);
      else this.#append(cache.get(name)!, fresh.data as Numbers, past, chunk.length);
    }
    return Float32Array.from(outputs['logits']!.data as Float32Array);
  }

  #append(cache: Tensor, rows: Numbers, past: number, count: number): void {
    const { kvHeads, headSize } = this.#shape;
    const data = cache.data as Numbers;
    const capacity = data.length / kvHeads / headSize;
    for (let head = 0; head < kvHeads; head++) {
      const fresh = rows.subarray(head * count * headSize, (head + 1) * count * headSize);
      data.set(fresh, (head * capacity + past) * headSize);
    }
  }
}

/** config.json of an output folder. */
export function readConfig(folder: string): Record<string, unknown> {
  return JSON.parse(readFileSync(join(folder, 'config.json'), 'utf8')) as Record<string, unknown>;
}
