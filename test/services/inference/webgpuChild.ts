/**
 * One question to a model on a device, in a process of its own as in the product: it writes its answer as one line of
 * JSON and is killed by whoever started it, because tidying up after a graphics driver can end a process by itself.
 */
process.env['ORT_DISABLE_TELEMETRY'] = '1';
const { openSession } = await import('../../../electron/services/inference/session.ts');
const { createDecoder } = await import('../../../electron/services/inference/decoder.ts');
const { createFallingDecoder } = await import('../../../electron/services/inference/fallingDecoder.ts');

interface Job {
  readonly graph: string;
  readonly device: 'cpu' | 'webgpu';
  readonly prompt: readonly number[];
  readonly tokens: number;
  /** Runs after which the device is lost: its session rejects as ONNX Runtime does. */
  readonly loseAfter?: number;
  readonly cpuGraph?: string;
  /** Takes so many tokens back after writing and writes them again. */
  readonly again?: number;
}

const job = JSON.parse(process.argv[2] ?? '') as Job;
const opened = await openSession(job.graph, { device: job.device, threads: 1 });
const names = { location: '' };
let runs = 0;
const session: typeof opened = {
  ...opened,
  async run(feeds, fetches) {
    if (job.loseAfter !== undefined && runs++ >= job.loseAfter) throw new Error('WebGPU device lost (2): driver reset');
    const outputs = await opened.run(feeds, fetches);
    names.location = outputs['present.0.key']?.location ?? 'not fetched';
    return outputs;
  },
};
const limit = 512;
let fell = '';
const first = createDecoder(session, limit);
const decoder =
  job.cpuGraph === undefined
    ? first
    : createFallingDecoder(
        first,
        async () => createDecoder(await openSession(job.cpuGraph!, { device: 'cpu', threads: 1 }), limit),
        (cause) => (fell = cause),
      );

const cache = decoder.newCache();
const largest = (logits: Float32Array): number =>
  logits.reduce((best, value, id) => (value > logits[best]! ? id : best), 0);
async function write(ids: readonly number[]): Promise<number[]> {
  const written: number[] = [];
  let logits = await decoder.forward(cache, ids);
  while (written.push(largest(logits)) < job.tokens) logits = await decoder.forward(cache, [written.at(-1)!]);
  return written;
}
const ids = await write(job.prompt);
let again: number[] = [];
if (job.again !== undefined) {
  cache.truncate(job.prompt.length - job.again);
  again = await write(job.prompt.slice(-job.again));
}
process.send?.({ ids, again, location: names.location, fell });

export {}; // a module, so that it may wait at its top level
