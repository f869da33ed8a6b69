/** Which device is tried, measured and taken, on a computer whose devices do as they are told. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { hasCard } from '../../../electron/services/devices/driver.ts';
import { removeFolders } from '../inference/models.ts';
import { computer, findingOf, installed, open, renewComputer } from './computer.ts';

beforeEach(renewComputer);
afterAll(removeFolders);

describe('automatic choice', () => {
  it('asks no device of a computer without a card', async () => {
    computer.card = false;
    const plan = await (await open()).plan(installed);
    expect(plan).toEqual({ device: 'cpu', why: 'only', half: false });
    expect(computer.probes).toEqual([]);
    expect(computer.loads).toEqual([]);
  });

  it('tries each device, measures the model where it works, and takes the fastest', async () => {
    const devices = await open();
    let told = 0;
    const plan = await devices.plan(installed, { onMeasure: () => (told += 1) });
    expect(plan).toMatchObject({ device: 'webgpu', why: 'fastest', half: true });
    expect(told).toBe(1);
    expect(computer.probes).toEqual(['webgpu', 'cuda']);
    expect(computer.loads.map(({ device, spin }) => [device, spin])).toEqual([
      ['cpu', true],
      ['cpu', false],
      ['webgpu', undefined],
    ]);
    expect(findingOf(devices, 'cuda')).toEqual({ kind: 'fails', cause: 'no adapter' });
    expect(findingOf(devices, 'dml')).toEqual({ kind: 'absent' });
    expect(devices.state().speeds).toEqual([
      { modelId: installed.id, device: 'cpu', tokensPerSecond: 19.8 },
      { modelId: installed.id, device: 'webgpu', tokensPerSecond: 60 },
    ]);
  });

  it('stays with the CPU where that is faster, and lets waiting threads rest when that costs nearly nothing', async () => {
    computer.habits = { webgpu: 'slow' };
    const plan = await (await open()).plan(installed);
    expect(plan).toEqual({ device: 'cpu', why: 'fastest', half: false, cores: 'all', pinned: false, spin: false });
  });

  it('remembers all of it over a restart, and measures only a model that is new', async () => {
    await (await open()).plan(installed);
    [computer.probes, computer.loads] = [[], []];
    const devices = await open();
    expect(await devices.plan(installed)).toMatchObject({ device: 'webgpu', why: 'fastest' });
    expect([computer.probes, computer.loads]).toEqual([[], []]);
    await devices.plan({ ...installed, id: 'another' });
    expect(computer.loads.map(({ device }) => device)).toEqual(['cpu', 'webgpu']);
  });

  it('forgets it when the driver changed', async () => {
    await (await open()).plan(installed);
    [computer.probes, computer.loads, computer.driver] = [[], [], 'd2'];
    computer.habits = { webgpu: 'slow' };
    expect(await (await open()).plan(installed)).toMatchObject({ device: 'cpu', why: 'fastest' });
    expect(computer.probes).toEqual(['webgpu', 'cuda']);
  });

  it('does not use a device that took its process down, and says so', async () => {
    computer.habits = { webgpu: 'crash', cuda: 'fails' };
    const devices = await open();
    expect(await devices.plan(installed)).toMatchObject({ device: 'cpu', why: 'only' });
    expect(findingOf(devices, 'webgpu')).toEqual({ kind: 'unusable', cause: 'signal SIGSEGV' });
    computer.probes = [];
    await (await open()).plan(installed);
    expect(computer.probes).toEqual([]); // not tried again by itself
    computer.habits = { webgpu: 'fast' };
    const later = await open();
    await later.look();
    expect(findingOf(later, 'webgpu')).toEqual({ kind: 'works', half: true });
  });

  it('leaves a device that was lost until it is looked for again', async () => {
    const devices = await open();
    await devices.plan(installed);
    devices.lost('webgpu', 'driver reset', false);
    expect(await devices.plan(installed)).toMatchObject({ device: 'cpu', why: 'only' });
    expect(findingOf(devices, 'webgpu')).toEqual({ kind: 'fails', cause: 'driver reset' });
    await devices.look();
    expect(await devices.plan(installed)).toMatchObject({ device: 'webgpu' });
  });
});

describe('what the person chose', () => {
  it('holds over a restart, also against the measurement', async () => {
    await (await open()).choose('cpu');
    expect(await (await open()).plan(installed)).toMatchObject({ device: 'cpu', why: 'chosen' });
    expect(computer.probes).toEqual([]);
  });

  it('falls back to the CPU with the reason when it does not work', async () => {
    const devices = await open();
    await devices.choose('cuda');
    expect(await devices.plan(installed)).toEqual({
      device: 'cpu',
      why: 'fallback',
      fallback: { device: 'cuda', cause: 'no adapter' },
    });
  });

  it('a shorter context and saving power reach the plan of that model', async () => {
    const devices = await open();
    await devices.choose('cpu');
    await devices.setSaving(true);
    await devices.setContext(installed.id, 4096);
    expect(await devices.plan(installed)).toEqual({ device: 'cpu', why: 'chosen', saving: true, contextLength: 4096 });
    expect(await devices.plan({ ...installed, id: 'another' })).not.toHaveProperty('contextLength');
    await devices.setContext(installed.id, undefined);
    expect((await open()).state().contexts).toEqual([]);
  });
});

describe('what the person has understood', () => {
  const cause = 'no adapter';
  it('is remembered over a restart, for this reason only, until it is looked or measured again', async () => {
    await (await open()).understand({ device: 'webgpu', cause });
    const devices = await open();
    expect(devices.state().understood).toEqual([{ device: 'webgpu', cause }]);
    await devices.understand({ device: 'webgpu', cause: 'lost' });
    await devices.understand({ device: 'cuda', cause });
    expect(devices.state().understood).toEqual([
      { device: 'webgpu', cause: 'lost' },
      { device: 'cuda', cause },
    ]);
    await devices.plan(installed); // measures
    expect(devices.state().understood).toEqual([]);
    await devices.understand({ device: 'cuda', cause });
    await devices.look();
    expect(devices.state().understood).toEqual([]);
  });
});

it('a note that somebody changed by hand is set aside', async () => {
  await (await open()).choose('cpu');
  const path = join(computer.folder, 'devices.json');
  writeFileSync(path, readFileSync(path, 'utf8').replace('"cpu"', '"toaster"'));
  expect((await open()).state().choice).toBe('auto');
});

it('sees whether this computer has a card', async () => {
  expect(typeof (await hasCard())).toBe('boolean');
});
