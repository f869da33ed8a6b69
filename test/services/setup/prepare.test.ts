import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { dtypes } from '../../../electron/contract/model.ts';
import { readManifest } from '../../../electron/services/models/manifest.ts';
import { mostDivergence } from '../../../electron/services/setup/prove.ts';
import { convertedPractice, removeFolders } from '../inference/models.ts';
import { openLanguageModel } from '../../../electron/services/inference/languageModel.ts';
import { practice, prepareHere } from './prepareRoom.ts';

const room = mkdtempSync(join(tmpdir(), 'prepare-'));
afterAll(() => {
  rmSync(room, { recursive: true, force: true });
  removeFolders();
});
let folders = 0;
const fresh = (): string => join(room, `${++folders}`);

describe('a sound conversion is installed with its proof', () => {
  it.each(dtypes)('%s', async (dtype) => {
    const modelsFolder = fresh();
    const { result, notes, reports } = await prepareHere({ source: practice, modelsFolder, dtype });
    if (!result.ok) throw new Error(JSON.stringify(result.problem));
    const model = result.value;
    expect(readdirSync(modelsFolder)).toEqual([model.id]);
    const manifest = await readManifest(join(modelsFolder, model.id));
    expect(manifest?.model).toEqual(model);
    expect(manifest?.files.map((file) => file.path)).not.toContain('reference.f32');
    expect(readdirSync(join(modelsFolder, model.id))).not.toContain('reference.f32');
    expect(model.sanity?.tokens).toBe(20);
    const { fidelity } = model;
    expect(fidelity?.positions).toBeGreaterThanOrEqual(8);
    expect(fidelity?.meanDivergence).toBeGreaterThanOrEqual(0);
    // Limits stand well above what this small model shows, so that a sound larger one never fails by chance.
    expect(fidelity?.meanDivergence).toBeLessThan(mostDivergence[dtype] / 3);
    expect(notes).toEqual(['converting', 'proving']);
    expect(reports.every(({ doneBytes, totalBytes }) => doneBytes <= totalBytes)).toBe(true);
  });
});

describe('a conversion that went wrong is refused, with nothing left behind', () => {
  const data = (folder: string): string => join(folder, 'onnx', 'model_q4.onnx_data');
  /** Changes a part of the weights, in sixteenths of the file. */
  const onPart =
    (from: number, to: number, change: (part: Buffer) => void) =>
    (folder: string): void => {
      const bytes = readFileSync(data(folder));
      const at = (part: number): number => Math.floor((bytes.length * part) / 16 / 64) * 64;
      change(bytes.subarray(at(from), at(to)));
      writeFileSync(data(folder), bytes);
    };
  const damages = {
    'a part of the weights was never written': onPart(6, 8, (part) => part.fill(0)),
    'a part of the weights was written in another order': onPart(5, 9, (part) => part.reverse()),
    'a part of the weights was written one byte too far': onPart(4, 12, (part) => part.copyWithin(1, 0)),
    'a part of the weights holds what was in memory': onPart(8, 9, (part) => part.fill(0x55)),
    'the low and high halves of bytes were mixed up': onPart(5, 10, (part) =>
      part.forEach((b, i) => (part[i] = (b >> 4) | (b << 4))),
    ),
  };
  const cases = Object.entries(damages);

  it.each(cases)('%s', async (_, damage) => {
    const modelsFolder = fresh();
    const { result } = await prepareHere({ source: practice, modelsFolder, dtype: 'q4', damage });
    if (result.ok) throw new Error(`installed: ${JSON.stringify([result.value.fidelity, result.value.sanity])}`);
    expect(['conversion-failed', 'damaged-file']).toContain(result.problem.code);
    expect(result.problem.explanation).toMatch(/prepar/i);
    expect(result.problem.actions.length).toBeGreaterThan(0);
    expect(result.problem.evidence[0]?.cause).toMatch(/\d|number/);
    expect(readdirSync(modelsFolder)).toEqual([]);
  });

  it('a check that only looks for some words would have installed most of them', async () => {
    let installed = 0;
    for (const [, damage] of cases) {
      const folder = await convertedPractice('q4');
      damage(folder);
      const model = await openLanguageModel({ folder, dtype: 'q4', device: 'cpu' });
      if (!model.ok) continue;
      const sanity = await model.value.sanityCheck(
        { prompt: 'Hello, I am a software engineer.', maxNewTokens: 20 },
        {},
      );
      if (sanity.ok && sanity.value.text.trim() !== '') installed += 1;
      await model.value.close();
    }
    expect(installed).toBeGreaterThanOrEqual(3);
  });
});

describe('preparing', () => {
  it('refuses a tokenizer that names tokens the weights do not have', async () => {
    const source = fresh();
    cpSync(practice, source, { recursive: true });
    const tokenizer = JSON.parse(readFileSync(join(source, 'tokenizer.json'), 'utf8')) as {
      model: { vocab: Record<string, number> };
    };
    for (const word of Object.keys(tokenizer.model.vocab)) tokenizer.model.vocab[word]! += 100_000;
    writeFileSync(join(source, 'tokenizer.json'), JSON.stringify(tokenizer));
    const modelsFolder = fresh();
    const { result } = await prepareHere({ source, modelsFolder, dtype: 'q8' });
    expect(result.ok).toBe(false);
    expect(readdirSync(modelsFolder)).toEqual([]);
  });

  it('stops when it is cancelled while the proof runs', async () => {
    const modelsFolder = fresh();
    const cancel = new AbortController();
    const { result } = await prepareHere({
      source: practice,
      modelsFolder,
      dtype: 'q8',
      damage: () => setTimeout(() => cancel.abort(), 0),
      signal: cancel.signal,
    });
    expect(result.ok ? 'installed' : result.problem.code).toBe('cancelled');
    expect(readdirSync(modelsFolder)).toEqual([]);
  });
});
