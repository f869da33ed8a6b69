import { readdirSync, readFileSync } from 'node:fs';
import { expect } from 'vitest';

/** Process id of the inference process of a world, by its data folder: its environment tells whose it is. Linux. */
export function inferenceProcess(data: string): number {
  const found = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      const read = (file: string): string[] => readFileSync(`/proc/${pid}/${file}`, 'utf8').split('\0');
      try {
        return read('cmdline').some((word) => word.endsWith('/infer.js')) && read('environ').includes(`HOME=${data}`);
      } catch {
        return false; // it has just ended, or belongs to somebody else
      }
    });
  expect(found).toHaveLength(1);
  return Number(found[0]);
}
