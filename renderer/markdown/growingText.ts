import { parseBlocks, type Placed } from './blocks.ts';
import type { Block } from './tree.ts';

/**
 * Reads a text that grows at its end. Blocks before the last one cannot change any more, so they keep their identity
 * (nothing on screen is made anew) and only the last block is read again: a piece costs its own block, not the answer.
 */
export class GrowingText {
  #text = '';
  #lines: string[] = [];
  #placed: readonly Placed[] = [];
  #blocks: readonly Block[] = [];

  /** The blocks of `text`; fast when it starts with the text of the call before. */
  read(text: string): readonly Block[] {
    if (text === this.#text) return this.#blocks;
    const last = text.startsWith(this.#text) ? this.#placed.at(-1) : undefined;
    if (last) {
      const kept = this.#placed.slice(0, -1);
      const from = last.line;
      const lastLine = this.#lines.at(-1) ?? '';
      const added = (lastLine + text.slice(this.#text.length)).replaceAll('\r\n', '\n').split('\n');
      this.#lines = [...this.#lines.slice(0, -1), ...added];
      const again = parseBlocks(this.#lines.slice(from)).map(({ line, block }) => ({ line: line + from, block }));
      this.#placed = [...kept, ...again];
    } else {
      this.#lines = text.replaceAll('\r\n', '\n').split('\n');
      this.#placed = parseBlocks(this.#lines);
    }
    this.#text = text;
    this.#blocks = this.#placed.map(({ block }) => block);
    return this.#blocks;
  }
}

/** Reads a whole text at once. */
export function parseMarkdown(text: string): readonly Block[] {
  return new GrowingText().read(text);
}
