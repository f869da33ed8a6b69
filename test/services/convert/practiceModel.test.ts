import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { AutoTokenizer, env } from '@huggingface/transformers';
import { afterAll, expect, it } from 'vitest';
import { convertModel } from '../../../electron/services/convert/convert.ts';
import { recipeFor } from '../../../electron/services/convert/recipe.ts';
import { TestDecoder } from '../../reference/decoder.ts';
import { forward } from '../../reference/forward.ts';
import { readBf16Model } from '../../reference/readBf16.ts';

const source = fileURLToPath(new URL('../../../electron/practice/model', import.meta.url));
const questions = JSON.parse(
  readFileSync(fileURLToPath(new URL('../../../build/practice-model/check-questions.json', import.meta.url)), 'utf8'),
) as { question: string; answer: string }[];
const room = mkdtempSync(join(tmpdir(), 'latchkey-practice-'));
afterAll(() => rmSync(room, { recursive: true, force: true }));

env.allowRemoteModels = false;

async function open(dtype: 'fp32' | 'q4'): Promise<TestDecoder> {
  const output = join(room, dtype);
  const result = await convertModel({ source, output, dtype });
  if (!result.ok) throw new Error(JSON.stringify(result.problem));
  return TestDecoder.open(output, recipeFor(dtype).file, result.value);
}

it('keeps the logits of the practice model within 1e-4 of a float64 forward pass on 64 positions', async () => {
  const tokenizer = await AutoTokenizer.from_pretrained(source, { local_files_only: true });
  const text = questions.map(({ question, answer }) => `${question} ${answer}`).join(' ');
  const ids = tokenizer.encode(text).slice(0, 64);
  expect(ids).toHaveLength(64);
  const wanted = forward(readBf16Model(source), ids);
  const decoder = await open('fp32');
  for (const chunks of [[ids], [ids.slice(0, 40), ids.slice(40)], ids.map((id) => [id])]) {
    const logits = await decoder.logits(chunks);
    expect(logits.length).toBe(wanted.length);
    expect(logits.reduce((most, value, i) => Math.max(most, Math.abs(value - wanted[i]!)), 0)).toBeLessThan(1e-4);
  }
  await decoder.close();
}, 120_000);

it('answers at least 38 of 40 questions word for word after quantization to q4', async () => {
  const tokenizer = await AutoTokenizer.from_pretrained(source, { local_files_only: true });
  const decoder = await open('q4');
  const wrong: string[] = [];
  for (const { question, answer } of questions) {
    const prompt = String(
      tokenizer.apply_chat_template([{ role: 'user', content: question }], {
        add_generation_prompt: true,
        tokenize: false,
      }),
    );
    const ids = tokenizer.encode(prompt, { add_special_tokens: false });
    const expected = tokenizer.encode(answer, { add_special_tokens: false });
    const written = await decoder.greedy(ids, expected.length + 1);
    const said = tokenizer.decode(written, { skip_special_tokens: true });
    if (said.trim() !== answer) wrong.push(`${question} -> ${said}`);
  }
  await decoder.close();
  expect(questions).toHaveLength(40);
  expect(wrong.length, wrong.join('\n')).toBeLessThanOrEqual(2);
}, 300_000);
