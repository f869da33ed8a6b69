import { readCommand } from './commands.ts';
import { gridOf, setGrid } from './environments.ts';
import { Pieces } from './lex.ts';
import { letter, type LetterStyle } from './letters.ts';
import { type Atom, group, leaf, type MathNode, NotReadable, row } from './tree.ts';

/** Groups inside groups beyond this are no formula a person reads; it also bounds the stack. */
const deepest = 40;
/** Longer sources are shown as they were written: a formula of a book has a few hundred characters. */
const longest = 5000;

/**
 * Reads a formula in TeX. Undefined when it holds something we cannot set truly: then the source is what is shown.
 * Never throws; time grows with the length.
 */
export function parseMath(source: string): MathNode | undefined {
  if (source.length > longest) return undefined;
  try {
    return new TexReader(source).whole();
  } catch (error) {
    if (error instanceof NotReadable) return undefined;
    throw error;
  }
}

export class TexReader {
  readonly pieces: Pieces;
  style: LetterStyle | undefined;
  #depth = 0;

  constructor(source: string) {
    this.pieces = new Pieces(source);
  }

  whole(): MathNode {
    const cells = this.cells(undefined);
    if (this.pieces.peek() !== undefined) throw new NotReadable('a brace closes nothing');
    const [first] = cells;
    // Lines without an environment around them are set as if there were one.
    return cells.length === 1 && first?.length === 1 ? row(first) : setGrid({ kind: 'aligned' }, cells);
  }

  /** Cells up to `\end{name}`, or to the end of the source. */
  cells(name: string | undefined): MathNode[][] {
    const lines: MathNode[][] = [[]];
    for (;;) {
      lines.at(-1)?.push(row(this.nodes()));
      if (this.pieces.takeIf('&')) continue;
      if (this.pieces.takeIf('\\\\') || this.pieces.takeIf('\\cr')) {
        this.pieces.raw('[', ']'); // an extra distance
        lines.push([]);
        continue;
      }
      if (name === undefined) break;
      if (!this.pieces.takeIf('\\end') || this.pieces.raw('{', '}')?.trim() !== name)
        throw new NotReadable(`${name} does not end`);
      break;
    }
    const last = lines.at(-1);
    if (lines.length > 1 && last?.length === 1 && isEmpty(last[0])) lines.pop(); // a line break at the very end
    return lines;
  }

  /** An environment whose `\begin` has been taken. */
  environment(): MathNode {
    const name = this.pieces.raw('{', '}')?.trim() ?? '';
    const grid = gridOf(name);
    if (!grid) throw new NotReadable(name);
    const columns = grid.kind === 'array' || name.startsWith('alignat') ? this.pieces.raw('{', '}') : undefined;
    return setGrid(
      grid,
      this.deeper(() => this.cells(name)),
      columns?.replace(/[^lcr]/g, ''),
    );
  }

  /** Nodes up to whatever ends a group; that piece stays. */
  nodes(): MathNode[] {
    const found: MathNode[] = [];
    for (;;) {
      const piece = this.pieces.peek();
      if (piece === undefined || /^(?:[}&]|\\(?:\\|cr|end|right|middle))$/.test(piece)) return found;
      if (piece === '\\displaystyle' || piece === '\\textstyle') {
        this.pieces.take();
        found.push(group('mstyle', this.nodes(), { displaystyle: String(piece === '\\displaystyle') }));
        return found;
      }
      const node = this.scripted();
      if (node) found.push(node);
    }
  }

  /** What a command takes as its argument: a group in braces, or the next thing, of a number its first digit. */
  argument(): MathNode {
    const digit = this.pieces.digit();
    return digit === undefined ? this.#group() : leaf('mn', digit);
  }

  /** A group in braces, or the next thing. */
  #group(): MathNode {
    return this.deeper(() => {
      if (this.pieces.takeIf('{')) {
        const inside = row(this.nodes());
        this.close();
        return inside;
      }
      const atom = this.#atom();
      if (!atom) throw new NotReadable('an argument is missing');
      return atom.node;
    });
  }

  /** Reads with another style of letters. */
  styled<T>(style: LetterStyle | undefined, read: () => T): T {
    const before = this.style;
    this.style = style;
    const made = read();
    this.style = before;
    return made;
  }

  deeper<T>(read: () => T): T {
    if (this.#depth >= deepest) throw new NotReadable('too deep');
    this.#depth += 1;
    const made = read();
    this.#depth -= 1;
    return made;
  }

  close(): void {
    if (!this.pieces.takeIf('}')) throw new NotReadable('a group does not end');
  }

  /** One thing with its exponent and index; undefined for a command that shows nothing. */
  scripted(): MathNode | undefined {
    const first = this.pieces.peek();
    const atom = first === '^' || first === '_' || first === "'" ? { node: group('mrow', []) } : this.#atom();
    if (!atom) return undefined;
    let { bounds = false } = atom;
    let under: MathNode | undefined;
    const over: MathNode[] = [];
    for (;;) {
      if (this.pieces.takeIf('\\limits')) bounds = true;
      else if (this.pieces.takeIf('\\nolimits')) bounds = false;
      else if (this.pieces.takeIf("'")) over.push(leaf('mo', '′'));
      else if (this.pieces.takeIf('^'))
        over.push(this.#group()); // models that write x^10 mean ten
      else if (this.pieces.takeIf('_')) {
        if (under) throw new NotReadable('two indices');
        under = this.#group();
      } else break;
    }
    const above = over.length === 0 ? undefined : row(over);
    if (under && above) return group(bounds ? 'munderover' : 'msubsup', [atom.node, under, above]);
    if (under) return group(bounds ? 'munder' : 'msub', [atom.node, under]);
    return above ? group(bounds ? 'mover' : 'msup', [atom.node, above]) : atom.node;
  }

  #atom(): Atom | undefined {
    const piece = this.pieces.take();
    if (piece === undefined) return undefined;
    if (piece === '{') {
      const inside = this.deeper(() => this.styled(this.style, () => row(this.nodes())));
      this.close();
      return { node: inside };
    }
    if (piece.startsWith('\\')) return readCommand(this, piece.slice(1));
    if (/^\d/.test(piece)) return { node: leaf('mn', piece, this.style === 'bold' ? { class: 'bold' } : undefined) };
    if (/^\p{L}/u.test(piece)) return { node: this.#letters(piece) };
    return { node: sign(piece) };
  }

  /** Upright letters in a row are one word, so that nothing comes between them. */
  #letters(first: string): MathNode {
    let text = first;
    if (this.style === 'upright' || this.style === 'plain' || this.style === 'mono') {
      for (let next = this.pieces.peek(); next !== undefined && /^\p{L}$/u.test(next); next = this.pieces.peek())
        text += this.pieces.take() ?? '';
    }
    return letter(text, /^[A-Za-z]+$/.test(text) ? this.style : 'upright');
  }
}

function isEmpty(node: MathNode | undefined): boolean {
  return node?.tag === 'mrow' && node.children.length === 0;
}

const bare = { lspace: '0', rspace: '0' } as const;

/** A character that is neither letter nor digit. */
function sign(piece: string): MathNode {
  switch (piece) {
    case '-':
      return leaf('mo', '−');
    case '*':
      return leaf('mo', '∗');
    case '~':
      return leaf('mtext', '\u00a0');
    case '(':
    case '[':
      return leaf('mo', piece, { stretchy: 'false', form: 'prefix' });
    case ')':
    case ']':
      return leaf('mo', piece, { stretchy: 'false', form: 'postfix' });
    case '|':
    case '/':
      return leaf('mo', piece, { stretchy: 'false', ...bare });
    case '.':
      return leaf('mtext', piece);
    case '#':
    case '$':
    case '%':
      throw new NotReadable(piece); // TeX reads these in ways of its own
    default:
      return leaf('mo', piece);
  }
}
