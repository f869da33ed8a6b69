/** What guessing from the text brings and costs: the practice model by itself, and known texts through the large shape. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { convertModel } from '../../../electron/services/convert/convert.ts';
import { createDecoder, type Decoder } from '../../../electron/services/inference/decoder.ts';
import { generate } from '../../../electron/services/inference/generate.ts';
import { readModelFolder } from '../../../electron/services/inference/modelFolder.ts';
import { openSession } from '../../../electron/services/inference/session.ts';
import { createTextStream } from '../../../electron/services/inference/textStream.ts';
import { loadTokenizer } from '../../../electron/services/inference/tokenizer.ts';
import { type BenchRow, median, row } from '../row.ts';
import { copied, fresh } from './texts.ts';

const practice = fileURLToPath(new URL('../../../electron/practice/model', import.meta.url));
const greedy = { temperature: 0, topP: 1, topK: 0, minP: 0, repetitionPenalty: 1 };
const context = 2048;

/** Asked twice, the model repeats its own answer, as it does with a text that it is asked to rewrite. */
const question = 'What is a gated model?';

async function open(
  folder: string,
  threads: number,
): Promise<{ readonly decoder: Decoder; readonly endIds: ReadonlySet<number> }> {
  const { cpuGraph, endIds } = await readModelFolder(folder, 'q4');
  const decoder = createDecoder(await openSession(cpuGraph, { device: 'cpu', threads }), context);
  return { decoder, endIds: new Set(endIds) };
}

/** `decoder` at its real cost, but always sure that `text` is what comes. */
function certain(decoder: Decoder, text: readonly number[]): Decoder {
  return {
    ...decoder,
    async forward(cache, ids, keep = 1) {
      const logits = await decoder.forward(cache, ids, keep);
      const width = logits.length / keep;
      for (let row = 0; row < keep; row++) {
        const next = text[cache.ids.length - keep + row + 1];
        if (next !== undefined) logits[row * width + next] = 1e9;
      }
      return logits;
    },
  };
}

/** Up to `count` tokens, or to the end of the answer where one is told apart. */
async function write(
  decoder: Decoder,
  prompt: readonly number[],
  count: number,
  endIds: ReadonlySet<number> = new Set(),
): ReturnType<typeof generate> {
  const job = {
    prompt,
    cache: decoder.newCache(),
    sampling: { ...greedy, maxNewTokens: count },
    stop: [],
    endIds,
    text: createTextStream((ids) => ids.join(' ')),
  };
  return generate(decoder, job, { onText: () => undefined });
}

/** Tokens per second with guesses and without, in turns. */
async function withAndWithout(
  rounds: number,
  guessing: Decoder,
  prompt: readonly number[],
  count: number,
  endIds?: ReadonlySet<number>,
): Promise<readonly [number, number]> {
  const plain: Decoder = { ...guessing, rewindsCheaply: false };
  const [guessed, unguessed]: [number[], number[]] = [[], []];
  for (let round = 0; round < rounds; round++) {
    const turns = [
      async () => guessed.push((await write(guessing, prompt, count, endIds)).stats.tokensPerSecond),
      async () => unguessed.push((await write(plain, prompt, count, endIds)).stats.tokensPerSecond),
    ];
    for (const turn of round % 2 === 0 ? turns : turns.reverse()) await turn();
  }
  return [median(guessed), median(unguessed)];
}

/** `large` is the folder of the converted shape that the other figures use. */
export async function lookupRows(large: string, rounds: number, threads: number): Promise<BenchRow[]> {
  const room = mkdtempSync(join(tmpdir(), 'latchkey-lookup-'));
  const output = join(room, 'model');
  const converted = await convertModel({ source: practice, output, dtype: 'q4' });
  if (!converted.ok) throw new Error(JSON.stringify(converted.problem));
  const tokenizer = await loadTokenizer(output);
  const rows: BenchRow[] = [];
  const add = (text: string, pair: readonly [number, number], goal: number): void =>
    void rows.push(row(`decode tokens/s with prompt lookup, ${text}, against without`, pair, goal, 'higher'));

  const { decoder: small, endIds } = await open(output, threads);
  const turn = tokenizer.encodeRendered(tokenizer.renderChat([{ role: 'user', text: question }]));
  const { newIds } = await write({ ...small, rewindsCheaply: false }, turn, 100, endIds);
  const again = [...turn, ...newIds, ...turn];
  const repeated = (await write(small, again, 100, endIds)).newIds;
  if (repeated.join() !== newIds.join()) throw new Error('The practice model does not repeat its text');
  // A hundredth of a second each: many, so that the middle one says something.
  const speeds = await withAndWithout(rounds * 10, small, again, 100, endIds);
  add(`practice model repeating a text of ${newIds.length} tokens to its end`, speeds, 1.5);
  await small.release();
  rmSync(room, { recursive: true, force: true });

  const { decoder } = await open(large, threads);
  for (const [name, { prompt, answer }, goal] of [
    ['a text copied with corrections', copied, 1.5],
    ['an answer in new words', fresh, 0.97],
  ] as const) {
    const [asked, told] = [tokenizer.encodeText(prompt), tokenizer.encodeText(answer)];
    const sure = certain(decoder, [...asked, ...told]);
    add(name, await withAndWithout(Math.min(rounds, 3), sure, asked, told.length), goal);
  }
  await decoder.release();
  return rows;
}
