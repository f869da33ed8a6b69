/** One line of a bench's table. `ratio` = ours / reference, and `goal` is what that ratio should reach. */
export interface BenchRow {
  readonly figure: string;
  readonly ours: number;
  readonly reference: number;
  readonly ratio: number;
  readonly goal: number;
  readonly better: 'higher' | 'lower';
}

export const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[Math.floor((values.length - 1) / 2)] ?? NaN;

const short = (value: number): number => Number(value.toPrecision(3));

/** Rounds a comparison to three digits. */
export function row(
  figure: string,
  [ours, reference]: readonly [number, number],
  goal: number,
  better: BenchRow['better'],
): BenchRow {
  return { figure, ours: short(ours), reference: short(reference), ratio: short(ours / reference), goal, better };
}
