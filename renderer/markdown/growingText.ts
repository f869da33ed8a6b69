import { parseBlocks, type Placed } from './blocks.ts';
import type { Block } from './tree.ts';

/**
 * Where a block ends is decided by the first line of the block after it, or by the line after that one: a table shows
 * in its second line only.
 */
const deciding = 2;

/**
 * Reads a text that grows at its end. A block whose end is decided by finished lines cannot change any more, so it keeps
 * its identity (nothing on screen is made anew) and what follows is read again: a piece costs the last block or two, not
 * the answer. What is on screen at the end is what the whole text reads as, however it came.
 */
export class GrowingText {
  #text = '';
  #lines: string[] = [];
  #placed: readonly Placed[] = [];
  #blocks: readonly Block[] = [];

  /** The blocks of `text`; fast when it starts with the text of the call before. */
  read(text: string): readonly Block[] {
    if (text === this.#text) return this.#blocks;
    const kept = this.#decided();
    const from = this.#placed[kept]?.line;
    if (from !== undefined && text.startsWith(this.#text)) {
      const lastLine = this.#lines.at(-1) ?? '';
      const added = (lastLine + text.slice(this.#text.length)).replaceAll('\r\n', '\n').split('\n');
      this.#lines = [...this.#lines.slice(0, -1), ...added];
      const again = parseBlocks(this.#lines.slice(from)).map(({ line, block }) => ({ line: line + from, block }));
      this.#placed = [...this.#placed.slice(0, kept), ...again];
    } else {
      this.#lines = text.replaceAll('\r\n', '\n').split('\n');
      this.#placed = parseBlocks(this.#lines);
    }
    this.#text = text;
    this.#blocks = this.#placed.map(({ block }) => block);
    return this.#blocks;
  }

  /** How many blocks no further text can change. The last line is unfinished. */
  #decided(): number {
    const finished = this.#lines.length - 1;
    const decided = (index: number): boolean => {
      const next = this.#placed[index + 1]?.line;
      if (next === undefined) return false;
      // A list goes on behind a blank line; everything else ends there.
      const apart = this.#placed[index]?.block.kind !== 'list' && (this.#lines[next - 1] ?? '').trim() === '';
      return apart || next + deciding <= finished;
    };
    let kept = Math.max(0, this.#placed.length - 1);
    while (kept > 0 && !decided(kept - 1)) kept -= 1;
    return kept;
  }
}

/** Reads a whole text at once. */
export function parseMarkdown(text: string): readonly Block[] {
  return new GrowingText().read(text);
}
