import { safeLink } from './safeLink.ts';
import type { Inline } from './tree.ts';

/** Nesting beyond this is shown as it was written; real answers stay below 5. */
const deepest = 12;
/** A mark looks back at most this many open marks, which keeps `*_*_*_...` linear. */
const lookBack = 24;

interface Mark {
  readonly char: '*' | '_' | '~';
  readonly at: number; // index in the list of pieces
  length: number;
  readonly opens: boolean;
  readonly closes: boolean;
}

const wordChar = /[\p{L}\p{N}]/u;
const special = /[\\`*_~![<$h]/;

/** Reads one run of text (a paragraph, a cell) into inline nodes. Never fails; linear in the length of the text. */
export function parseInline(source: string, depth = 0): readonly Inline[] {
  if (!special.test(source) && !source.includes('\n')) return source === '' ? [] : [{ kind: 'text', text: source }];
  return new InlineReader(source, depth).read();
}

class InlineReader {
  readonly #source: string;
  readonly #depth: number;
  readonly #pieces: (Inline | undefined)[] = [];
  readonly #marks: Mark[] = [];
  /** Partner of each `[`, found in one pass so that thousands of open brackets cost nothing. */
  readonly #partner: ReadonlyMap<number, number>;
  /** Where backtick runs of each length start. */
  readonly #ticks = new Map<number, number[]>();
  /** How deep each made node goes. */
  readonly #levels = new Map<Inline, number>();
  #text = '';

  constructor(source: string, depth: number) {
    this.#source = source;
    this.#depth = depth;
    this.#partner = partners(source);
    for (const run of source.matchAll(/`+/g)) {
      const starts = this.#ticks.get(run[0].length);
      if (starts) starts.push(run.index);
      else this.#ticks.set(run[0].length, [run.index]);
    }
  }

  read(): readonly Inline[] {
    const source = this.#source;
    let at = 0;
    while (at < source.length) {
      const next = this.#step(at);
      if (next > at) at = next;
      else {
        this.#text += source[at] ?? '';
        at += 1;
      }
    }
    this.#flush();
    this.#resolve();
    return joinText(this.#pieces);
  }

  /** Reads what starts at `at`; answers where to go on, or `at` itself when nothing special starts here. */
  #step(at: number): number {
    const source = this.#source;
    switch (source[at]) {
      case '\\':
        return this.#escape(at);
      case '`':
        return this.#code(at);
      case '\n': {
        const hard = /( {2,}|\\)$/.test(this.#text);
        this.#text = this.#text.trimEnd();
        if (!hard) this.#text += '\n';
        else this.#push({ kind: 'break' });
        return at + 1;
      }
      case '*':
      case '_':
      case '~':
        return this.#mark(at);
      case '!':
        return source[at + 1] === '[' ? this.#link(at + 1, true) : at;
      case '[':
        return this.#link(at, false);
      case '<':
        return this.#bracketed(at);
      case '$':
        return this.#math(at, /\$(?!\s)([^$\n]{1,500}?[^\s\\$])\$(?!\d)|\$([^\s$\\])\$(?!\d)/y);
      case 'h':
        return this.#bareLink(at);
      default:
        return at;
    }
  }

  #push(piece: Inline): void {
    this.#flush();
    this.#pieces.push(piece);
  }

  #flush(): void {
    if (this.#text !== '') this.#pieces.push({ kind: 'text', text: this.#text });
    this.#text = '';
  }

  #escape(at: number): number {
    const next = this.#source[at + 1] ?? '';
    if (next === '(') return this.#math(at, /\\\(([\s\S]{1,2000}?)\\\)/y);
    if (next === '\n') {
      this.#push({ kind: 'break' });
      return at + 2;
    }
    if (!/[!-/:-@[-`{-~]/.test(next)) return at;
    this.#text += next;
    return at + 2;
  }

  #math(at: number, pattern: RegExp): number {
    pattern.lastIndex = at;
    const found = pattern.exec(this.#source);
    // Prices are not maths: a dollar pair counts only when something in it looks like a formula.
    const inside = found?.[1] ?? found?.[2];
    if (!found || inside === undefined || (found[0].startsWith('$') && !looksLikeMath(inside))) return at;
    this.#push({ kind: 'math', text: inside.trim() });
    return at + found[0].length;
  }

  #code(at: number): number {
    let length = 1;
    while (this.#source[at + length] === '`') length += 1;
    const starts = this.#ticks.get(length) ?? [];
    while (starts.length > 0 && (starts[0] ?? 0) <= at) starts.shift();
    const end = starts[0];
    if (end === undefined) {
      this.#text += this.#source.slice(at, at + length);
      return at + length;
    }
    const inside = this.#source.slice(at + length, end).replace(/\n/g, ' ');
    const padded = inside.startsWith(' ') && inside.endsWith(' ') && inside.trim() !== '';
    this.#push({ kind: 'code', text: padded ? inside.slice(1, -1) : inside });
    return end + length;
  }

  #mark(at: number): number {
    const char = this.#source[at] as Mark['char']; // #step looked
    let length = 1;
    while (this.#source[at + length] === char) length += 1;
    const before = this.#source[at - 1] ?? ' ';
    const after = this.#source[at + length] ?? ' ';
    const spaceBefore = /\s/.test(before);
    const spaceAfter = /\s/.test(after);
    let opens = !spaceAfter && (wordChar.test(after) || spaceBefore || !wordChar.test(before));
    let closes = !spaceBefore && (wordChar.test(before) || spaceAfter || !wordChar.test(after));
    if (char === '_') {
      opens &&= !wordChar.test(before);
      closes &&= !wordChar.test(after);
    }
    const usable = char === '~' ? length === 2 : length <= 3;
    if (!usable || !(opens || closes)) {
      this.#text += this.#source.slice(at, at + length);
      return at + length;
    }
    this.#flush();
    this.#marks.push({ char, at: this.#pieces.length, length, opens, closes });
    this.#pieces.push({ kind: 'text', text: char.repeat(length) });
    return at + length;
  }

  #link(at: number, image: boolean): number {
    const source = this.#source;
    const end = this.#partner.get(at);
    if (end === undefined || source[end + 1] !== '(') return at;
    const target = /\(\s*(?:<([^<>\n]*)>|([^\s()]*(?:\([^\s()]*\)[^\s()]*)*))(?:\s+(?:"[^"]*"|'[^']*'))?\s*\)/y;
    target.lastIndex = end + 1;
    const found = target.exec(source);
    if (!found) return at;
    const label = source.slice(at + 1, end);
    const after = end + 1 + found[0].length;
    if (image) {
      this.#push({ kind: 'image', alt: label.trim() });
      return after;
    }
    const safe = safeLink(found[1] ?? found[2] ?? '');
    const children =
      this.#depth < deepest ? parseInline(label, this.#depth + 1) : [{ kind: 'text', text: label } as const];
    if (safe) this.#push({ kind: 'link', ...safe, children });
    else {
      this.#flush();
      this.#pieces.push(...children); // the words stay, the way out does not
    }
    return after;
  }

  #bracketed(at: number): number {
    const found = /<(https:\/\/[^\s<>]{1,2000})>/y;
    found.lastIndex = at;
    const link = found.exec(this.#source);
    const safe = link ? safeLink(link[1] ?? '') : undefined;
    if (link && safe) {
      this.#push({ kind: 'link', ...safe, children: [{ kind: 'text', text: link[1] ?? '' }] });
      return at + link[0].length;
    }
    const lineBreak = /<br\s*\/?>/iy;
    lineBreak.lastIndex = at;
    const broken = lineBreak.exec(this.#source);
    if (!broken) return at;
    this.#push({ kind: 'break' });
    return at + broken[0].length;
  }

  #bareLink(at: number): number {
    if (!this.#source.startsWith('https://', at) || wordChar.test(this.#source[at - 1] ?? ' ')) return at;
    const pattern = /https:\/\/[^\s<>"'`|\\*\]]{1,2000}/y;
    pattern.lastIndex = at;
    let url = pattern.exec(this.#source)?.[0] ?? '';
    url = url.replace(/[.,;:!?_~]+$/, '');
    if (url.endsWith(')') && !url.includes('(')) url = url.slice(0, -1);
    const safe = safeLink(url);
    if (!safe) return at;
    this.#push({ kind: 'link', ...safe, children: [{ kind: 'text', text: url }] });
    return at + url.length;
  }

  /** Pairs the marks, inner ones first, as CommonMark 6.2 describes; leftovers stay text. */
  #resolve(): void {
    const open: Mark[] = [];
    for (const mark of this.#marks) {
      if (mark.closes) this.#close(mark, open);
      if (mark.opens && mark.length > 0) open.push(mark);
    }
  }

  #nesting(pieces: readonly (Inline | undefined)[]): number {
    return pieces.reduce((most, piece) => Math.max(most, piece ? (this.#levels.get(piece) ?? 0) : 0), 0);
  }

  #close(mark: Mark, open: Mark[]): void {
    for (let i = open.length - 1, tries = 0; i >= 0 && mark.length > 0 && tries < lookBack; i -= 1, tries += 1) {
      const opener = open[i];
      if (!opener || opener.char !== mark.char) continue;
      const used = mark.char === '~' ? 2 : Math.min(opener.length, mark.length, 2);
      if (used === 0 || (mark.char === '~' && opener.length !== 2)) continue;
      const inside = this.#pieces.slice(opener.at + 1, mark.at);
      const nesting = 1 + this.#nesting(inside);
      if (nesting + this.#depth > deepest) {
        open.splice(0, i + 1); // whatever opened before would hold this depth too
        return;
      }
      this.#pieces.fill(undefined, opener.at + 1, mark.at);
      const kind = mark.char === '~' ? 'strike' : used === 2 ? 'strong' : 'emphasis';
      // The node takes the first free place after the opener, so that all other positions stay true.
      const node: Inline = { kind, children: joinText(inside) };
      this.#levels.set(node, nesting);
      this.#pieces[opener.at + 1] = node;
      opener.length -= used;
      mark.length -= used;
      this.#pieces[opener.at] = { kind: 'text', text: opener.char.repeat(opener.length) };
      this.#pieces[mark.at] = { kind: 'text', text: mark.char.repeat(mark.length) };
      open.length = opener.length > 0 ? i + 1 : i;
      if (opener.length > 0) i += 1;
    }
  }
}

/** What stands between two dollars and is no price: a sign of TeX, or letters of one or two with signs between them. */
function looksLikeMath(inside: string): boolean {
  return (
    /[\\^_={}]/.test(inside) ||
    (/^[\w\s+\-*/<>()|,.!']+$/.test(inside) &&
      /[A-Za-z]/.test(inside) &&
      !/[A-Za-z]{3}/.test(inside) &&
      !/^[\d,.]+\s?[A-Za-z]{1,2}\b/.test(inside))
  );
}

function partners(source: string): ReadonlyMap<number, number> {
  const partner = new Map<number, number>();
  const open: number[] = [];
  for (let at = 0; at < source.length; at += 1) {
    const char = source[at];
    if (char === '\\') at += 1;
    else if (char === '[') open.push(at);
    else if (char === ']') {
      const start = open.pop();
      if (start !== undefined) partner.set(start, at);
    }
  }
  return partner;
}

function joinText(pieces: readonly (Inline | undefined)[]): readonly Inline[] {
  const joined: Inline[] = [];
  for (const piece of pieces) {
    if (!piece || (piece.kind === 'text' && piece.text === '')) continue;
    const last = joined.at(-1);
    if (piece.kind === 'text' && last?.kind === 'text')
      joined[joined.length - 1] = { kind: 'text', text: last.text + piece.text };
    else joined.push(piece);
  }
  return joined;
}
