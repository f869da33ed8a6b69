/** Both engines in one room, taking turns over the same figures. */
import { median, row, type BenchRow } from '../row.ts';
import { type EngineJob, RemoteEngine } from './engine.ts';

export interface Pair {
  readonly ours: RemoteEngine;
  readonly reference: RemoteEngine;
}

/** Figures that one pair of loaded engines can give. */
export const besideFigures = [
  'decode128',
  'decode512',
  'decode2048',
  'prefill512',
  'prefill2048',
  'turn10',
  'memory',
] as const;
export type BesideFigure = (typeof besideFigures)[number];

const steps = 32; // tokens per timed decode

/** Lets both engines do the same, in turns and each first as often as the other; gives the medians. */
export async function alternate(
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

/** Starts both, loads both. */
export async function openPair(ours: EngineJob, reference: EngineJob): Promise<Pair> {
  const pair = { ours: new RemoteEngine(ours), reference: new RemoteEngine(reference) };
  await Promise.all([pair.ours.load(), pair.reference.load()]);
  return pair;
}

export function closePair({ ours, reference }: Pair): void {
  ours.close();
  reference.close();
}

/** Tokens per second after a prompt of `at` tokens. */
export async function decodeSpeed(
  rounds: number,
  pair: Pair,
  prompt: readonly number[],
): Promise<readonly [number, number]> {
  // The first call reads the prompt; it is not measured.
  for (const engine of [pair.ours, pair.reference]) await engine.write(prompt, 2);
  return alternate(rounds, pair, async (engine) => (await engine.write(prompt, steps + 1)).tokensPerSecond);
}

/** One figure of the table. `ids` invents a text of so many tokens. */
export async function besideRow(
  figure: BesideFigure,
  { rounds, pair, ids }: { readonly rounds: number; readonly pair: Pair; readonly ids: (count: number) => number[] },
): Promise<BenchRow> {
  const both = [pair.ours, pair.reference];
  switch (figure) {
    case 'decode128':
    case 'decode512':
    case 'decode2048': {
      const at = Number(figure.slice('decode'.length));
      return row(`decode tokens/s at ${at}`, await decodeSpeed(rounds, pair, ids(at)), 1.2, 'higher');
    }
    case 'prefill512':
    case 'prefill2048': {
      const count = Number(figure.slice('prefill'.length));
      const speed = async (engine: RemoteEngine): Promise<number> => {
        await engine.forget();
        return count / (await engine.write(ids(count), 1)).firstTokenSeconds;
      };
      return row(`prefill tokens/s at ${count}`, await alternate(rounds, pair, speed), 1, 'higher');
    }
    case 'turn10': {
      // Nine turns are in the cache; the tenth brings a question of 60 tokens.
      const wait = async (engine: RemoteEngine): Promise<number> => {
        await engine.write(ids(1940), 1);
        return (await engine.write(ids(2000), 1)).firstTokenSeconds;
      };
      for (const engine of both) await engine.write(ids(1940), 1);
      const seconds = await alternate(rounds, pair, wait);
      return row('seconds to the first token of turn 10, 2,000 tokens', seconds, 1, 'lower');
    }
    case 'memory': {
      const sizes: number[] = [];
      for (const engine of both) {
        await engine.write(ids(2048), steps);
        sizes.push((await engine.memory()) / 1e6);
      }
      return row('peak resident MB at 2,048', [sizes[0] ?? NaN, sizes[1] ?? NaN], 1.1, 'lower');
    }
  }
}
