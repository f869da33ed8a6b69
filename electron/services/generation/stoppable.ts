import { failed, type Result } from '../../contract/result.ts';
import { cancelled } from '../explain.ts';

/** Longer than a token takes where writing is bearable, shorter than it takes a person to press again. */
const stopSeconds = 3;

/**
 * transformers.js reads a whole prompt in one run, which nothing can interrupt. When `signal` fires, the answer has a moment
 * to end by itself, as it does between two tokens; then `end` ends the process, and the answer counts as cancelled. The
 * model is loaded again with the next question.
 */
export async function stoppable<T>(
  answering: Promise<Result<T>>,
  { signal, end }: { readonly signal: AbortSignal; readonly end: () => void },
): Promise<Result<T>> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let ended = false;
  const wait = (): void => {
    timer = setTimeout(() => {
      ended = true;
      end();
    }, stopSeconds * 1000);
  };
  if (signal.aborted) wait();
  else signal.addEventListener('abort', wait, { once: true });
  const answer = await answering;
  clearTimeout(timer);
  signal.removeEventListener('abort', wait);
  return ended && !answer.ok ? failed(cancelled()) : answer;
}
