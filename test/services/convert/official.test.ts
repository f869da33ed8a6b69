import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { openCheckpoint } from '../../../electron/services/convert/checkpoint.ts';
import { contextFor } from '../../../electron/services/convert/estimate.ts';
import { officialLogits } from '../../../electron/services/convert/official.ts';
import { activate } from '../../../electron/services/convert/officialMath.ts';
import { readArchitecture } from '../../../electron/services/convert/readArchitecture.ts';
import { countParameters, matchCheckpoint } from '../../../electron/services/convert/tensors.ts';
import { type ModelConfig, tinyModel, writeCheckpoint } from '../../reference/checkpoint.ts';
import { tinyConfigs } from '../../reference/configs.ts';
import { forward } from '../../reference/forward.ts';

const room = mkdtempSync(join(tmpdir(), 'official-'));
afterAll(() => rmSync(room, { recursive: true, force: true }));

const ids = Array.from({ length: 27 }, (_, i) => 2 + ((i * i * 37) % 110));

describe('the official weights, read piece by piece, say what the float64 reference says', () => {
  it.each(Object.entries<ModelConfig>(tinyConfigs))('%s', async (name, config) => {
    const folder = join(room, name);
    const model = tinyModel(config, 19);
    writeCheckpoint(folder, model);
    const declared = readArchitecture(config);
    if (!declared.ok) throw new Error(declared.problem.title);
    const checkpoint = await openCheckpoint(folder);
    const architecture = matchCheckpoint(declared.value, checkpoint.tensors);
    const contextLength = contextFor(architecture);
    let weights = 0;
    const onRead = (count: number): void => void (weights += count);
    const walk = { checkpoint, architecture, contextLength, onRead, signal: undefined };
    const logits = await officialLogits(walk, ids);
    await checkpoint.close();
    const expected = forward(model, ids, contextLength);
    expect(logits).toHaveLength(expected.length);
    expect(Math.max(...logits.map((value, i) => Math.abs(value - expected[i]!)))).toBeLessThan(1e-5);
    const all = countParameters(architecture);
    expect(weights).toBeGreaterThanOrEqual(architecture.tied ? all : all - architecture.vocabSize * config.hidden_size);
  });
});

it.each([
  ['silu', 1, 0.731058578],
  ['silu', -2, -0.238405844],
  ['gelu', 1, 0.841344746],
  ['gelu', -0.5, -0.15426877],
  ['gelu-tanh', 1, 0.84119199],
] as const)('%s(%f) is %f', (activation, x, y) => {
  expect(activate(activation, x)).toBeCloseTo(y, 6);
});
