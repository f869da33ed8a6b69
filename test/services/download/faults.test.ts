/**
 * Every verb of the fault script at every place of a download, from the practice Hub and through the product's own Hub
 * client: each scenario ends in the exact bytes, and each pays for its bytes once.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Fault, type FaultVerb, faultVerbs } from '../../../electron/practice/hub/faults.ts';
import { block, config, openScenes, patience, type Scenes, totalBytes } from './faultScenes.ts';

let scenes: Scenes;
beforeAll(async () => {
  scenes = await openScenes();
});
afterAll(() => scenes.close());

/** The fault, so short that a test can wait for its end. */
const brief = (fault: Fault): Fault => ({
  ...fault,
  ...(fault.do === '429' && { seconds: 0.02 }),
  url: `${scenes.world.hub.cdnEndpoint}/elsewhere`,
});

// What may be thrown away: all that came before a turned bit, whose place nobody knows; and the answers of up to four
// connections to a pin that was wrong from the first byte.
const wasted: Partial<Record<FaultVerb, number>> = { flip: totalBytes, 'new-etag': 4 * totalBytes };

const places: Readonly<Record<string, Pick<Fault, 'nth' | 'atByte'>>> = {
  'byte 0 of the first answer': { nth: 1, atByte: 0 },
  'byte 1 of the first': { nth: 1, atByte: 1 },
  'the middle of the second': { nth: 2, atByte: block / 2 },
  'the edge of a block': { nth: 3, atByte: block },
  'the last byte but one of the second': { nth: 2, atByte: block - 2 },
  'the last byte of the third': { nth: 3, atByte: block - 1 },
};
const starts = ['nothing', 'an interrupted download'] as const;
const rows = faultVerbs.flatMap((verb) => [
  ...Object.entries(places).flatMap(([place, at]) => starts.map((start) => ({ verb, place, at, start }))),
  { verb, place: 'the middle of the second', at: { nth: 2, atByte: block / 2 }, start: 'nothing, with one connection' },
]);

describe('a fault of the download server that happens once ends in the exact bytes', () => {
  test(`the table has ${String(rows.length)} rows`, () => {
    expect(rows.length).toBeGreaterThanOrEqual(300);
  });
  test.each(rows)('$verb at $place, from $start', async ({ verb, at, start }) => {
    const single = start === 'nothing, with one connection' ? { startConnections: 1, maxConnections: 1 } : {};
    const scene = await scenes.play([brief({ match: /./, port: 'cdn', do: verb, ...at })], {
      interrupted: start === 'an interrupted download',
      tuning: { ...single, ...patience(verb) },
    });
    expect(scene).toMatchObject({ outcome: 'exact', faultsMet: 1 });
    if (patience(verb).stallMs < 1000) return; // a slow computer, too, may make an honest answer be given up then
    expect(scene.honestBytes).toBeLessThanOrEqual(totalBytes - scene.keptBefore + (wasted[verb] ?? 0));
  });
});

describe('a fault in the bytes that the Hub itself sends ends in the exact bytes, too', () => {
  const rows = faultVerbs.flatMap((verb) => [0, config.data.length >> 1].map((atByte) => ({ verb, atByte })));
  test.each(rows)('$verb at byte $atByte of a small file', async ({ verb, atByte }) => {
    const match = new RegExp(`^GET .*${config.path}`);
    const scene = await scenes.play([brief({ match, port: 'hub', do: verb, atByte, nth: 1 })], {
      interrupted: true,
      tuning: patience(verb),
      files: scenes.world.listed,
    });
    expect(scene.outcome).toBe('exact');
  });
});
