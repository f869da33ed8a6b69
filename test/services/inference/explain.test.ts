import { describe, expect, it } from 'vitest';
import type { ProblemCode } from '../../../electron/contract/problem.ts';
import { explainInference, explainLoading, promptTooLong } from '../../../electron/services/inference/explain.ts';
import { ModelFolderError } from '../../../electron/services/inference/modelFolder.ts';
import { BrokenLogitsError } from '../../../electron/services/inference/sample.ts';

const table: [string, unknown, ProblemCode, ProblemCode][] = [
  ['std::bad_alloc of ONNX Runtime', new Error('std::bad_alloc'), 'not-enough-memory', 'not-enough-memory'],
  [
    'a failed allocation in a kernel',
    new Error('Non-zero status code: onnxruntime::BFCArena: Failed to allocate memory for requested buffer of size 1'),
    'not-enough-memory',
    'not-enough-memory',
  ],
  [
    'an array too large for JS',
    new RangeError('Array buffer allocation failed'),
    'not-enough-memory',
    'not-enough-memory',
  ],
  ['a missing file', new ModelFolderError('config.json is missing'), 'damaged-file', 'damaged-file'],
  ['broken numbers', new BrokenLogitsError('nothing'), 'damaged-file', 'damaged-file'],
  ['an unreadable graph', new Error('Protobuf parsing failed.'), 'internal', 'damaged-file'],
  ['a thing that is no error', 'what', 'internal', 'damaged-file'],
];

describe('what went wrong', () => {
  it.each(table)('%s while running and while loading', (_, error, running, loading) => {
    expect(explainInference(error).code).toBe(running);
    expect(explainLoading(error).code).toBe(loading);
    expect(explainLoading(error).evidence.length).toBe(1);
  });

  it('always comes with a next step', () => {
    for (const [, error] of table) {
      expect(explainInference(error).actions.length).toBeGreaterThan(0);
      expect(explainLoading(error).actions.length).toBeGreaterThan(0);
    }
    expect(promptTooLong(10, 5).actions.length).toBeGreaterThan(0);
  });
});
