/** What was made and only lacked memory for its proof: made once, proved later, gone when nobody waits for it. */
import { mkdtempSync, readdirSync, rmSync, statSync, truncateSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, expect, it } from 'vitest';
import { failed } from '../../../electron/contract/result.ts';
import type { Engine } from '../../../electron/services/generation/engine.ts';
import { damagedFile } from '../../../electron/services/inference/explain.ts';
import { notEnoughMemory } from '../../../electron/services/inference/explainMemory.ts';
import { createMadeModels, type MadeModels } from '../../../electron/services/setup/madeModels.ts';
import { removeFolders } from '../inference/models.ts';
import { engineHere, practice, prepareHere } from './prepareRoom.ts';

const room = mkdtempSync(join(tmpdir(), 'made-'));
afterAll(() => {
  rmSync(room, { recursive: true, force: true });
  removeFolders();
});
let modelsFolder: string;
let madeModels: MadeModels;
let folders = 0;
beforeEach(() => {
  modelsFolder = join(room, `${++folders}`);
  madeModels = createMadeModels();
});

const refusing = (problem = notEnoughMemory({}, { needed: 9, free: 1, present: 8 })): Engine => ({
  ...engineHere(),
  sanityCheck: async () => failed(problem),
});
const prepare = (more: Pick<Partial<Parameters<typeof prepareHere>[0]>, 'engine' | 'dtype'> = {}) =>
  prepareHere({ source: practice, modelsFolder, dtype: 'q4', madeModels, ...more });
const weights = (): string => join(modelsFolder, readdirSync(modelsFolder)[0] ?? '', 'onnx/model_q4.onnx_data');

it('is proved and installed at the next try, without a second conversion', async () => {
  const first = await prepare({ engine: refusing() });
  expect(first.notes).toContain('converting');
  expect(first.result).toMatchObject({ ok: false, problem: { code: 'not-enough-memory' } });
  const { ino } = statSync(weights());
  const second = await prepare();
  expect(second.result.ok).toBe(true);
  expect(second.notes).toEqual(['proving']);
  expect(statSync(weights()).ino).toBe(ino);
  expect(readdirSync(modelsFolder)).toEqual([second.result.ok && second.result.value.id]);
});

it('is made anew when it is not whole any more', async () => {
  await prepare({ engine: refusing() });
  truncateSync(weights(), 100);
  const { result, notes } = await prepare();
  expect(notes).toContain('converting');
  expect(result.ok).toBe(true);
});

it('goes when something else was wrong with it', async () => {
  await prepare({ engine: refusing(damagedFile('x')) });
  expect(readdirSync(modelsFolder)).toEqual([]);
  expect((await prepare()).notes).toContain('converting');
});

it('goes when nobody waits for it, and only then', async () => {
  await prepare({ engine: refusing() });
  await madeModels.forget('practice-labs/Another');
  expect(readdirSync(modelsFolder)).toHaveLength(1);
  await madeModels.forget('practice-labs/Keyhole-1-Instruct');
  expect(readdirSync(modelsFolder)).toEqual([]);
});
