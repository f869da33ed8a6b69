/** What every comparison of `npm run bench` answers with, and the arithmetic they share. */

export interface BenchRow {
  readonly figure: string;
  readonly ours: number;
  readonly reference: number;
  /** ours / reference. */
  readonly ratio: number;
  readonly goal: number; // for the ratio
  readonly better: 'higher' | 'lower';
}

export type Say = (line: string) => void;

/** The middle value; of an even number of values the upper one of the middle two. */
export function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;
}

const rounded = (value: number): number => Number(value.toPrecision(3));

/** One line of the table, from unrounded figures. */
export function row(
  figure: string,
  [ours, reference]: readonly [number, number],
  goal: number,
  better: BenchRow['better'],
): BenchRow {
  return { figure, ours: rounded(ours), reference: rounded(reference), ratio: rounded(ours / reference), goal, better };
}
