import type { Sampling } from '../../contract/chat.ts';

/** 1,024 tokens: some 750 words, after which a person wants to be asked. */
const maxNewTokens = 1024;

function numberOr(value: unknown, otherwise: number, [least, most]: readonly [number, number]): number {
  return typeof value === 'number' && Number.isFinite(value) ? Math.min(most, Math.max(least, value)) : otherwise;
}

/**
 * How the authors want their model to be sampled, from generation_config.json (parsed; anything). Without `do_sample`
 * the format means greedy; what is left out has the defaults of the Python library (temperature 1, top-p 1, top-k 50).
 */
export function defaultSampling(generationConfig: unknown): Sampling {
  const config = (typeof generationConfig === 'object' && generationConfig !== null ? generationConfig : {}) as Record<
    string,
    unknown
  >;
  const samples = config['do_sample'] === true;
  return {
    temperature: samples ? numberOr(config['temperature'], 1, [0, 2]) : 0,
    topP: samples ? numberOr(config['top_p'], 1, [0, 1]) : 1,
    topK: samples ? numberOr(config['top_k'], 50, [0, 1000]) : 0,
    minP: samples ? numberOr(config['min_p'], 0, [0, 1]) : 0,
    repetitionPenalty: numberOr(config['repetition_penalty'], 1, [0.5, 2]),
    maxNewTokens,
  };
}
