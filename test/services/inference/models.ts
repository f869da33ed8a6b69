/** Real models for the tests of this folder, converted by the product's own converter into a temporary folder. */
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Dtype } from '../../../electron/contract/model.ts';
import { convertModel } from '../../../electron/services/convert/convert.ts';
import { ProtobufWriter } from '../../../electron/services/convert/protobuf.ts';

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

/**
 * Another input of the graph, as some exporters add it: transformers.js knows what to feed, our loop does not. A message
 * that follows another one of the same kind adds to it, so this is appended to the file.
 */
export function withBranchInput(graph: Buffer): Buffer {
  const dimension = new ProtobufWriter().integer(1, 1);
  const shape = new ProtobufWriter().message(1, dimension);
  const tensor = new ProtobufWriter().integer(1, 9).message(2, shape); // bool
  const value = new ProtobufWriter().text(1, 'use_cache_branch').message(2, new ProtobufWriter().message(1, tensor));
  return Buffer.concat([graph, new ProtobufWriter().message(7, new ProtobufWriter().message(11, value)).finish()]);
}

const ending = { fp32: '', q4: '_q4' } as const;

/** The practice model as a repository with a graph of its own kind publishes it: only transformers.js can run it. */
export async function unusualPractice(dtype: 'fp32' | 'q4'): Promise<string> {
  const folder = await convertedPractice(dtype);
  const end = ending[dtype];
  for (const ours of ['loop', 'half']) rmSync(join(folder, `onnx/${ours}${end}.onnx`), { force: true });
  const graph = join(folder, `onnx/model${end}.onnx`);
  writeFileSync(graph, withBranchInput(readFileSync(graph)));
  return folder;
}

/** A copy of such a folder whose graph is whole without the strange input. */
export function withoutBranchInput(folder: string): string {
  const copy = join(temporaryFolder(), 'model');
  cpSync(folder, copy, { recursive: true });
  const added = withBranchInput(Buffer.alloc(0)).length;
  for (const name of ['model.onnx', 'model_q4.onnx']) {
    const path = join(copy, 'onnx', name);
    if (existsSync(path)) truncateSync(path, statSync(path).size - added);
  }
  return copy;
}

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

/** A token of the practice model that it was never taught to write. */
export const [never, neverId] = ['<|reserved_special_token_0|>', 1525];

/**
 * A copy of a folder of the practice model that knows no token as the end: its answers go on to `maxNewTokens`. An answer of
 * its own takes a twentieth of a second, and whoever is to be stopped or killed in the middle of it may be done before.
 */
export const endless = (folder: string): string =>
  variant(
    variant(folder, 'generation_config.json', (json) => ({ ...json, eos_token_id: neverId })),
    'tokenizer_config.json',
    (json) => ({ ...json, eos_token: never }),
  );
