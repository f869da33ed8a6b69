import type { Announce } from '../work/protocol.ts';
import { announced } from './announced.ts';
import { writeConversation } from './builtInTemplate.ts';
import type { Tokenizer, Turn } from './tokenizer.ts';

/** Chat templates are programs of strangers. They render in milliseconds; one that takes 2 s will not end. */
const templateSeconds = 2;
/** Characters that a template may add for each one it was given, and beside that. The longest known adds some 5,000. */
const [mostGrowth, mostExtra] = [4, 200_000];
/** Tokenizers cut some 500,000 characters in a second; their patterns are strangers' too, and can take for ever. */
const tokenizeSeconds = (characters: number): number => 5 + characters / 50_000;

/**
 * A tokenizer that announces what may not end, so that the process can be ended from outside, and that refuses a template's
 * output that is out of all proportion.
 */
export function watchTokenizer(
  tokenizer: Tokenizer,
  { announce, builtInTemplate }: { readonly announce: Announce; readonly builtInTemplate: boolean },
): Tokenizer {
  const cut = (text: string, ids: () => number[]): number[] =>
    announced(announce, 'tokenize', tokenizeSeconds(text.length), ids);
  const render = (turns: readonly Turn[]): string => {
    if (builtInTemplate) return writeConversation(turns, tokenizer.isToken);
    const given = turns.reduce((sum, { text }) => sum + text.length, 0);
    const written = announced(announce, 'template', templateSeconds, () => tokenizer.renderChat(turns));
    if (written.length > given * mostGrowth + mostExtra) {
      throw new Error(`The chat template made ${written.length} characters of ${given}`);
    }
    return written;
  };
  return {
    ...tokenizer,
    renderChat: render,
    encodeText: (text) => cut(text, () => tokenizer.encodeText(text)),
    encodeRendered: (text) => cut(text, () => tokenizer.encodeRendered(text)),
  };
}
