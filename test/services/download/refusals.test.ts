/**
 * Faults that do not go away, and those in what the Hub says: each ends in the exact bytes or in a refusal by name, and
 * nothing that was fetched is lost. A downloader that looks less closely is fooled by the same scripts.
 */
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ProblemCode } from '../../../electron/contract/problem.ts';
import { type Fault, type FaultVerb, faultVerbs } from '../../../electron/practice/hub/faults.ts';
import { temporaryFolder } from './bench.ts';
import { block, openScenes, patience, randomFaults, type Scenes, totalBytes, weights } from './faultScenes.ts';
import { naiveDownload } from './naiveDownload.ts';

let scenes: Scenes;
beforeAll(async () => {
  scenes = await openScenes();
});
afterAll(() => scenes.close());

const elsewhere = (): string => `${scenes.world.hub.cdnEndpoint}/elsewhere`;
const fault = (verb: FaultVerb, place: Omit<Fault, 'do'>): Fault => ({
  ...place,
  do: verb,
  url: elsewhere(),
  ...(verb === '429' && { seconds: 0.02 }),
});

type Outcome = 'exact' | ProblemCode;

/** A download server that has this fault from its fourth answer on, for ever. */
const always: Readonly<Record<FaultVerb, Outcome>> = {
  reset: 'exact', // every answer brings a few bytes more
  fin: 'exact',
  stall: 'exact',
  drip: 'exact',
  '200-for-range': 'exact',
  'new-etag': 'exact',
  'new-commit': 'exact', // says nothing to a download server
  'no-length': 'exact',
  'huge-length': 'exact',
  truncate: 'hub-trouble',
  'wrong-length': 'hub-trouble',
  'wrong-range': 'hub-trouble',
  '206-wrong-total': 'hub-trouble',
  'gzip-lie': 'hub-trouble',
  '5xx': 'hub-trouble',
  flip: 'damaged-file',
  '401': 'cdn-blocked',
  '403-gated': 'cdn-blocked',
  '403-terms': 'cdn-blocked',
  '404': 'cdn-blocked',
  '416': 'cdn-blocked',
  'expire-url': 'cdn-blocked',
  'redirect-loop': 'cdn-blocked',
  'redirect-foreign': 'cdn-blocked',
  'redirect-http': 'cdn-blocked',
  'header-bomb': 'cdn-blocked',
  'slow-headers': 'cdn-blocked',
  '429': 'rate-limited',
  'html-portal': 'proxy-or-portal',
};

describe('a download server that never gets well is named, and costs nothing that was fetched', () => {
  test.each(faultVerbs.map((verb) => ({ verb, outcome: always[verb] })))(
    '$verb: $outcome',
    async ({ verb, outcome }) => {
      const place = { match: /./, port: 'cdn', nth: 4, times: Infinity, atByte: block - 100 } as const;
      const scene = await scenes.play([fault(verb, place)], { thenAgain: true, tuning: patience(verb) });
      expect(scene.outcome).toBe(outcome);
      expect(scene.fetchedAgain).toBe(totalBytes - scene.keptAfter);
      // Bytes of which some are wrong are all thrown away; everything else stays.
      if (verb !== 'flip') expect(scene.keptAfter).toBeGreaterThan(2 * block);
    },
  );
});

/** What the Hub says when it is asked where the weights are: wrong once, wrong for ever. A head has no body to go wrong. */
const whereabouts: Partial<Record<FaultVerb, readonly [once: Outcome, always: Outcome]>> = {
  '401': ['access-lost', 'access-lost'],
  '403-gated': ['access-lost', 'access-lost'],
  '403-terms': ['access-lost', 'access-lost'],
  '404': ['file-not-found', 'file-not-found'],
  '416': ['access-lost', 'access-lost'],
  '429': ['exact', 'rate-limited'],
  '5xx': ['exact', 'hub-trouble'],
  reset: ['exact', 'offline'],
  fin: ['exact', 'offline'],
  'slow-headers': ['exact', 'offline'],
  'header-bomb': ['exact', 'proxy-or-portal'],
  'html-portal': ['exact', 'proxy-or-portal'],
  'expire-url': ['exact', 'cdn-blocked'],
  'new-commit': ['exact', 'exact'], // the commit was pinned
  'new-etag': ['damaged-file', 'damaged-file'],
  'redirect-loop': ['exact', 'not-the-hub'],
  'redirect-foreign': ['not-the-hub', 'not-the-hub'],
  'redirect-http': ['not-the-hub', 'not-the-hub'],
};

describe('a Hub that says something else about the weights', () => {
  const rows = faultVerbs.flatMap((verb) => {
    const [once, ever] = whereabouts[verb] ?? ['exact', 'exact'];
    return [
      { verb, times: 1, outcome: once },
      { verb, times: Infinity, outcome: ever },
    ];
  });
  test.each(rows)('$verb, $times times: $outcome', async ({ verb, times, outcome }) => {
    const place = { match: new RegExp(`^HEAD .*${weights.path}`), port: 'hub', nth: 1, times } as const;
    const scene = await scenes.play([fault(verb, place)], { interrupted: true, tuning: patience(verb) });
    expect(scene.outcome).toBe(outcome);
    expect(scene.keptAfter).toBeGreaterThanOrEqual(scene.keptBefore);
  });
});

test.each(Array.from({ length: 24 }, (_, seed) => seed))(
  'six faults in a row, script %i: exact or refused by name, and exact as soon as they are over',
  async (seed) => {
    const faults = randomFaults(seed, elsewhere());
    const options = { thenAgain: true, interrupted: seed % 2 === 1, tuning: patience('stall') };
    expect((await scenes.play(faults, options)).outcome).not.toBe('internal');
  },
);

test('the same scripts do fool a downloader that takes the length of its file for the proof', async () => {
  const fooled: FaultVerb[] = [];
  const { url, token } = scenes.world.address(weights.path);
  for (const verb of faultVerbs.filter((one) => patience(one).stallMs > 1000)) {
    const folder = await temporaryFolder();
    const file = join(folder, 'file');
    scenes.world.hub.control.clearScript();
    scenes.world.hub.control.script([
      fault('reset', { match: /./, port: 'cdn', nth: 1, atByte: 5000 }),
      fault(verb, { match: /./, port: 'cdn', nth: 2, atByte: 2000 }),
    ]);
    await naiveDownload(url, file, weights.data.length, token);
    const got = await readFile(file);
    if (got.length >= weights.data.length && !got.equals(weights.data)) fooled.push(verb);
    await rm(folder, { recursive: true });
  }
  expect(fooled).toEqual(expect.arrayContaining(['flip', 'wrong-range', '200-for-range', 'html-portal']));
});
