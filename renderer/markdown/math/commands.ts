import { letterStyles } from './letters.ts';
import type { TexReader } from './parse.ts';
import {
  brackets,
  integrals,
  large,
  marks,
  marksUnder,
  names,
  operators,
  slanted,
  spaces,
  upright,
  wideMarks,
  withBounds,
} from './symbols.ts';
import { type Atom, group, leaf, type MathAttributes, type MathNode, NotReadable, row } from './tree.ts';

/** Heights of the `\big` family in em. */
const heights: Readonly<Record<string, string>> = { big: '1.2em', Big: '1.8em', bigg: '2.4em', Bigg: '3em' };
/** Commands that show nothing, with as many arguments as they take. */
const silent: ReadonlyMap<string, number> = new Map([
  ['label', 1],
  ['nonumber', 0],
  ['notag', 0],
  ['hline', 0],
  ['color', 1],
  ['limits', 0],
  ['scriptstyle', 0],
  ['allowbreak', 0],
  ['hfill', 0],
]);
const words = new Set([
  'text',
  'textrm',
  'textbf',
  'textit',
  'textsf',
  'texttt',
  'textnormal',
  'mbox',
  'hbox',
  'mathop',
]);

/** What `\name` stands for, its arguments read. Throws NotReadable for what we do not know. */
export function readCommand(reader: TexReader, name: string): Atom | undefined {
  const symbol = readSymbol(reader, name);
  if (symbol) return symbol;
  const shown = silent.get(name);
  if (shown !== undefined) {
    for (let count = shown; count > 0; count -= 1) reader.pieces.raw('{', '}');
    return undefined;
  }
  return readStructure(reader, name) ?? readWords(reader, name) ?? readMark(reader, name) ?? { node: fail(name) };
}

function fail(name: string): never {
  throw new NotReadable(name);
}

/** Commands that are one sign, letter, name or space. */
function readSymbol(reader: TexReader, name: string): Atom | undefined {
  const letter = slanted.get(name);
  if (letter !== undefined)
    return { node: leaf('mi', letter, reader.style === 'bold' ? { class: 'bold' } : undefined) };
  const straight = upright.get(name);
  if (straight !== undefined)
    return {
      node: leaf('mi', straight, { mathvariant: 'normal', ...(reader.style === 'bold' ? { class: 'bold' } : {}) }),
    };
  const operator = operators.get(name);
  if (operator !== undefined)
    return { node: leaf('mo', operator, operator === '|' || operator === '‖' ? unstretched : {}) };
  const grows = large.get(name);
  if (grows !== undefined) return { node: leaf('mo', grows), bounds: true };
  const integral = integrals.get(name);
  if (integral !== undefined) return { node: leaf('mo', integral) };
  const space = spaces.get(name);
  if (space !== undefined) return { node: { tag: 'mspace', attributes: { width: `${space}em` } } };
  if (names.has(name)) return { node: named(name.replace(/^lim(sup|inf)$/, 'lim $1')), bounds: withBounds.has(name) };
  if (/^[{}%$#&_]$/.test(name)) return { node: leaf('mo', name, { stretchy: 'false' }) };
  if (name === '|') return { node: leaf('mo', '‖', unstretched) };
  return /^\s$/.test(name) || name === 'space' ? { node: leaf('mtext', '\u00a0') } : undefined;
}

const unstretched: MathAttributes = { stretchy: 'false', lspace: '0', rspace: '0' };

/** A function's name: an operator with the narrow space TeX puts after it; its bounds move beside it in running text. */
const named = (text: string): MathNode => leaf('mo', text, { lspace: '0', rspace: '0.1667em', movablelimits: 'true' });

/** Commands that build something out of their arguments. */
function readStructure(reader: TexReader, name: string): Atom | undefined {
  const { pieces } = reader;
  const argument = (): MathNode => reader.argument();
  switch (name) {
    case 'frac':
    case 'tfrac':
      return { node: group('mfrac', [argument(), argument()]) };
    case 'dfrac':
    case 'cfrac':
      return { node: group('mstyle', [group('mfrac', [argument(), argument()])], { displaystyle: 'true' }) };
    case 'binom':
    case 'dbinom':
    case 'tbinom':
      return { node: enclosed('(', [group('mfrac', [argument(), argument()], { linethickness: '0' })], ')') };
    case 'sqrt': {
      const degree = pieces.raw('[', ']');
      if (degree === undefined) return { node: group('msqrt', [argument()]) };
      return { node: group('mroot', [argument(), leaf(/^\d+$/.test(degree.trim()) ? 'mn' : 'mi', degree.trim())]) };
    }
    case 'left':
      return { node: readFence(reader) };
    case 'begin':
      return { node: reader.environment() };
    case 'overset':
    case 'stackrel': {
      const above = argument();
      return { node: group('mover', [argument(), above]) };
    }
    case 'underset': {
      const below = argument();
      return { node: group('munder', [argument(), below]) };
    }
    case 'xrightarrow':
    case 'xleftarrow': {
      const below = pieces.raw('[', ']');
      const arrow = leaf('mo', name === 'xrightarrow' ? '→' : '←', { stretchy: 'true', minsize: '1.5em' });
      const above = argument();
      return { node: below === undefined ? group('mover', [arrow, above]) : fail(name) };
    }
    case 'phantom':
      return { node: group('mphantom', [argument()]) };
    case 'boxed':
    case 'fbox':
      return { node: group('mrow', [argument()], { class: 'boxed' }) };
    case 'textcolor':
      pieces.raw('{', '}');
      return { node: argument() };
    case 'not':
      return { node: negated(argument()) };
    case 'pmod':
      return { node: enclosed('(', [named('mod'), argument()], ')') };
    case 'bmod':
    case 'mod':
      return { node: leaf('mo', 'mod', { lspace: '0.2222em', rspace: '0.2222em' }) };
    case 'tag': {
      pieces.takeIf('*');
      const text = pieces.raw('{', '}') ?? fail(name);
      return { node: row([{ tag: 'mspace', attributes: { width: '2em' } }, leaf('mtext', `(${text})`)]) };
    }
    case 'hspace':
      pieces.takeIf('*');
      return { node: { tag: 'mspace', attributes: { width: length(pieces.raw('{', '}') ?? fail(name)) } } };
    default:
      return readBig(reader, name);
  }
}

/** Words in a formula, and letters in another style. */
function readWords(reader: TexReader, name: string): Atom | undefined {
  if (words.has(name)) {
    const text = reader.pieces.raw('{', '}') ?? fail(name);
    if (/[\\{}$]/.test(text)) return { node: /^\s*$/.test(text) ? leaf('mtext', text) : fail(name) };
    const spaced = text.replace(/^\s+|\s+$/g, '\u00a0');
    return { node: leaf('mtext', spaced, name === 'textbf' ? { class: 'bold' } : undefined) };
  }
  if (name === 'operatorname') {
    const bounds = reader.pieces.takeIf('*');
    const text = (reader.pieces.raw('{', '}') ?? fail(name)).replace(/\\[,;: ]/g, ' ');
    return { node: /[\\{}$]/.test(text) ? fail(name) : named(text.trim()), bounds };
  }
  const style = letterStyles.get(name);
  return style === undefined ? undefined : { node: reader.styled(style, () => reader.argument()) };
}

/** Marks over and under. */
function readMark(reader: TexReader, name: string): Atom | undefined {
  const stretchy = String(wideMarks.has(name));
  const over = marks.get(name);
  if (over !== undefined) {
    const node = group('mover', [reader.argument(), leaf('mo', over, { stretchy })], { accent: 'true' });
    return { node, bounds: name === 'overbrace' };
  }
  const under = marksUnder.get(name);
  if (under === undefined) return undefined;
  const node = group('munder', [reader.argument(), leaf('mo', under, { stretchy })], { accentunder: 'true' });
  return { node, bounds: name === 'underbrace' };
}

function readBig(reader: TexReader, name: string): Atom | undefined {
  const height = heights[name.replace(/[lrm]$/, '')];
  if (height === undefined) return undefined;
  const bracket = brackets.get(reader.pieces.take() ?? '') ?? fail(name);
  return {
    node: leaf('mo', bracket, { stretchy: 'true', minsize: height, maxsize: height, lspace: '0', rspace: '0' }),
  };
}

/** `\left( ... \middle| ... \right)`: brackets as tall as what they hold. */
function readFence(reader: TexReader): MathNode {
  const bracket = (form: string): readonly MathNode[] => {
    const piece = reader.pieces.take();
    if (piece === '.') return [];
    const shown = brackets.get(piece ?? '') ?? fail('left');
    return [
      leaf('mo', shown, { stretchy: 'true', form, ...(form === 'infix' ? { lspace: '0.2em', rspace: '0.2em' } : {}) }),
    ];
  };
  const parts: MathNode[] = [...bracket('prefix')];
  for (;;) {
    parts.push(...reader.deeper(() => reader.nodes()));
    if (reader.pieces.takeIf('\\middle')) parts.push(...bracket('infix'));
    else if (reader.pieces.takeIf('\\right')) return group('mrow', [...parts, ...bracket('postfix')]);
    else fail('right');
  }
}

function enclosed(open: string, inside: readonly MathNode[], close: string): MathNode {
  return group('mrow', [leaf('mo', open, { form: 'prefix' }), ...inside, leaf('mo', close, { form: 'postfix' })]);
}

/** A stroke through a sign: the sign that Unicode has for it, else a combining stroke. */
function negated(node: MathNode): MathNode {
  return 'text' in node && node.text !== undefined ? leaf('mo', `${node.text}\u0338`.normalize('NFC')) : fail('not');
}

/** A length of TeX in em; a point is a tenth of one. */
function length(text: string): string {
  const found = /^\s*(-?\d*\.?\d+)\s*(em|ex|pt|mu|cm|mm)\s*$/.exec(text);
  const em = { em: 1, ex: 0.45, pt: 0.1, mu: 1 / 18, cm: 2.8, mm: 0.28 }[found?.[2] ?? ''];
  return `${em === undefined ? 0.5 : Math.min(10, Number(found?.[1]) * em)}em`;
}
