import { SvelteMap } from 'svelte/reactivity';

/** What stands unsent in the composer of each chat; `undefined` is the chat that has not begun. In memory only. */
export class Drafts {
  readonly #texts = new SvelteMap<string | undefined, string>();

  of(chatId: string | undefined): string {
    return this.#texts.get(chatId) ?? '';
  }

  put(chatId: string | undefined, text: string): void {
    if (text === '') this.#texts.delete(chatId);
    else this.#texts.set(chatId, text);
  }

  /** A chat has begun: what was typed meanwhile is its own next question. */
  begun(chatId: string): void {
    const typed = this.of(undefined);
    this.put(undefined, '');
    if (this.of(chatId) === '') this.put(chatId, typed);
  }
}
