import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AutoTokenizer, env } from '@huggingface/transformers';
import type { Dtype } from '../../../electron/contract/model.ts';
import { convertModel } from '../../../electron/services/convert/convert.ts';
import { readArchitecture } from '../../../electron/services/convert/readArchitecture.ts';
import { recipeFor } from '../../../electron/services/convert/recipe.ts';
import { fidelityOf } from '../../../electron/services/inference/fidelity.ts';
import { TestDecoder } from '../../reference/decoder.ts';
import { type BenchRow, row } from '../row.ts';
import { bitsPerWeight, type WeightBits } from './bitsPerWeight.ts';

env.allowRemoteModels = false;

const root = join(import.meta.dirname, '../../..');
/** A real trained model of 656 thousand weights, kept outside the repository beside its checkout. */
export const realCheckpoint = join(root, '../shared/models/TinyStories-656K');
export const practiceModel = join(root, 'electron/practice/model');

/** A model and the text it is measured on, as lists of ids that are each read from an empty cache. */
export interface Subject {
  readonly name: string;
  readonly source: string;
  /** Where the divergence from fp32 is measured. */
  readonly passages: readonly (readonly number[])[];
  /** Where perplexity is measured; text that the model did not write. */
  readonly prose: readonly (readonly number[])[];
}

/** How far a dtype is from fp32. Divergences in nats per token, perplexities per token. */
export interface Quality {
  readonly dtype: Dtype;
  readonly bits: WeightBits;
  readonly positions: number;
  readonly meanDivergence: number;
  readonly worstDivergence: number;
  readonly sameChoices: number;
  readonly perplexity: number;
  /** Mean divergence on the prose: no recipe was chosen by it. */
  readonly proseDivergence: number;
}

/** The real checkpoint with the text of its reference run, where it is on this computer, and the practice model. */
export async function subjects(): Promise<Subject[]> {
  const found: Subject[] = [];
  if (existsSync(join(realCheckpoint, 'expected.json'))) {
    const { cases } = JSON.parse(readFileSync(join(realCheckpoint, 'expected.json'), 'utf8')) as {
      readonly cases: readonly { readonly ids: number[] }[];
    };
    const tokenizer = await AutoTokenizer.from_pretrained(realCheckpoint, { local_files_only: true });
    const stories = readFileSync(join(import.meta.dirname, 'stories.txt'), 'utf8')
      .trim()
      .split('\n\n');
    found.push({
      name: 'TinyStories-656K',
      source: realCheckpoint,
      passages: cases.map(({ ids }) => ids.slice(0, -1)),
      prose: stories.map((story) => tokenizer.encode(story)),
    });
  }
  const questions = JSON.parse(readFileSync(join(root, 'build/practice-model/check-questions.json'), 'utf8')) as {
    readonly question: string;
    readonly answer: string;
  }[];
  const tokenizer = await AutoTokenizer.from_pretrained(practiceModel, { local_files_only: true });
  const chats = questions.map(({ question, answer }) => {
    const turns = [
      { role: 'user', content: question },
      { role: 'assistant', content: answer },
    ];
    return tokenizer.encode(String(tokenizer.apply_chat_template(turns, { tokenize: false })), {
      add_special_tokens: false,
    });
  });
  return [...found, { name: 'practice model', source: practiceModel, passages: chats, prose: chats }];
}

/** Converts a model to fp32 and to each of `dtypes`, and compares what they expect next at every position. */
export async function qualityOf(subject: Subject, dtypes: readonly Dtype[]): Promise<Quality[]> {
  const room = mkdtempSync(join(tmpdir(), 'latchkey-quality-'));
  try {
    const official = await read(subject, 'fp32', room);
    const found: Quality[] = [];
    for (const dtype of dtypes) {
      const logits = dtype === 'fp32' ? official : await read(subject, dtype, room);
      found.push(compare(subject, dtype, official, logits));
    }
    return found;
  } finally {
    rmSync(room, { recursive: true, force: true });
  }
}

type Fidelity = ReturnType<typeof fidelityOf>;

interface Logits {
  readonly passages: readonly Float32Array[];
  readonly prose: readonly Float32Array[];
}

async function read({ source, passages, prose }: Subject, dtype: Dtype, room: string): Promise<Logits> {
  const output = join(room, dtype);
  const result = await convertModel({ source, output, dtype });
  if (!result.ok) throw new Error(JSON.stringify(result.problem));
  const decoder = await TestDecoder.open(output, recipeFor(dtype).file, result.value);
  try {
    const each = async (texts: Subject['prose']): Promise<Float32Array[]> => {
      const all: Float32Array[] = [];
      for (const ids of texts) all.push(await decoder.logits([ids]));
      return all;
    };
    return { passages: await each(passages), prose: await each(prose) };
  } finally {
    await decoder.close();
  }
}

function compare(subject: Subject, dtype: Dtype, official: Logits, found: Logits): Quality {
  const parts = fidelities(subject.passages, official.passages, found.passages);
  const positions = parts.reduce((sum, part) => sum + part.positions, 0);
  const config: unknown = JSON.parse(readFileSync(join(subject.source, 'config.json'), 'utf8'));
  const architecture = readArchitecture(config);
  if (!architecture.ok) throw new Error(JSON.stringify(architecture.problem));
  return {
    dtype,
    bits: bitsPerWeight(architecture.value, dtype),
    positions,
    meanDivergence: meanOf(parts),
    worstDivergence: Math.max(...parts.map((part) => part.worstDivergence)),
    sameChoices: parts.reduce((sum, part) => sum + part.sameChoices, 0),
    perplexity: perplexityOf(subject.prose, found.prose),
    proseDivergence: meanOf(fidelities(subject.prose, official.prose, found.prose)),
  };
}

function fidelities(
  texts: Subject['prose'],
  official: readonly Float32Array[],
  found: readonly Float32Array[],
): readonly Fidelity[] {
  return texts.map((ids, at) => fidelityOf(official[at] ?? nothing, found[at] ?? nothing, ids.length));
}

function meanOf(parts: readonly Fidelity[]): number {
  const positions = parts.reduce((sum, part) => sum + part.positions, 0);
  return parts.reduce((sum, part) => sum + part.meanDivergence * part.positions, 0) / positions;
}

const nothing = new Float32Array(0);

/** exp of the mean surprise at each next id. */
export function perplexityOf(texts: Subject['prose'], logits: readonly Float32Array[]): number {
  let [surprise, count] = [0, 0];
  texts.forEach((ids, at) => {
    const all = logits[at] ?? nothing;
    const width = all.length / ids.length;
    ids.slice(1).forEach((next, position) => {
      const row = all.subarray(position * width, (position + 1) * width);
      const top = row.reduce((most, value) => Math.max(most, value), -Infinity);
      const total = row.reduce((sum, value) => sum + Math.exp(value - top), 0);
      surprise += top + Math.log(total) - (row[next] ?? NaN);
      count += 1;
    });
  });
  return Math.exp(surprise / count);
}

const dtypes: readonly Dtype[] = ['fp32', 'fp16', 'q8', 'q4', 'q4f16'];
/** What the divergence of a dtype should stay below on the real checkpoint, in nats per token. */
const goals: Partial<Record<Dtype, number>> = { q8: 0.0004, q4: 0.03 };

/** Says the whole table, and answers the rows that have a goal. */
export async function qualityRows(say: (line: string) => void): Promise<BenchRow[]> {
  const found: BenchRow[] = [];
  for (const subject of await subjects()) {
    say(
      `${subject.name}: dtype, bits per weight of body and head, divergence per token (mean, worst), same choice, perplexity, divergence there`,
    );
    for (const quality of await qualityOf(subject, dtypes)) {
      const { dtype, bits, positions, meanDivergence, worstDivergence, sameChoices, perplexity, proseDivergence } =
        quality;
      const cells = [
        dtype.padEnd(5),
        `${bits.body.toFixed(2)} ${bits.head.toFixed(2)}`,
        `${meanDivergence.toFixed(5)} ${worstDivergence.toFixed(3)}`,
        `${sameChoices} of ${positions}`,
        perplexity.toFixed(3),
        proseDivergence.toFixed(5),
      ];
      say(`  ${cells.join(' | ')}`);
      const goal = goals[dtype];
      if (goal === undefined) continue;
      found.push(row(`${dtype} of ${subject.name}: nats per token away from fp32`, [meanDivergence, goal], 1, 'lower'));
    }
  }
  return found;
}
