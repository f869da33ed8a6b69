/**
 * `npm run bench -- generate [FIGURE]... [--small | --shape=llama-3.2-3b] [--head=Q4_0] [--rounds=5] [--dtype=q4]
 * [--room=FOLDER]`: our converter and loop beside llama.cpp (node-llama-cpp) on the same random shape, taking turns.
 * Its file has a Q4_0 body and, unless said otherwise, a Q6_K head: the one people download. The models (several GB)
 * and the other engine stay in FOLDER, outside the repository. Without FIGURE every figure is measured.
 */
import { availableParallelism, cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { readBandwidth } from './generate/bandwidth.ts';
import { type EngineJob, RemoteEngine } from './generate/engine.ts';
import { convertedFolder, ggufFile, installPeer } from './generate/files.ts';
import { lookupRow } from './generate/lookup.ts';
import { inventedIds, type ShapeName, shapes } from './generate/shapes.ts';
import { weightBytesPerToken } from './generate/weights.ts';
import { type BenchRow, row, median, type Say } from './row.ts';

const figures = [
  'decode128',
  'decode512',
  'decode2048',
  'prefill512',
  'prefill2048',
  'turn10',
  'memory',
  'load',
  'lookup',
  'transformers',
  'limit',
] as const;
type Figure = (typeof figures)[number];

const context = 2560; // tokens of room in every engine
const steps = 32; // tokens per timed decode

interface Pair {
  readonly ours: RemoteEngine;
  readonly reference: RemoteEngine;
}

/** Lets both engines do the same, in turns and each first as often as the other; gives the medians. */
async function alternate(
  rounds: number,
  { ours, reference }: Pair,
  measure: (engine: RemoteEngine) => Promise<number>,
): Promise<readonly [number, number]> {
  const seen: Record<'ours' | 'reference', number[]> = { ours: [], reference: [] };
  for (let round = 0; round < rounds; round++) {
    const order = round % 2 === 0 ? (['ours', 'reference'] as const) : (['reference', 'ours'] as const);
    for (const who of order) seen[who].push(await measure(who === 'ours' ? ours : reference));
  }
  return [median(seen.ours), median(seen.reference)];
}

const option = (args: readonly string[], name: string): string | undefined =>
  args.find((argument) => argument.startsWith(`--${name}=`))?.slice(name.length + 3);

/** Compares; see the top of this file. */
export async function bench(args: readonly string[], say: Say): Promise<BenchRow[]> {
  const small = args.includes('--small');
  const name = (small ? 'small' : (option(args, 'shape') ?? 'llama-3.2-1b')) as ShapeName;
  const shape = shapes[name];
  const head = option(args, 'head') === 'Q4_0' ? 'Q4_0' : 'Q6_K';
  const dtype = (option(args, 'dtype') ?? 'q4') as 'q4';
  const rounds = Number(option(args, 'rounds') ?? 5);
  const room = option(args, 'room') ?? join(tmpdir(), 'latchkey-bench');
  const threads = Number(option(args, 'threads') ?? Math.min(2, availableParallelism()));
  const chosen = args.filter((argument) => !argument.startsWith('--'));
  const wanted = (figure: Figure): boolean => chosen.length === 0 || chosen.includes(figure);
  const unknown = chosen.find((figure) => !(figures as readonly string[]).includes(figure));
  if (unknown) throw new Error(`Figures are ${figures.join(', ')}; not ${unknown}`);
  say(`${cpus()[0]?.model}, ${threads} threads; ${name}, ${dtype}; reference Q4_0 with ${head} head`);

  const library = installPeer(room, say);
  const common = { threads, context, dtype };
  const ourJob: EngineJob = { ...common, engine: 'ours', model: await convertedFolder(room, name, dtype, say) };
  const theirJob: EngineJob = { ...common, engine: 'llama', model: ggufFile(room, name, head, say), library };
  const start = (): Pair => ({ ours: new RemoteEngine(ourJob), reference: new RemoteEngine(theirJob) });
  const rows: BenchRow[] = [];
  const add = (row: BenchRow): void => {
    rows.push(row);
    say(`${row.figure}: ${row.ours} against ${row.reference}, ${row.ratio}`);
  };

  const ids = (count: number): number[] => inventedIds(count, shape);
  const main = start();
  await Promise.all([main.ours.load(), main.reference.load()]);
  let fastest: { readonly tokensPerSecond: number; readonly at: number } | undefined;
  for (const [figure, at, goal] of [
    ['decode128', 128, 1.2],
    ['decode512', 512, 1.2],
    ['decode2048', 2048, 1.2],
  ] as const) {
    if (!wanted(figure) && !(figure === 'decode128' && wanted('limit'))) continue;
    // The first call reads the prompt; it is not measured.
    for (const engine of [main.ours, main.reference]) await engine.write(ids(at), 2);
    const speed = async (engine: RemoteEngine): Promise<number> =>
      (await engine.write(ids(at), steps + 1)).tokensPerSecond;
    const pair = await alternate(rounds, main, speed);
    if (figure === 'decode128') fastest = { tokensPerSecond: pair[0], at };
    add(row(`decode tokens/s at ${at}`, pair, goal, 'higher'));
  }
  for (const [figure, count] of [
    ['prefill512', 512],
    ['prefill2048', 2048],
  ] as const) {
    if (!wanted(figure)) continue;
    const speed = async (engine: RemoteEngine): Promise<number> => {
      await engine.forget();
      return count / (await engine.write(ids(count), 1)).firstTokenSeconds;
    };
    add(row(`prefill tokens/s at ${count}`, await alternate(rounds, main, speed), 1, 'higher'));
  }
  if (wanted('turn10')) {
    // Nine turns are in the cache; the tenth brings a question of 60 tokens.
    const wait = async (engine: RemoteEngine): Promise<number> => {
      await engine.write(ids(1940), 1);
      return (await engine.write(ids(2000), 1)).firstTokenSeconds;
    };
    for (const engine of [main.ours, main.reference]) await engine.write(ids(1940), 1);
    add(row('seconds to the first token of turn 10, 2,000 tokens', await alternate(rounds, main, wait), 1, 'lower'));
  }
  if (wanted('memory')) {
    const sizes: number[] = [];
    for (const engine of [main.ours, main.reference]) {
      await engine.write(ids(2048), steps);
      sizes.push((await engine.memory()) / 1e6);
    }
    add(row('peak resident MB at 2,048', [sizes[0] ?? NaN, sizes[1] ?? NaN], 1.1, 'lower'));
  }
  main.ours.close();
  main.reference.close();
  if (wanted('load')) {
    const began = async (job: EngineJob): Promise<number> => {
      const engine = new RemoteEngine(job);
      const loaded = await engine.load();
      const { firstTokenSeconds } = await engine.write(ids(16), 1);
      engine.close();
      return loaded + firstTokenSeconds;
    };
    const seen: [number[], number[]] = [[], []];
    for (let round = -1; round < rounds; round++) {
      const both = [await began(ourJob), await began(theirJob)] as const;
      // The first start warms the page cache and may prepare files; the second and later ones count.
      if (round >= 0) both.forEach((seconds, index) => seen[index]?.push(seconds));
    }
    add(row('seconds from load to first token, warm', [median(seen[0]), median(seen[1])], 0.8, 'lower'));
  }
  if (wanted('transformers')) {
    const pair: Pair = {
      ours: new RemoteEngine(ourJob),
      reference: new RemoteEngine({ ...ourJob, engine: 'transformers' }),
    };
    await Promise.all([pair.ours.load(), pair.reference.load()]);
    const speed = async (engine: RemoteEngine): Promise<number> =>
      (await engine.write(ids(512), steps + 1)).tokensPerSecond;
    const measured = await alternate(Math.min(rounds, 3), pair, speed);
    add(row('decode tokens/s at 512, against transformers.js', measured, 1, 'higher'));
    pair.ours.close();
    pair.reference.close();
  }
  if (wanted('lookup')) add(await lookupRow(rounds, threads));
  if (wanted('limit') && fastest) {
    const bandwidth = await readBandwidth(threads);
    const bytes = weightBytesPerToken(shape, dtype, fastest.at);
    add(
      row(
        `GB/s read by decode at ${fastest.at} (${Math.round(bytes / 1e6)} MB per token), against what memory gives`,
        [(bytes * fastest.tokensPerSecond) / 1e9, bandwidth / 1e9],
        1,
        'higher',
      ),
    );
  }
  return rows;
}
