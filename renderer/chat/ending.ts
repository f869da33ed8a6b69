import type { Message } from '../../electron/contract/chat.ts';
import { assertNever } from '../../electron/contract/result.ts';
import { t } from '../text/en.ts';

/** Why an answer is not whole; undefined when it is, or is still being written. */
export function endingOf(message: Message): string | undefined {
  if (message.role !== 'assistant' || message.state === 'writing') return undefined;
  const { finishReason } = message;
  switch (finishReason) {
    case 'stopped-by-person':
      return t.chat.partial.stopped;
    case 'length':
      return t.chat.partial.length;
    case 'failed':
      return t.chat.partial.failed;
    case 'stop':
    case undefined:
      return message.state === 'partial' ? t.chat.partial.partial : undefined;
    default:
      return assertNever(finishReason);
  }
}
