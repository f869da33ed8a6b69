/**
 * `npm run bench -- generate [FIGURE]... [--small | --shape=llama-3.2-3b] [--head=Q4_0] [--rounds=5] [--dtype=q4]
 * [--room=FOLDER]`: our converter and loop beside llama.cpp (node-llama-cpp) on the same random shape, taking turns.
 * Its file has a Q4_0 body and, unless said otherwise, a Q6_K head: the one people download. The models (several GB)
 * and the other engine stay in FOLDER, outside the repository. Without FIGURE every figure is measured. The figure
 * `profile` has no row: it says where our time goes, operator by operator.
 */
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { readBandwidth } from './generate/bandwidth.ts';
import { besideFigures, besideRow, closePair, decodeSpeed, openPair } from './generate/beside.ts';
import { type EngineJob, RemoteEngine } from './generate/engine.ts';
import { convertedFolder, ggufFile, installPeer } from './generate/files.ts';
import { lookupRows } from './generate/lookup.ts';
import { describeMachine } from './generate/machine.ts';
import { mergedRows } from './generate/merged.ts';
import { profile } from './generate/profile.ts';
import { inventedIds, type ShapeName, shapes } from './generate/shapes.ts';
import { threadRows } from './generate/threads.ts';
import { weightBytesPerToken } from './generate/weights.ts';
import { readModelFolder } from '../../electron/services/inference/modelFolder.ts';
import { type BenchRow, row, median, type Say } from './row.ts';

const figures = [...besideFigures, 'load', 'transformers', 'lookup', 'limit', 'merged', 'threads', 'profile'] as const;
type Figure = (typeof figures)[number];

const context = 2560; // tokens of room in every engine

const option = (args: readonly string[], name: string): string | undefined =>
  args.find((argument) => argument.startsWith(`--${name}=`))?.slice(name.length + 3);

/** From nothing to the first token after 16: a start, the load, a short prompt. */
async function startSeconds(job: EngineJob): Promise<number> {
  const engine = new RemoteEngine(job);
  const loaded = await engine.load();
  const { firstTokenSeconds } = await engine.write(
    Array.from({ length: 16 }, (_, index) => 1000 + index * 7),
    1,
  );
  engine.close();
  return loaded + firstTokenSeconds;
}

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
  say(describeMachine());
  say(`${threads} threads; ${name}, ${dtype}; reference Q4_0 with ${head} head`);

  const library = installPeer(room, say);
  const common = { threads, context, dtype };
  const ourJob: EngineJob = { ...common, engine: 'ours', model: await convertedFolder(room, name, dtype, say) };
  const theirJob: EngineJob = { ...common, engine: 'llama', model: ggufFile(room, name, head, say), library };
  const ids = (count: number): number[] => inventedIds(count, shape);
  const rows: BenchRow[] = [];
  const add = (row: BenchRow): void => {
    rows.push(row);
    say(`${row.figure}: ${row.ours} against ${row.reference}, ${row.ratio}`);
  };

  const beside = besideFigures.filter(wanted);
  if (beside.length > 0) {
    const pair = await openPair(ourJob, theirJob);
    for (const figure of beside) add(await besideRow(figure, { rounds, pair, ids }));
    closePair(pair);
  }
  if (wanted('load')) {
    const seen: [number[], number[]] = [[], []];
    for (let round = -1; round < rounds; round++) {
      const both = [await startSeconds(ourJob), await startSeconds(theirJob)] as const;
      // The first start warms the page cache and may prepare files; the second and later ones count.
      if (round >= 0) both.forEach((seconds, index) => seen[index]?.push(seconds));
    }
    add(row('seconds from load to first token, warm', [median(seen[0]), median(seen[1])], 0.8, 'lower'));
  }
  if (wanted('transformers')) {
    const pair = await openPair(ourJob, { ...ourJob, engine: 'transformers' });
    const speed = await decodeSpeed(Math.min(rounds, 3), pair, ids(512));
    add(row('decode tokens/s at 512, against transformers.js', speed, 1, 'higher'));
    closePair(pair);
  }
  if (wanted('limit')) {
    const engine = new RemoteEngine(ourJob); // alone: it is compared with the memory, not with a program
    await engine.load();
    await engine.write(ids(128), 2);
    const { tokensPerSecond } = await engine.write(ids(128), 65);
    const bandwidth = await readBandwidth(threads);
    engine.close();
    const bytes = weightBytesPerToken(shape, dtype, 128);
    const figure = `GB/s read by decode at 128 (${Math.round(bytes / 1e6)} MB per token), against what memory gives`;
    add(row(figure, [(bytes * tokensPerSecond) / 1e9, bandwidth / 1e9], 1, 'higher'));
  }
  if (wanted('lookup')) (await lookupRows(ourJob.model, rounds, threads)).forEach(add);
  if (wanted('merged')) rows.push(...(await mergedRows(shape, rounds, threads, say)));
  const { cpuGraph } = await readModelFolder(ourJob.model, dtype);
  if (wanted('threads')) rows.push(...(await threadRows(cpuGraph, rounds, threads, say)));
  if (wanted('profile')) {
    for (const [past, width] of profiled) await profile(cpuGraph, { threads, past, width }, say);
  }
  return rows;
}

/** Tokens in the cache, and tokens of the run. */
const profiled = [
  [128, 1],
  [2048, 1],
  [0, 128],
  [1920, 128],
] as const;
