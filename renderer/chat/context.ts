import type { EngineState, Message } from '../../electron/contract/chat.ts';
import type { InstalledModel } from '../../electron/contract/model.ts';
import type { Shown } from '../state/tree.ts';

/** Tokens the model reads at most: what this computer's memory allows once it is loaded, before that what it was made for. */
export function contextOf(engine: EngineState, model: InstalledModel): number {
  return engine.kind === 'ready' && engine.modelId === model.id ? engine.contextLength : model.contextLength;
}

/** Characters of a token where nothing was measured yet; English in a large vocabulary has 4, most others have fewer. */
const usualCharacters = 3;

/**
 * Tokens the next question takes, from the length of its text: as many characters for each as this chat's last answer
 * had. An estimate, for a warning before the send button is pressed; the engine counts what it reads.
 */
export function draftTokens(draft: string, thread: readonly Shown[]): number {
  if (draft === '') return 0;
  const last = thread.findLast(({ message }) => message.stats !== undefined && message.text !== '')?.message;
  const measured = last?.stats && last.stats.newTokens > 8 ? last.text.length / last.stats.newTokens : usualCharacters;
  return Math.ceil(draft.length / Math.min(8, Math.max(0.5, measured)));
}

/** The answer ended because the model can read no further, not because it was long. */
export function filledContext(message: Message, contextLength: number): boolean {
  const { stats, finishReason } = message;
  return finishReason === 'length' && stats !== undefined && stats.promptTokens + stats.newTokens >= contextLength;
}
