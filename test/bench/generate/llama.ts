import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { commonPrefix } from '../../../electron/services/inference/prefix.ts';
import type { Engine, EngineJob } from './engine.ts';

/** The part of node-llama-cpp that is used here. */
interface Library {
  readonly getLlama: (options: object) => Promise<{ loadModel(options: object): Promise<Model> }>;
}
interface Model {
  createContext(options: object): Promise<{ getSequence(): Sequence }>;
}
interface Sequence {
  readonly nextTokenIndex: number;
  evaluate(ids: readonly number[], options: object): AsyncGenerator<number, void>;
  eraseContextTokenRanges(ranges: readonly { start: number; end: number }[]): Promise<void>;
}

/** llama.cpp through node-llama-cpp: its prebuilt library, which picks the variant for this processor by itself. */
export async function openLlama({ model, library = '', threads, context }: EngineJob): Promise<Engine> {
  const entry = pathToFileURL(join(library, 'dist', 'index.js')).href;
  const { getLlama } = (await import(entry)) as Library;
  const llama = await getLlama({ gpu: false, build: 'never', maxThreads: threads, logLevel: 'error' });
  const loaded = await llama.loadModel({ modelPath: model });
  const sequence = (await loaded.createContext({ contextSize: context, batchSize: 512, threads })).getSequence();
  let held: number[] = []; // what the sequence has seen
  const cut = async (length: number): Promise<void> => {
    if (length >= sequence.nextTokenIndex) return;
    await sequence.eraseContextTokenRanges([{ start: length, end: sequence.nextTokenIndex }]);
    held = held.slice(0, length);
  };
  return {
    async write(prompt, count) {
      await cut(Math.min(commonPrefix(held, prompt), prompt.length - 1));
      const began = performance.now();
      let firstAt = began;
      let written = 0;
      const options = { temperature: 0, yieldEogToken: true };
      for await (const id of sequence.evaluate(prompt.slice(held.length), options)) {
        if (written++ === 0) {
          firstAt = performance.now();
          held = [...prompt];
        } else held.push(id);
        if (written >= count) break;
      }
      const later = (performance.now() - firstAt) / 1000;
      held = [...prompt]; // tokens beyond are cut by the next call
      return { firstTokenSeconds: (firstAt - began) / 1000, tokensPerSecond: (count - 1) / later };
    },
    forget: () => cut(0),
  };
}
