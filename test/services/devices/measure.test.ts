/** A measurement that cannot be made or is not to go on leaves nothing that is not true. */
import { fileURLToPath } from 'node:url';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { startNodeProcess } from '../../../electron/hosts/nodeWorkers.ts';
import type { WorkerProcess } from '../../../electron/services/ports.ts';
import { convertedPractice, removeFolders } from '../inference/models.ts';
import { computer, installed, open, renewComputer } from './computer.ts';

beforeEach(renewComputer);
afterAll(removeFolders);

describe('too little memory', () => {
  it('is never remembered as a speed, and measured when it is there', async () => {
    computer.roomy = false;
    const devices = await open();
    expect(await devices.plan(installed)).toMatchObject({ device: 'cpu', why: 'unmeasured' });
    expect(computer.loads).toHaveLength(1); // what the CPU has no room for is not tried elsewhere
    await devices.plan(installed);
    expect(computer.loads).toHaveLength(1); // nor before each answer
    computer.roomy = true;
    expect(await (await open()).plan(installed)).toMatchObject({ device: 'webgpu', why: 'fastest' });
  });

  it('is measured as the model is loaded where that is the own risk of the person', async () => {
    computer.roomy = false;
    const devices = await open();
    await devices.plan(installed);
    computer.loads = [];
    expect(await devices.plan(installed, { atOwnRisk: true })).toMatchObject({ device: 'webgpu' });
    expect(computer.loads.map(({ atOwnRisk }) => atOwnRisk)).toEqual([true, true, true]);
  });

  it('of one device is not remembered either', async () => {
    computer.habits = { webgpu: 'full' };
    expect(await (await open()).plan(installed)).toMatchObject({ device: 'cpu', why: 'fastest' });
    [computer.habits, computer.loads] = [{ webgpu: 'fast' }, []];
    expect(await (await open()).plan(installed)).toMatchObject({ device: 'webgpu', why: 'fastest' });
    expect(computer.loads.map(({ device }) => device)).toEqual(['webgpu']);
  });
});

const entry = fileURLToPath(new URL('../../../electron/workers/infer.ts', import.meta.url));

describe('a measurement that is stopped', () => {
  it.each(['by the person', 'because everything closes'])('%s: ends its real process at once', async (who) => {
    const model = await convertedPractice('q4');
    // A pause of the machine is not a slow end: the quickest of three counts.
    let quickest = Infinity;
    for (let round = 0; round < 3 && quickest > 500; round++) {
      const { promise: started, resolve: start } = Promise.withResolvers<WorkerProcess>();
      const devices = await open({
        folderOf: () => model,
        startProcess() {
          const worker = startNodeProcess(entry);
          start(worker);
          return worker;
        },
      });
      const stop = new AbortController();
      const tuning = devices.tune(installed, stop.signal);
      const worker = await started;
      const ended = new Promise<string | undefined>((resolve) => worker.onExit(({ signal }) => resolve(signal)));
      await new Promise<void>((resolve) => worker.onMessage(() => resolve())); // it is up and about to load
      const began = performance.now();
      if (who === 'by the person') stop.abort();
      else devices.close();
      await tuning;
      expect(await ended).toBe('SIGKILL');
      quickest = Math.min(quickest, performance.now() - began);
      expect(devices.state()).not.toHaveProperty('threads');
      expect(devices.state().speeds).toEqual([]);
    }
    expect(quickest).toBeLessThan(500);
  });
});
