import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { rustRuling } from '../../reference/safetensorsRules.ts';
import { mutant, verdictOf } from './headerMutants.ts';

const recorded = JSON.parse(readFileSync(new URL('rustVerdicts.json', import.meta.url), 'utf8')) as {
  version: string;
  count: number;
  accepted: string;
};
const bits = Buffer.from(recorded.accepted, 'base64');
const acceptedByRust = (seed: number): boolean => Boolean(bits[seed >> 3]! & (1 << (seed & 7)));

it(`the verdict on ${recorded.count} mutants of good headers is that of safetensors ${recorded.version}, or a stated stricter one`, () => {
  const wrong: number[] = [];
  const tally = { accepted: 0, refused: 0, stricter: 0 };
  for (let seed = 0; seed < recorded.count; seed++) {
    const file = mutant(seed);
    const { rust, stricter } = rustRuling(file);
    const verdict = verdictOf(file); // throws on any error that is not the typed refusal
    if (rust !== acceptedByRust(seed))
      wrong.push(seed); // the rules as we re-tell them
    else if ((verdict === 'accepted') !== (rust && !stricter)) wrong.push(seed);
    tally[rust && stricter ? 'stricter' : verdict] += 1;
  }
  expect(wrong).toEqual([]);
  expect(tally.accepted).toBeGreaterThan(recorded.count / 10);
  expect(tally.refused).toBeGreaterThan(recorded.count / 2);
  expect(tally.stricter).toBeGreaterThan(100);
});

it('a reader that trusts JSON.parse would be caught', () => {
  // The plainest reader there is: parse, check that sizes match. Its verdicts differ from the rules again and again.
  const naive = (file: Buffer): boolean => {
    try {
      const end = 8 + Number(file.readBigUInt64LE());
      const header = JSON.parse(file.subarray(8, end).toString()) as Record<string, { data_offsets: [number, number] }>;
      return Object.values(header).every(({ data_offsets: [from, to] }) => from <= to && end + to <= file.length);
    } catch {
      return false;
    }
  };
  let caught = 0;
  for (let seed = 0; seed < 2000; seed++) {
    const file = mutant(seed);
    const { rust, stricter } = rustRuling(file);
    if (naive(file) !== (rust && !stricter)) caught += 1;
  }
  expect(caught).toBeGreaterThan(100);
});
