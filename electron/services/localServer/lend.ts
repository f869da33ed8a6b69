import { failed } from '../../contract/result.ts';
import type { Engine } from '../generation/engine.ts';
import type { Library } from '../models/library.ts';
import type { Lent } from './answer.ts';
import { queueFull } from './explain.ts';

/** 8: some minutes of answers on a slow machine; whoever comes later is told to come again. */
const mostWaiting = 8;

/** What the local server may use of the app: the list of models, and their answers in a lane of its own. */
export function lend({
  models,
  engine,
  now,
}: {
  readonly models: Pick<Library, 'list'>;
  readonly engine: Pick<Engine, 'waiting' | 'generate'>;
  readonly now: () => number;
}): Lent {
  return {
    models: () => models.list(),
    async generate(model, input, options) {
      const waiting = engine.waiting('server');
      if (waiting >= mostWaiting) return failed(queueFull(waiting));
      return engine.generate(model, input, { ...options, lane: 'server' });
    },
    now,
  };
}
