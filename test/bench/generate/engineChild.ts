/** The process that one engine of the generation bench runs in. */
import { type Engine, type EngineJob, peakMemory, type Question } from './engine.ts';

const job = JSON.parse(process.argv[2] ?? '{}') as EngineJob;
let engine: Engine | undefined;

async function load(): Promise<number> {
  const began = performance.now();
  switch (job.engine) {
    case 'ours':
      engine = await (await import('./ours.ts')).openOurs(job);
      break;
    case 'llama':
      engine = await (await import('./llama.ts')).openLlama(job);
      break;
    case 'transformers':
      engine = await (await import('./transformers.ts')).openTransformers(job);
  }
  return (performance.now() - began) / 1000;
}

process.on('message', (question: Question) => {
  const work = async (): Promise<unknown> => {
    if (question.ask === 'load') return load();
    if (question.ask === 'memory') return peakMemory();
    if (question.ask === 'forget') return engine?.forget();
    return engine?.write(question.prompt, question.count);
  };
  work().then(
    (value) => process.send?.({ value }),
    (error: unknown) => process.send?.({ value: { failed: String(error) } }),
  );
});
