import { expect, it } from 'vitest';
import { rustRuling } from '../../reference/safetensorsRules.ts';
import { mutant, verdictOf } from './headerMutants.ts';

const ALL = 1_000_000;
const MOST_MILLISECONDS = 50;
const MOST_BYTES = 200e6;

/** A pause of the machine is not a slow verdict: the quickest of several runs counts. */
function milliseconds(file: Buffer): number {
  let quickest = Infinity;
  for (let run = 0; run < 5 && quickest > MOST_MILLISECONDS; run++) {
    const began = performance.now();
    verdictOf(file);
    quickest = Math.min(quickest, performance.now() - began);
  }
  return quickest;
}

it('1,000,000 mutants of good headers: typed refusals, quick, small, and the verdicts of the Rust rules', () => {
  const wrong: number[] = [];
  const tally = { accepted: 0, refused: 0, stricter: 0 };
  let slowest = 0;
  let most = 0;
  const before = process.memoryUsage().rss;
  for (let seed = 0; seed < ALL; seed++) {
    const file = mutant(seed);
    slowest = Math.max(slowest, milliseconds(file));
    const accepted = verdictOf(file) === 'accepted';
    const { rust, stricter } = rustRuling(file);
    if (accepted !== (rust && !stricter)) wrong.push(seed);
    tally[rust && stricter ? 'stricter' : accepted ? 'accepted' : 'refused'] += 1;
    if (seed % 1000 === 0) most = Math.max(most, process.memoryUsage().rss - before);
  }
  process.stdout.write(`${JSON.stringify({ ...tally, slowest, megabytes: most / 1e6 })}\n`);
  expect(wrong).toEqual([]);
  expect(slowest).toBeLessThan(MOST_MILLISECONDS);
  expect(most).toBeLessThan(MOST_BYTES);
});
