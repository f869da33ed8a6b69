/** How threads work best on this computer: when that is measured, remembered and given to models. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { startNodeProcess } from '../../../electron/hosts/nodeWorkers.ts';
import { readCores } from '../../../electron/services/inference/cores.ts';
import { convertedPractice, removeFolders } from '../inference/models.ts';
import { computer, installed, open, renewComputer } from './computer.ts';

beforeEach(renewComputer);
afterAll(removeFolders);

describe('threads', () => {
  const way = { cores: 'all', pinned: true, spin: false } as const;
  beforeEach(() => {
    computer.card = false;
    computer.cores = { all: 8, fast: 4, processors: [0, 2, 4, 6, 8, 9, 10, 11] };
  });

  it('are measured once on this computer, shown, remembered, and given to every model', async () => {
    const devices = await open();
    await devices.tune(installed);
    expect(computer.loads.map((one) => [one.cores, one.pinned, one.spin])).toEqual([
      ['all', false, true],
      ['all', false, false],
      ['fast', false, false],
      ['all', true, false],
      ['all', true, false],
    ]);
    expect(devices.state().threads).toEqual({
      chosen: { ...way, tokensPerSecond: 24.8 },
      others: [
        { cores: 'all', pinned: false, spin: true, tokensPerSecond: 20 },
        { cores: 'fast', pinned: false, spin: false, tokensPerSecond: 17.8 },
        { cores: 'all', pinned: false, spin: false, tokensPerSecond: 19.8 },
      ],
    });
    expect(devices.state().speeds).toEqual([{ modelId: installed.id, device: 'cpu', tokensPerSecond: 24.8 }]);
    computer.loads = [];
    const later = await open();
    await later.tune({ ...installed, id: 'another' });
    expect(await later.plan({ ...installed, id: 'another' })).toMatchObject({ device: 'cpu', ...way });
    expect(computer.loads).toEqual([]);
  });

  it('are not measured with a model so small that handing work on is most of what it does', async () => {
    const devices = await open();
    await devices.tune({ ...installed, bytes: 63e6 });
    await devices.look();
    expect(await devices.plan({ ...installed, bytes: 63e6 })).toEqual({ device: 'cpu', why: 'only', half: false });
    expect(computer.loads).toEqual([]);
    await devices.tune({ ...installed, bytes: 64e6 });
    expect(computer.loads).toHaveLength(5);
  });

  it('save power before all of that', async () => {
    const devices = await open();
    await devices.tune(installed);
    await devices.setSaving(true);
    expect(await devices.plan(installed)).toEqual({ device: 'cpu', why: 'only', half: false, saving: true });
  });

  it('are measured anew after a look or on another processor, not after a driver was updated', async () => {
    await (await open()).tune(installed);
    computer.driver = 'd2';
    expect(await (await open()).plan(installed)).toMatchObject(way);
    for (const again of ['look', 'processor']) {
      if (again === 'processor') [computer.processor, computer.driver] = ['p2', 'd3'];
      const devices = await open();
      if (again === 'look') await devices.look();
      computer.loads = [];
      let told = 0;
      expect(await devices.plan(installed, { onMeasure: () => (told += 1) })).toMatchObject(way);
      expect([again, told, computer.loads.length]).toEqual([again, 1, 5]);
      await devices.plan(installed);
      expect(computer.loads).toHaveLength(5);
    }
  });

  it('a note of an earlier version keeps what it knows and is measured at the next set-up', async () => {
    await (await open()).choose('cpu');
    const path = join(computer.folder, 'devices.json');
    const file = JSON.parse(readFileSync(path, 'utf8')) as { value: Record<string, unknown> };
    const { processor: _, threads: __, understood: ___, stale: ____, ...old } = file.value;
    const speeds = [
      { modelId: 'one', device: 'cpu', tokensPerSecond: 0 },
      { modelId: 'one', device: 'webgpu', tokensPerSecond: 60 },
    ];
    writeFileSync(path, JSON.stringify({ ...file, value: { ...old, speeds, spin: false } }));
    const devices = await open();
    expect(devices.state().choice).toBe('cpu');
    expect(devices.state().threads).toBeUndefined();
    expect(await devices.plan(installed)).toEqual({ device: 'cpu', why: 'chosen', spin: false });
    await devices.setSaving(false);
    // A speed of 0 may have been a lack of memory: it is not believed any more.
    expect(readFileSync(path, 'utf8')).not.toContain('"tokensPerSecond":0');
    expect(devices.state().speeds).toEqual(speeds.slice(1));
    await devices.tune(installed);
    expect(await devices.plan(installed)).toMatchObject(way);
  });
});

const entry = fileURLToPath(new URL('../../../electron/workers/infer.ts', import.meta.url));

it('real processes and a real model tell how threads work best here', { timeout: 60_000 }, async () => {
  const model = await convertedPractice('q4');
  computer.cores = await readCores();
  const devices = await open({ folderOf: () => model, startProcess: () => startNodeProcess(entry) });
  await devices.tune(installed);
  const { threads, speeds } = devices.state();
  const measured = threads ? [threads.chosen, ...threads.others] : [];
  expect(measured.length).toBeGreaterThanOrEqual(2);
  expect(Math.min(...measured.map(({ tokensPerSecond }) => tokensPerSecond))).toBeGreaterThan(0);
  expect(speeds).toEqual([{ modelId: installed.id, device: 'cpu', tokensPerSecond: threads?.chosen.tokensPerSecond }]);
});
