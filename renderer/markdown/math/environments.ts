import { group, leaf, type MathNode, row } from './tree.ts';

/** How a grid of cells is set and what encloses it. `columns` is TeX's own word for it: l, c or r per column. */
interface Grid {
  readonly kind: 'matrix' | 'small' | 'cases' | 'aligned' | 'gathered' | 'array' | 'line';
  readonly open?: string;
  readonly close?: string;
}

const grids: ReadonlyMap<string, Grid> = new Map<string, Grid>([
  ['matrix', { kind: 'matrix' }],
  ['pmatrix', { kind: 'matrix', open: '(', close: ')' }],
  ['bmatrix', { kind: 'matrix', open: '[', close: ']' }],
  ['Bmatrix', { kind: 'matrix', open: '{', close: '}' }],
  ['vmatrix', { kind: 'matrix', open: '|', close: '|' }],
  ['Vmatrix', { kind: 'matrix', open: '‖', close: '‖' }],
  ['smallmatrix', { kind: 'small' }],
  ['cases', { kind: 'cases', open: '{' }],
  ['rcases', { kind: 'cases', close: '}' }],
  ['array', { kind: 'array' }],
  ['aligned', { kind: 'aligned' }],
  ['align', { kind: 'aligned' }],
  ['alignat', { kind: 'aligned' }],
  ['split', { kind: 'aligned' }],
  ['eqnarray', { kind: 'aligned' }],
  ['gathered', { kind: 'gathered' }],
  ['gather', { kind: 'gathered' }],
  ['multline', { kind: 'gathered' }],
  ['equation', { kind: 'line' }],
  ['displaymath', { kind: 'line' }],
  ['math', { kind: 'line' }],
]);

/** The grid of an environment's name, with or without its star. */
export function gridOf(name: string): Grid | undefined {
  return grids.get(name.replace(/\*$/, ''));
}

const sides: Readonly<Record<string, string>> = { l: 'start', c: 'middle', r: 'end' };

function sideOf(kind: Grid['kind'], column: number, columns: string): string {
  switch (kind) {
    case 'cases':
      return 'start';
    case 'aligned':
      return column % 2 === 0 ? 'end' : 'start';
    case 'array':
      return sides[columns[column] ?? 'c'] ?? 'middle';
    default:
      return 'middle';
  }
}

/** A grid as MathML. A grid of one cell is that cell. */
export function setGrid(grid: Grid, cells: readonly (readonly MathNode[])[], columns = ''): MathNode {
  const { kind, open, close } = grid;
  if (kind === 'line') return row(cells.flat());
  const rows = cells.map((line) =>
    group(
      'mtr',
      line.map((cell, column) => group('mtd', [cell], { class: sideOf(kind, column, columns) })),
    ),
  );
  const display = kind === 'aligned' || kind === 'gathered' ? 'true' : 'false';
  const body = group('mtable', rows, {
    class: kind,
    displaystyle: display,
    ...(kind === 'small' ? { scriptlevel: '1' } : {}),
  });
  if (open === undefined && close === undefined) return body;
  return group('mrow', [
    ...(open === undefined ? [] : [leaf('mo', open, { stretchy: 'true', form: 'prefix' })]),
    body,
    ...(close === undefined ? [] : [leaf('mo', close, { stretchy: 'true', form: 'postfix' })]),
  ]);
}
