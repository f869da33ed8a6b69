/** What waiting threads should do, and whether each should keep to a core: what ships beside its alternatives, in turns. */
import { InferenceSession } from 'onnxruntime-node';
import { createDecoder, type Decoder } from '../../../electron/services/inference/decoder.ts';
import { openSession } from '../../../electron/services/inference/session.ts';
import { type BenchRow, median, row, type Say } from '../row.ts';

const room = 256; // tokens

/** As the product opens it, with every thread but the calling one kept to a core of its own. */
async function openPinned(graph: string, threads: number): Promise<Decoder> {
  // The runtime counts cores from 1, and asks for one less than there are threads: the caller's is not its own.
  const cores = Array.from({ length: threads - 1 }, (_, index) => index + 2).join(';');
  const session = await InferenceSession.create(graph, {
    executionProviders: ['cpu'],
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    enableCpuMemArena: false,
    logSeverityLevel: 3,
    extra: { session: { intra_op_thread_affinities: cores } },
  });
  const describe = (all: readonly InferenceSession.ValueMetadata[]) =>
    all.filter((one) => one.isTensor).map(({ name, type, shape }) => ({ name, type, shape }));
  const plain = {
    inputs: describe(session.inputMetadata),
    outputs: describe(session.outputMetadata),
    run: (feeds: InferenceSession.FeedsType, fetches: readonly string[]) => session.run(feeds, fetches),
    release: () => session.release(),
  };
  return createDecoder(plain, room);
}

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
  const open = async (spin: boolean): Promise<Decoder> =>
    createDecoder(await openSession(graph, { device: 'cpu', threads, spin }), room);
  const found: BenchRow[] = [];
  for (const [name, other] of [
    ['decode tokens/s at 128, waiting threads keep their core busy, against giving it back', () => open(false)],
    ['decode tokens/s at 128, threads free to move, against each on its core', () => openPinned(graph, threads)],
  ] as const) {
    const both = [await open(true), await other()] as const;
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
