/** Which device is tried, measured and taken; the processes are real ones that run the real work, or end as drivers end them. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import type { DevicesState } from '../../../electron/contract/devices.ts';
import type { Device } from '../../../electron/contract/model.ts';
import { ok } from '../../../electron/contract/result.ts';
import { hasCard } from '../../../electron/services/devices/driver.ts';
import { type DevicesNote, isDevicesNote } from '../../../electron/services/devices/note.ts';
import { createDevices, type Devices } from '../../../electron/services/devices/room.ts';
import { stateFile } from '../../../electron/services/durable/stateFile.ts';
import type { WorkerProcess } from '../../../electron/services/ports.ts';
import type { InferWork, LoadInput, ProbeOutput } from '../../../electron/services/work/protocol.ts';
import { serve } from '../../../electron/services/work/serve.ts';
import { removeFolders, temporaryFolder } from '../inference/models.ts';
import { installed } from '../localServer/served.ts';
import { inThisProcess } from '../setup/prepareRoom.ts';

/** What a device of this computer does; 'crash' ends its process, 'slow' is slower than the CPU. */
type Habit = 'fast' | 'slow' | 'crash' | 'fails';

let habits: Partial<Record<Device, Habit>>;
let probes: Device[];
let loads: LoadInput[];
let states: DevicesState[];
let folder: string;
let driver = 'driver 1';
let runtime = '1.30.0';
let card = true;

/** The inference process of a computer with such devices: it speaks the protocol and computes nothing. */
function startProcess(): WorkerProcess {
  const exits: ((exit: { code: number | null; signal?: string }) => void)[] = [];
  let loaded: LoadInput | undefined;
  const crash = (): Promise<never> => {
    for (const exit of exits) exit({ code: null, signal: 'SIGSEGV' });
    return new Promise<never>(() => undefined);
  };
  const notAsked = (): never => {
    throw new Error('nobody asks this here');
  };
  const process = inThisProcess((port) =>
    serve<InferWork>(port, {
      async probe({ device }) {
        probes.push(device);
        const habit = habits[device];
        if (habit === 'crash') return crash();
        const found: ProbeOutput =
          habit === undefined
            ? { kind: 'absent', runtime }
            : habit === 'fails'
              ? { kind: 'fails', runtime, cause: 'no adapter' }
              : { kind: 'works', runtime, half: true };
        return ok(found);
      },
      async load(input) {
        loads.push(input);
        loaded = input;
        return ok({
          device: input.device === 'auto' ? 'cpu' : input.device,
          threads: 2,
          contextLength: 512,
          contextLimit: 1024,
          contextBy: 'person',
          memory: { weights: 1, cache: 1, runtime: 1, free: 9 },
          loadSeconds: 1,
          instruct: true,
        });
      },
      async sanityCheck({ prompt, maxNewTokens }) {
        const device = loaded?.device === 'auto' ? 'cpu' : (loaded?.device ?? 'cpu');
        const rate = device === 'cpu' ? (loaded?.spin ? 20 : 19.8) : habits[device] === 'fast' ? 60 : 3;
        return ok({ prompt, text: 'x', tokens: maxNewTokens, tokensPerSecond: rate });
      },
      generate: notAsked,
      tokens: notAsked,
      compare: notAsked,
      forget: notAsked,
      unload: notAsked,
      ping: async () => ok(undefined),
    }),
  );
  return { ...process, onExit: (listener) => (exits.push(listener), process.onExit(listener)) };
}

async function open(): Promise<Devices> {
  const devices = createDevices({
    note: stateFile<DevicesNote>({
      path: join(folder, 'devices.json'),
      version: 1,
      check: isDevicesNote,
      onDamage: () => undefined,
    }),
    startProcess,
    folderOf: (model) => join(folder, model.id),
    possible: ['webgpu', 'cuda'],
    hardware: async () => card,
    driver: async () => driver,
    onChange: (state) => states.push(state),
    log: () => undefined,
  });
  await devices.start();
  return devices;
}
const findingOf = (devices: Devices, device: Device): unknown =>
  devices.state().devices.find((one) => one.device === device)?.finding;

beforeEach(() => {
  folder = temporaryFolder();
  mkdirSync(folder, { recursive: true });
  [habits, probes, loads, states, driver, runtime, card] = [
    { webgpu: 'fast', cuda: 'fails' },
    [],
    [],
    [],
    'd1',
    '1.30.0',
    true,
  ];
});
afterAll(removeFolders);

describe('automatic choice', () => {
  it('asks no device of a computer without a card', async () => {
    card = false;
    const plan = await (await open()).plan(installed);
    expect(plan).toEqual({ device: 'cpu', why: 'only', half: false });
    expect(probes).toEqual([]);
    expect(loads).toEqual([]);
  });

  it('tries each device, measures the model where it works, and takes the fastest', async () => {
    const devices = await open();
    let told = 0;
    const plan = await devices.plan(installed, () => (told += 1));
    expect(plan).toMatchObject({ device: 'webgpu', why: 'fastest', half: true });
    expect(told).toBe(1);
    expect(probes).toEqual(['webgpu', 'cuda']);
    expect(loads.map(({ device, spin }) => [device, spin])).toEqual([
      ['cpu', true],
      ['cpu', false],
      ['webgpu', false],
    ]);
    expect(findingOf(devices, 'cuda')).toEqual({ kind: 'fails', cause: 'no adapter' });
    expect(findingOf(devices, 'dml')).toEqual({ kind: 'absent' });
    expect(devices.state().speeds).toEqual([
      { modelId: installed.id, device: 'cpu', tokensPerSecond: 19.8 },
      { modelId: installed.id, device: 'webgpu', tokensPerSecond: 60 },
    ]);
  });

  it('stays with the CPU where that is faster, and lets waiting threads rest when that costs nearly nothing', async () => {
    habits = { webgpu: 'slow' };
    const plan = await (await open()).plan(installed);
    expect(plan).toEqual({ device: 'cpu', why: 'fastest', half: false, spin: false });
  });

  it('remembers all of it over a restart, and measures only a model that is new', async () => {
    await (await open()).plan(installed);
    [probes, loads] = [[], []];
    const devices = await open();
    expect(await devices.plan(installed)).toMatchObject({ device: 'webgpu', why: 'fastest' });
    expect([probes, loads]).toEqual([[], []]);
    await devices.plan({ ...installed, id: 'another' });
    expect(loads.map(({ device }) => device)).toEqual(['cpu', 'webgpu']);
  });

  it('forgets it when the driver changed', async () => {
    await (await open()).plan(installed);
    [probes, loads, driver] = [[], [], 'd2'];
    habits = { webgpu: 'slow' };
    expect(await (await open()).plan(installed)).toMatchObject({ device: 'cpu', why: 'fastest' });
    expect(probes).toEqual(['webgpu', 'cuda']);
  });

  it('does not use a device that took its process down, and says so', async () => {
    habits = { webgpu: 'crash', cuda: 'fails' };
    const devices = await open();
    expect(await devices.plan(installed)).toMatchObject({ device: 'cpu', why: 'only' });
    expect(findingOf(devices, 'webgpu')).toEqual({ kind: 'unusable', cause: 'signal SIGSEGV' });
    probes = [];
    await (await open()).plan(installed);
    expect(probes).toEqual([]); // not tried again by itself
    habits = { webgpu: 'fast' };
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
    expect(probes).toEqual([]);
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

it('a note that somebody changed by hand is set aside', async () => {
  await (await open()).choose('cpu');
  const path = join(folder, 'devices.json');
  writeFileSync(path, readFileSync(path, 'utf8').replace('"cpu"', '"toaster"'));
  expect((await open()).state().choice).toBe('auto');
});

it('sees whether this computer has a card', async () => {
  expect(typeof (await hasCard())).toBe('boolean');
});
