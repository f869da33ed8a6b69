import type { InstalledModel } from '../../contract/model.ts';
import { failed, type Result } from '../../contract/result.ts';
import { cancelled } from '../explain.ts';
import type { Engine } from '../generation/engine.ts';

/**
 * Runs what the engine does with a model that is not installed yet, and ends its process at once when the person says
 * stop: loading a large one takes seconds that nobody wants to wait for. A chat that is answered meanwhile is let be.
 */
export async function endingWith<T>(
  signal: AbortSignal,
  engine: Pick<Engine, 'state' | 'close'>,
  { id }: Pick<InstalledModel, 'id'>,
  work: () => Promise<Result<T>>,
): Promise<Result<T>> {
  const end = (): void => {
    const state = engine.state();
    if ((state.kind === 'loading' || state.kind === 'ready') && state.modelId === id) engine.close();
  };
  signal.addEventListener('abort', end, { once: true });
  try {
    const answer = signal.aborted ? failed(cancelled()) : await work();
    return signal.aborted ? failed(cancelled()) : answer;
  } finally {
    signal.removeEventListener('abort', end);
  }
}
