/** What guessing from the text brings: the practice model told to repeat, with and without its guesses. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { convertModel } from '../../../electron/services/convert/convert.ts';
import { createDecoder, type Decoder } from '../../../electron/services/inference/decoder.ts';
import { generate } from '../../../electron/services/inference/generate.ts';
import { openSession } from '../../../electron/services/inference/session.ts';
import { createTextStream } from '../../../electron/services/inference/textStream.ts';
import { loadTokenizer } from '../../../electron/services/inference/tokenizer.ts';
import { type BenchRow, row, median } from '../row.ts';

const practice = fileURLToPath(new URL('../../../electron/practice/model', import.meta.url));
const greedy = { temperature: 0, topP: 1, topK: 0, minP: 0, repetitionPenalty: 1 };

/** A text that the model goes on repeating, as it does when asked to rewrite one. */
const question = 'What is a gated model?';

/** Tokens per second with guesses, against without. */
export async function lookupRow(rounds: number, threads: number): Promise<BenchRow> {
  const room = mkdtempSync(join(tmpdir(), 'latchkey-lookup-'));
  const output = join(room, 'model');
  const converted = await convertModel({ source: practice, output, dtype: 'q4' });
  if (!converted.ok) throw new Error(JSON.stringify(converted.problem));
  const session = await openSession(join(output, 'onnx', 'model_q4.onnx'), { device: 'cpu', threads });
  const guessing = createDecoder(session, 2048);
  const plain: Decoder = { ...guessing, rewindsCheaply: false };
  const tokenizer = await loadTokenizer(output);
  const write = async (decoder: Decoder, prompt: readonly number[], count: number) => {
    const job = {
      prompt,
      cache: decoder.newCache(),
      sampling: { ...greedy, maxNewTokens: count },
      stop: [],
      endIds: new Set<number>(),
      text: createTextStream((ids) => ids.join(' ')),
    };
    return generate(decoder, job, { onText: () => undefined });
  };
  const turn = tokenizer.encodeRendered(tokenizer.renderChat([{ role: 'user', text: question }]));
  const { newIds } = await write(plain, turn, 100);
  const prompt = [...turn, ...newIds, ...turn];
  const [guessed, unguessed]: [number[], number[]] = [[], []];
  for (let round = 0; round < rounds; round++) {
    guessed.push((await write(guessing, prompt, 200)).stats.tokensPerSecond);
    unguessed.push((await write(plain, prompt, 200)).stats.tokensPerSecond);
  }
  await guessing.release();
  rmSync(room, { recursive: true, force: true });
  return row(
    'decode tokens/s with prompt lookup on a repeating text, against without',
    [median(guessed), median(unguessed)],
    1.5,
    'higher',
  );
}
