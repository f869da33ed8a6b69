import { expect, test } from 'vitest';
import { defaultSampling } from '../../../electron/services/models/defaultSampling.ts';

const greedy = { temperature: 0, topP: 1, topK: 0, minP: 0, repetitionPenalty: 1, maxNewTokens: 1024 };

test.each([
  ['nothing', undefined, greedy],
  ['a list', [1], greedy],
  ['temperatures without do_sample', { temperature: 0.6, top_p: 0.9 }, greedy],
  [
    'the config of Llama 3.2',
    { do_sample: true, temperature: 0.6, top_p: 0.9 },
    { ...greedy, temperature: 0.6, topP: 0.9, topK: 50 },
  ],
  [
    'the config of a sampler with everything',
    { do_sample: true, temperature: 0.7, top_p: 0.8, top_k: 20, min_p: 0.1, repetition_penalty: 1.05 },
    { ...greedy, temperature: 0.7, topP: 0.8, topK: 20, minP: 0.1, repetitionPenalty: 1.05 },
  ],
  [
    'nonsense values',
    { do_sample: true, temperature: 99, top_p: 'x', top_k: -3 },
    { ...greedy, temperature: 2, topP: 1, topK: 0 },
  ],
])('sampling recommended by %s', (_name, config, expected) => {
  expect(defaultSampling(config)).toEqual(expected);
});
