/**
 * TeX in pieces: a command with its backslash, a number, a run of white space, or one character.
 */
export type Piece = string;

const pieces = /\\(?:[A-Za-z]+|[\s\S])|\d{1,3}(?:,\d{3})+(?!\d)(?:\.\d+)?|\d+(?:\.\d+)?|\s+|[\s\S]/gu;

function lex(source: string): Piece[] {
  return source.match(pieces) ?? [];
}

/** The pieces with a place in them, and what reading needs at that place. */
export class Pieces {
  readonly #list: Piece[];
  #at = 0;

  constructor(source: string) {
    this.#list = lex(source);
  }

  /** The next piece that is not white space, without taking it; undefined at the end. */
  peek(): Piece | undefined {
    while (/^\s/.test(this.#list[this.#at] ?? '')) this.#at += 1;
    return this.#list[this.#at];
  }

  take(): Piece | undefined {
    const piece = this.peek();
    if (piece !== undefined) this.#at += 1;
    return piece;
  }

  /** Takes `piece` if it comes next. */
  takeIf(piece: Piece): boolean {
    if (this.peek() !== piece) return false;
    this.#at += 1;
    return true;
  }

  /** The first digit of a number of several; the others stay. */
  digit(): string | undefined {
    const piece = this.peek();
    if (piece === undefined || !/^\d\d+$/.test(piece)) return undefined;
    this.#list[this.#at] = piece.slice(1);
    return piece[0];
  }

  /** What stands between `open` and its `close`, as written; undefined when `open` does not come next or never closes. */
  raw(open: '{' | '[', close: '}' | ']'): string | undefined {
    if (this.peek() !== open) return undefined;
    let depth = 0;
    for (let at = this.#at; at < this.#list.length; at += 1) {
      const piece = this.#list[at];
      if (piece === open) depth += 1;
      if (piece === close) depth -= 1;
      if (depth > 0) continue;
      const text = this.#list.slice(this.#at + 1, at).join('');
      this.#at = at + 1;
      return text;
    }
    return undefined;
  }
}
