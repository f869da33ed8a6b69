import { afterAll, beforeAll, expect, test } from 'vitest';
import { openScenes, patience, randomFaults, type Scenes } from './faultScenes.ts';

let scenes: Scenes;
beforeAll(async () => {
  scenes = await openScenes();
});
afterAll(() => scenes.close());

const scripts = Number(process.env['SCRIPTS'] ?? 5000);

test(`${String(scripts)} scripts of six random faults end in the exact bytes or a refusal by name`, async () => {
  const outcomes: Record<string, number> = {};
  for (let seed = 1000; seed < 1000 + scripts; seed++) {
    const faults = randomFaults(seed, `${scenes.world.hub.cdnEndpoint}/elsewhere`);
    const options = { thenAgain: true, interrupted: seed % 2 === 1, tuning: patience('stall') };
    const { outcome } = await scenes.play(faults, options).catch((error: unknown) => {
      throw new Error(`script ${String(seed)}`, { cause: error });
    });
    outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
  }
  process.stdout.write(`${JSON.stringify(outcomes)}\n`);
  expect(outcomes['internal']).toBeUndefined();
});
