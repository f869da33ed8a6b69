import type { Sampling } from '../../contract/chat.ts';

/** Meta's own generation_config for Llama 3 uses temperature 0.6 and top-p 0.9; the rest is off. */
export const defaultSampling: Sampling = {
  temperature: 0.6,
  topP: 0.9,
  topK: 0,
  minP: 0,
  repetitionPenalty: 1,
  maxNewTokens: 1024,
};
