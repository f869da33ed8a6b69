/** What waiting threads should do, and whether each should keep to a core: what ships beside its alternatives, in turns. */
import { createDecoder, type Decoder } from '../../../electron/services/inference/decoder.ts';
import { readCores } from '../../../electron/services/inference/cores.ts';
import { openSession, type SessionOptions } from '../../../electron/services/inference/session.ts';
import { type BenchRow, median, row, type Say } from '../row.ts';

const room = 256; // tokens

/** Tokens per second after 128 others. */
async function speed(decoder: Decoder): Promise<number> {
  const cache = decoder.newCache();
  await decoder.forward(
    cache,
    Array.from({ length: 128 }, (_, index) => 1000 + index * 7),
  );
  const started = performance.now();
  for (let token = 0; token < 32; token++) await decoder.forward(cache, [1000 + token]);
  return 32_000 / (performance.now() - started);
}

/** Two rows: threads that wait with the core kept busy beside threads that give it back, and free beside pinned ones. */
export async function threadRows(graph: string, rounds: number, threads: number, say: Say): Promise<BenchRow[]> {
  const open = async (how: Pick<SessionOptions, 'spin' | 'processors'> = {}): Promise<Decoder> =>
    createDecoder(await openSession(graph, { device: 'cpu', threads, ...how }), room);
  const { processors = [] } = await readCores();
  const found: BenchRow[] = [];
  for (const [name, other] of [
    [
      'decode tokens/s at 128, waiting threads keep their core busy, against giving it back',
      () => open({ spin: false }),
    ],
    [
      'decode tokens/s at 128, threads free to move, against each on its core',
      () => open({ processors: processors.slice(0, threads) }),
    ],
  ] as const) {
    const both = [await open(), await other()] as const;
    const seen: [number[], number[]] = [[], []];
    for (let round = -1; round < rounds; round++) {
      for (const [index, decoder] of both.entries()) {
        const tokensPerSecond = await speed(decoder);
        if (round >= 0) seen[index]?.push(tokensPerSecond);
      }
    }
    found.push(row(name, [median(seen[0]), median(seen[1])], 1, 'higher'));
    say(JSON.stringify(found.at(-1)));
    for (const decoder of both) await decoder.release();
  }
  return found;
}
