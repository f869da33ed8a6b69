/** Whether projections that read the same input are faster as one product: what ships beside its alternative. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Tensor } from 'onnxruntime-node';
import { linear } from '../../../electron/services/convert/blocks.ts';
import { GraphBuilder } from '../../../electron/services/convert/graphBuilder.ts';
import type { BlockFormat } from '../../../electron/services/convert/packing/format.ts';
import { recipeFor } from '../../../electron/services/convert/recipe.ts';
import { type DecoderSession, openSession } from '../../../electron/services/inference/session.ts';
import { type BenchRow, median, row, type Say } from '../row.ts';
import type { BenchShape } from './shapes.ts';

const { formats } = recipeFor('q4');
if (!formats) throw new Error('q4 packs its weights');

interface Projection {
  readonly name: string;
  readonly sizes: readonly number[];
  readonly format: BlockFormat;
  /** Whether the converter makes one product of it. */
  readonly together: boolean;
}

const dataFile = 'merged.data';

/** As many projections, one after another, as the model has layers, each with weights of its own: none stays in a cache. */
function writeGraph(folder: string, shape: BenchShape, projection: Projection, together: boolean): string {
  const graph = new GraphBuilder('float', dataFile);
  const { hidden, layers } = shape;
  const { sizes, format } = projection;
  graph.input('input', 'float', [1, 'width', hidden]);
  const rows = (of: number) => [{ tensor: 'any', first: 0, rows: of }];
  for (let layer = 0; layer < layers; layer++) {
    const at = (name: string): string => `layer.${layer}.${name}`;
    const parts = sizes.map((_, index) => at(`part.${index}`));
    const product = (output: string, weights: ReturnType<typeof rows>): string =>
      linear(graph, { input: 'input', output, weights, columns: hidden, format });
    if (together) {
      const all = product(at('all'), sizes.flatMap(rows));
      graph.node('Split', [all, graph.integers(sizes)], parts, { axis: -1 });
    } else sizes.forEach((size, index) => product(parts[index] ?? '', rows(size)));
    for (const part of parts) {
      graph.node('Slice', [part, graph.integers([0]), graph.integers([1]), graph.integers([-1])], `${part}/first`);
      graph.output(`${part}/first`, 'float', [1, 'width', 1]);
    }
  }
  const plan = graph.finish();
  // Any bits are weights; the exponents of scales must stay small, so every float is the same.
  writeFileSync(join(folder, dataFile), Buffer.alloc(plan.dataBytes, Buffer.from(Float32Array.of(0.01).buffer)));
  const path = join(folder, 'merged.onnx');
  writeFileSync(path, plan.graph);
  return path;
}

async function milliseconds(session: DecoderSession, input: Tensor): Promise<number> {
  const fetches = session.outputs.map(({ name }) => name);
  const started = performance.now();
  await session.run({ input }, fetches);
  return performance.now() - started;
}

/** One row per projection and width: `ours` is how the converter writes it, `reference` the other way, in turns. */
export async function mergedRows(shape: BenchShape, rounds: number, threads: number, say: Say): Promise<BenchRow[]> {
  if (!formats) return [];
  const { query, keyValue, gateUp } = formats;
  const keys = shape.kvHeads * shape.headSize;
  const projections: readonly Projection[] = [
    { name: 'gate and up', sizes: [shape.wide, shape.wide], format: gateUp, together: false },
    { name: 'keys and values', sizes: [keys, keys], format: keyValue, together: true },
    {
      name: 'queries, keys and values of one format',
      sizes: [shape.heads * shape.headSize, keys, keys],
      format: query,
      together: true,
    },
  ];
  const rows: BenchRow[] = [];
  for (const projection of projections) {
    const sessions: DecoderSession[] = [];
    for (const together of [projection.together, !projection.together]) {
      const folder = mkdtempSync(join(tmpdir(), 'latchkey-merged-'));
      sessions.push(await openSession(writeGraph(folder, shape, projection, together), { device: 'cpu', threads }));
      rmSync(folder, { recursive: true });
    }
    for (const width of [1, 128]) {
      const seen: [number[], number[]] = [[], []];
      const input = new Tensor('float32', new Float32Array(width * shape.hidden).fill(0.5), [1, width, shape.hidden]);
      const repeats = (width === 1 ? 10 : 2) * rounds;
      for (let turn = -1; turn < repeats; turn++) {
        for (const [index, session] of sessions.entries()) {
          const took = await milliseconds(session, input);
          if (turn >= 0) seen[index]?.push(took);
        }
      }
      const how = projection.together ? 'together, against apart' : 'apart, against together';
      rows.push(
        row(`ms of ${projection.name} for ${width} tokens, ${how}`, [median(seen[0]), median(seen[1])], 1, 'lower'),
      );
      say(JSON.stringify(rows.at(-1)));
    }
    for (const session of sessions) await session.release();
  }
  return rows;
}
