/** Which device is tried, measured and taken; the processes are real ones that run the real work, or end as drivers end them. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import type { DevicesState } from '../../../electron/contract/devices.ts';
import type { Device } from '../../../electron/contract/model.ts';
import { failed, ok } from '../../../electron/contract/result.ts';
import { startNodeProcess } from '../../../electron/hosts/nodeWorkers.ts';
import { hasCard } from '../../../electron/services/devices/driver.ts';
import { type DevicesNote, isDevicesNote } from '../../../electron/services/devices/note.ts';
import { createDevices, type Devices } from '../../../electron/services/devices/room.ts';
import { stateFile } from '../../../electron/services/durable/stateFile.ts';
import type { Cores } from '../../../electron/services/inference/cores.ts';
import { notEnoughMemory } from '../../../electron/services/inference/explainMemory.ts';
import type { WorkerProcess } from '../../../electron/services/ports.ts';
import type { InferWork, LoadInput, ProbeOutput } from '../../../electron/services/work/protocol.ts';
import { serve } from '../../../electron/services/work/serve.ts';
import { convertedPractice, removeFolders, temporaryFolder } from '../inference/models.ts';
import { installed } from '../localServer/served.ts';
import { inThisProcess } from '../setup/prepareRoom.ts';

/** What a device of this computer does; 'crash' ends its process, 'slow' is slower than the CPU, 'full' has no memory. */
type Habit = 'fast' | 'slow' | 'crash' | 'fails' | 'full';

let habits: Partial<Record<Device, Habit>>;
let probes: Device[];
let loads: LoadInput[];
let states: DevicesState[];
let folder: string;
let driver = 'driver 1';
let runtime = '1.30.0';
let card = true;
let processor = 'p1';
let cores: Cores;
/** Bytes enough for the models, by the estimate. */
let roomy = true;

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
        if (!roomy && !input.atOwnRisk) return failed(notEnoughMemory({}, { needed: 9, free: 1, present: 8 }));
        const fallback = input.device !== 'auto' && habits[input.device] === 'full';
        return ok({
          ...(fallback && {
            fallback: { device: 'webgpu' as const, cause: 'Failed to allocate memory for requested' },
          }),
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
        const onCpu = (loaded?.spin ? 20 : 19.8) + (loaded?.pinned ? 5 : 0) - (loaded?.cores === 'fast' ? 2 : 0);
        const rate = device === 'cpu' ? onCpu : habits[device] === 'fast' ? 60 : 3;
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

async function open(more: Partial<Parameters<typeof createDevices>[0]> = {}): Promise<Devices> {
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
    cores: async () => cores,
    driver: async () => driver,
    processor,
    onChange: (state) => states.push(state),
    log: () => undefined,
    ...more,
  });
  await devices.start();
  return devices;
}
const findingOf = (devices: Devices, device: Device): unknown =>
  devices.state().devices.find((one) => one.device === device)?.finding;

beforeEach(() => {
  folder = temporaryFolder();
  mkdirSync(folder, { recursive: true });
  [processor, cores, roomy] = ['p1', { all: 4 }, true];
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
    const plan = await devices.plan(installed, { onMeasure: () => (told += 1) });
    expect(plan).toMatchObject({ device: 'webgpu', why: 'fastest', half: true });
    expect(told).toBe(1);
    expect(probes).toEqual(['webgpu', 'cuda']);
    expect(loads.map(({ device, spin }) => [device, spin])).toEqual([
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
    habits = { webgpu: 'slow' };
    const plan = await (await open()).plan(installed);
    expect(plan).toEqual({ device: 'cpu', why: 'fastest', half: false, cores: 'all', pinned: false, spin: false });
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

describe('threads', () => {
  const way = { cores: 'all', pinned: true, spin: false } as const;
  beforeEach(() => {
    card = false;
    cores = { all: 8, fast: 4, processors: [0, 2, 4, 6, 8, 9, 10, 11] };
  });

  it('are measured once on this computer, shown, remembered, and given to every model', async () => {
    const devices = await open();
    await devices.tune(installed);
    expect(loads.map((one) => [one.cores, one.pinned, one.spin])).toEqual([
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
    loads = [];
    const later = await open();
    await later.tune({ ...installed, id: 'another' });
    expect(await later.plan({ ...installed, id: 'another' })).toMatchObject({ device: 'cpu', ...way });
    expect(loads).toEqual([]);
  });

  it('save power before all of that', async () => {
    const devices = await open();
    await devices.tune(installed);
    await devices.setSaving(true);
    expect(await devices.plan(installed)).toEqual({ device: 'cpu', why: 'only', half: false, saving: true });
  });

  it('are measured anew after a look or on another processor, not after a driver was updated', async () => {
    await (await open()).tune(installed);
    driver = 'd2';
    expect(await (await open()).plan(installed)).toMatchObject(way);
    for (const again of ['look', 'processor']) {
      if (again === 'processor') [processor, driver] = ['p2', 'd3'];
      const devices = await open();
      if (again === 'look') await devices.look();
      loads = [];
      let told = 0;
      expect(await devices.plan(installed, { onMeasure: () => (told += 1) })).toMatchObject(way);
      expect([again, told, loads.length]).toEqual([again, 1, 5]);
      await devices.plan(installed);
      expect(loads).toHaveLength(5);
    }
  });

  it('a note of an earlier version keeps what it knows and is measured at the next set-up', async () => {
    await (await open()).choose('cpu');
    const path = join(folder, 'devices.json');
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

describe('too little memory', () => {
  it('is never remembered as a speed, and measured when it is there', async () => {
    roomy = false;
    const devices = await open();
    expect(await devices.plan(installed)).toMatchObject({ device: 'cpu' });
    expect(loads).toHaveLength(1); // what the CPU has no room for is not tried elsewhere
    await devices.plan(installed);
    expect(loads).toHaveLength(1); // nor before each answer
    roomy = true;
    expect(await (await open()).plan(installed)).toMatchObject({ device: 'webgpu', why: 'fastest' });
  });

  it('is measured as the model is loaded where that is the own risk of the person', async () => {
    roomy = false;
    const devices = await open();
    await devices.plan(installed);
    loads = [];
    expect(await devices.plan(installed, { atOwnRisk: true })).toMatchObject({ device: 'webgpu' });
    expect(loads.map(({ atOwnRisk }) => atOwnRisk)).toEqual([true, true, true]);
  });

  it('of one device is not remembered either', async () => {
    habits = { webgpu: 'full' };
    expect(await (await open()).plan(installed)).toMatchObject({ device: 'cpu', why: 'fastest' });
    [habits, loads] = [{ webgpu: 'fast' }, []];
    expect(await (await open()).plan(installed)).toMatchObject({ device: 'webgpu', why: 'fastest' });
    expect(loads.map(({ device }) => device)).toEqual(['webgpu']);
  });
});

describe('a measurement that is stopped', () => {
  const entry = fileURLToPath(new URL('../../../electron/workers/infer.ts', import.meta.url));

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
  const path = join(folder, 'devices.json');
  writeFileSync(path, readFileSync(path, 'utf8').replace('"cpu"', '"toaster"'));
  expect((await open()).state().choice).toBe('auto');
});

it('sees whether this computer has a card', async () => {
  expect(typeof (await hasCard())).toBe('boolean');
});
