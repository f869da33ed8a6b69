import { parseInline } from './inline.ts';
import type { Align, Block, ListItem } from './tree.ts';

/** Quotes and lists nested deeper than this are shown flat. */
const deepest = 10;

/** A top-level block and the line it starts on, so that a growing text is read again from its last block only. */
export interface Placed {
  readonly line: number;
  readonly block: Block;
}

const fence = /^ {0,3}(`{3,}|~{3,})\s*([^`]*)$/;
const heading = /^ {0,3}(#{1,6})(?:\s+(.*?))?(?:\s+#+)?\s*$/;
const rule = /^ {0,3}(?:(?:\*\s*){3,}|(?:-\s*){3,}|(?:_\s*){3,})$/;
const bullet = /^( {0,3})([-*+]|\d{1,9}[.)])(?:([ \t]+)(.*)|[ \t]*)$/;
const quote = /^ {0,3}>/;
const delimiterRow = /^ {0,3}\|?\s*:?-+:?\s*(?:\|\s*:?-+:?\s*)*\|?\s*$/;
const mathOpen = /^ {0,3}(\$\$|\\\[)(.*)$/;
/** Models write displayed environments without dollars around them, too. */
const mathBegin = /^ {0,3}\\begin\{((?:align|equation|gather|multline|eqnarray)\*?)\}/;

/** Reads lines into blocks. Never fails: what is no block is a paragraph, what is unfinished is closed at the end. */
export function parseBlocks(lines: readonly string[], depth = 0): readonly Placed[] {
  const placed: Placed[] = [];
  let at = 0;
  while (at < lines.length) {
    const line = lines[at] ?? '';
    if (line.trim() === '') {
      at += 1;
      continue;
    }
    const read = readFence(lines, at) ?? readMath(lines, at) ?? readSimple(line) ?? readTable(lines, at);
    const nested = read ?? (depth < deepest ? (readQuote(lines, at, depth) ?? readList(lines, at, depth)) : undefined);
    const { block, used } = nested ?? readParagraph(lines, at, depth);
    placed.push({ line: at, block });
    at += used;
  }
  return placed;
}

interface Read {
  readonly block: Block;
  readonly used: number; // lines
}

function readFence(lines: readonly string[], at: number): Read | undefined {
  const open = fence.exec(lines[at] ?? '');
  const marks = open?.[1];
  if (!open || marks === undefined) return undefined;
  const close = new RegExp(`^ {0,3}\\${marks.slice(0, 1)}{${marks.length},}\\s*$`);
  const indent = new RegExp(`^ {0,${/^ */.exec(lines[at] ?? '')?.[0].length ?? 0}}`);
  let end = at + 1;
  while (end < lines.length && !close.test(lines[end] ?? '')) end += 1;
  const text = lines
    .slice(at + 1, end)
    .map((line) => line.replace(indent, ''))
    .join('\n');
  const language = (open[2] ?? '').trim().split(/[\s{]/)[0] ?? '';
  const closed = end < lines.length;
  return { block: { kind: 'code', language: language.slice(0, 40), text, closed }, used: end - at + (closed ? 1 : 0) };
}

function readMath(lines: readonly string[], at: number): Read | undefined {
  const begun = mathBegin.exec(lines[at] ?? '')?.[1];
  if (begun !== undefined) {
    const end = lines.findIndex((line, index) => index >= at && line.trimEnd().endsWith(`\\end{${begun}}`));
    const used = (end < 0 ? lines.length : end + 1) - at;
    return {
      block: {
        kind: 'math',
        text: lines
          .slice(at, at + used)
          .join('\n')
          .trim(),
      },
      used,
    };
  }
  const open = mathOpen.exec(lines[at] ?? '');
  if (!open) return undefined;
  const close = open[1] === '$$' ? '$$' : '\\]';
  const body: string[] = [];
  for (let line = at, text = open[2] ?? ''; ; line += 1, text = lines[line] ?? '') {
    const end = text.indexOf(close);
    body.push(end < 0 ? text : text.slice(0, end));
    if (end >= 0 || line + 1 >= lines.length) {
      if (end >= 0 && text.slice(end + 2).trim() !== '') return undefined;
      return { block: { kind: 'math', text: body.join('\n').trim() }, used: line - at + 1 };
    }
  }
}

function readSimple(line: string): Read | undefined {
  const title = heading.exec(line);
  if (title)
    return { block: { kind: 'heading', level: title[1]?.length ?? 1, inline: parseInline(title[2] ?? '') }, used: 1 };
  return rule.test(line) ? { block: { kind: 'rule' }, used: 1 } : undefined;
}

/** Cells of a row; a pipe inside backticks or after a backslash does not split. */
function cells(row: string): readonly string[] {
  const found: string[] = [];
  let cell = '';
  let inCode = false;
  const inner = row.trim().replace(/^\|/, '');
  for (let at = 0; at < inner.length; at += 1) {
    const char = inner[at] ?? '';
    if (char === '\\' && inner[at + 1] === '|') {
      cell += '|';
      at += 1;
    } else if (char === '|' && !inCode) {
      found.push(cell.trim());
      cell = '';
    } else {
      if (char === '`') inCode = !inCode && inner.includes('`', at + 1);
      cell += char;
    }
  }
  if (cell.trim() !== '') found.push(cell.trim());
  return found;
}

function readTable(lines: readonly string[], at: number): Read | undefined {
  const first = lines[at] ?? '';
  const second = lines[at + 1];
  if (!first.includes('|') || second === undefined || !second.includes('-') || !delimiterRow.test(second))
    return undefined;
  const head = cells(first);
  const marks = cells(second);
  if (marks.length !== head.length) return undefined;
  const align = marks.map((mark): Align => {
    if (mark.endsWith(':')) return mark.startsWith(':') ? 'center' : 'right';
    return mark.startsWith(':') ? 'left' : undefined;
  });
  let end = at + 2;
  while (end < lines.length && (lines[end] ?? '').includes('|')) end += 1;
  const rows = lines.slice(at + 2, end).map((line) => {
    const row = cells(line);
    return head.map((_, column) => parseInline(row[column] ?? ''));
  });
  return { block: { kind: 'table', align, head: head.map((cell) => parseInline(cell)), rows }, used: end - at };
}

function readQuote(lines: readonly string[], at: number, depth: number): Read | undefined {
  if (!quote.test(lines[at] ?? '')) return undefined;
  const inner: string[] = [];
  let end = at;
  while (end < lines.length && quote.test(lines[end] ?? '')) {
    inner.push((lines[end] ?? '').replace(/^ {0,3}> ?/, ''));
    end += 1;
  }
  return { block: { kind: 'quote', blocks: inBlocks(inner, depth) }, used: end - at };
}

function inBlocks(lines: readonly string[], depth: number): readonly Block[] {
  return parseBlocks(lines, depth + 1).map(({ block }) => block);
}

function readList(lines: readonly string[], at: number, depth: number): Read | undefined {
  const first = bullet.exec(lines[at] ?? '');
  const mark = first?.[2];
  if (!first || mark === undefined) return undefined;
  const ordered = /\d/.test(mark);
  const items: ListItem[] = [];
  let line = at;
  for (;;) {
    const open = bullet.exec(lines[line] ?? '');
    const own = open?.[2];
    if (!open || own === undefined || own.at(-1) !== mark.at(-1) || rule.test(lines[line] ?? '')) break;
    const gap = open[3] ?? ' ';
    const width = (open[1] ?? '').length + own.length + (gap.length > 4 ? 1 : gap.length);
    const body = [open[4] ?? ''];
    line += 1;
    line = readItem(lines, line, width, body);
    items.push(listItem(body, depth));
    let next = line;
    while (next < lines.length && (lines[next] ?? '').trim() === '') next += 1;
    if (next < lines.length && next > line && bullet.test(lines[next] ?? '')) line = next;
  }
  const start = ordered ? Number.parseInt(mark, 10) : 1;
  return { block: { kind: 'list', ordered, start, items }, used: Math.max(1, line - at) };
}

/** Collects the lines of one item into `body`; answers the line after it. */
function readItem(lines: readonly string[], from: number, width: number, body: string[]): number {
  let line = from;
  while (line < lines.length) {
    const text = lines[line] ?? '';
    const indent = text.length - text.trimStart().length;
    if (text.trim() === '') {
      // A blank line belongs to the item only when something of the item follows.
      let next = line + 1;
      while (next < lines.length && (lines[next] ?? '').trim() === '') next += 1;
      const after = lines[next] ?? '';
      if (next >= lines.length || after.length - after.trimStart().length < width) return line;
      for (; line < next; line += 1) body.push('');
    } else if (indent >= width) {
      body.push(text.slice(width));
      line += 1;
    } else if (indent >= 2 && bullet.test(text.trimStart())) {
      body.push(text.trimStart()); // models often indent nested lists by less than the rule asks
      line += 1;
    } else if (startsBlock(text) || (lines[line - 1] ?? '').trim() === '') return line;
    else {
      body.push(text.trimStart()); // lazy continuation
      line += 1;
    }
  }
  return line;
}

function listItem(body: readonly string[], depth: number): ListItem {
  const box = /^\[([ xX])\]\s+/.exec(body[0] ?? '');
  const lines = box ? [(body[0] ?? '').slice(box[0].length), ...body.slice(1)] : body;
  return { task: box ? box[1] !== ' ' : undefined, blocks: inBlocks(lines, depth) };
}

function startsBlock(line: string): boolean {
  return fence.test(line) || heading.test(line) || rule.test(line) || quote.test(line) || bullet.test(line);
}

/** A numbered line interrupts a paragraph only as number 1, so that "in 1984. It was" stays prose. */
function interrupts(line: string): boolean {
  if (!startsBlock(line)) return false;
  const mark = bullet.exec(line);
  return (
    !mark || rule.test(line) || ((mark[4] ?? '') !== '' && (!/\d/.test(mark[2] ?? '') || /^1[.)]$/.test(mark[2] ?? '')))
  );
}

function readParagraph(lines: readonly string[], at: number, depth: number): Read {
  let end = at + 1;
  while (end < lines.length) {
    const line = lines[end] ?? '';
    if (line.trim() === '' || (depth < deepest && interrupts(line)) || mathOpen.test(line) || mathBegin.test(line))
      break;
    if (line.includes('|') && readTable(lines, end)) break;
    end += 1;
  }
  const text = lines
    .slice(at, end)
    .map((line) => line.replace(/^\s+/, ''))
    .join('\n')
    .trimEnd();
  return { block: { kind: 'paragraph', inline: parseInline(text) }, used: end - at };
}
