/** Real models for the tests of this folder, converted by the product's own converter into a temporary folder. */
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Dtype } from '../../../electron/contract/model.ts';
import { convertModel } from '../../../electron/services/convert/convert.ts';

const stories = fileURLToPath(new URL('../../../../shared/models/TinyStories-656K', import.meta.url));

/** A small real checkpoint that is not part of this repository; its tests say when it is missing. */
export const storiesPresent = existsSync(join(stories, 'model.safetensors'));

export interface ExpectedCase {
  readonly prompt: string;
  readonly prompt_ids: number[];
  readonly new_ids: number[];
  readonly new_text_only: string;
  readonly stopped_on_eos: number | null;
}

/** Greedy continuations computed by an independent reference in float32. */
export function expectedCases(): ExpectedCase[] {
  const expected = JSON.parse(readFileSync(join(stories, 'expected.json'), 'utf8')) as { cases: ExpectedCase[] };
  return expected.cases;
}

/** The model that comes with the product: a chat model with a Llama 3 template, weights in two shards. */
const practice = fileURLToPath(new URL('../../../electron/practice/model', import.meta.url));

const folders: string[] = [];

/** A folder that `removeFolders` takes away again. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'latchkey-inference-'));
  folders.push(folder);
  return folder;
}

export function removeFolders(): void {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
}

async function converted(source: string, dtype: Dtype): Promise<string> {
  const output = join(temporaryFolder(), 'model');
  const result = await convertModel({ source, output, dtype });
  if (!result.ok) throw new Error(JSON.stringify(result.problem));
  return output;
}

/** The small checkpoint, converted; gives the model folder. */
export const convertedStories = (dtype: Dtype): Promise<string> => converted(stories, dtype);

/** The practice model, converted; gives the model folder. */
export const convertedPractice = (dtype: Dtype): Promise<string> => converted(practice, dtype);

/** Copies a model folder and changes one of its JSON files; undefined removes the file. */
export function variant(folder: string, file: string, change?: (json: Record<string, unknown>) => object): string {
  const copy = join(temporaryFolder(), 'model');
  cpSync(folder, copy, { recursive: true });
  const path = join(copy, file);
  if (change) writeFileSync(path, JSON.stringify(change(JSON.parse(readFileSync(path, 'utf8')))));
  else rmSync(path);
  return copy;
}

/** A template in the usual manner; the small checkpoint has no chat tokens of its own, so these are plain words. */
export const chatTemplate =
  "{{ bos_token }}{% for message in messages %}{{ message['role'] }}: {{ message['content'] }}\n{% endfor %}" +
  '{% if add_generation_prompt %}assistant:{% endif %}';

export const greedy = { temperature: 0, topP: 1, topK: 0, minP: 0, repetitionPenalty: 1, maxNewTokens: 60 } as const;
