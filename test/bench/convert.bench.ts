/**
 * `npm run bench -- convert [speed] [memory] [quality] [--small] [--rounds=3]`: what a conversion costs and what it keeps.
 * Speed is measured beside `cp` of the same bytes, memory on a shape of eight thousand million weights, quality against
 * the same model in fp32. `--small` takes a small shape for speed.
 */
import { memoryRows, speedRows } from './convert/cost.ts';
import type { BenchRow } from './row.ts';

export async function bench(args: readonly string[], say: (line: string) => void): Promise<BenchRow[]> {
  const named = args.filter((argument) => !argument.startsWith('--'));
  const wanted = (part: string): boolean => named.length === 0 || named.includes(part);
  const rounds = Number(args.find((argument) => argument.startsWith('--rounds='))?.slice(9) ?? 3);
  const rows: BenchRow[] = [];
  if (wanted('speed')) rows.push(...(await speedRows(args.includes('--small') ? 'small' : '1B', rounds, say)));
  if (wanted('memory')) rows.push(...(await memoryRows(say)));
  return rows;
}
