/** A computer for the room of devices: what its devices do is said here, and the processes that try them compute nothing. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Device } from '../../../electron/contract/model.ts';
import { failed, ok } from '../../../electron/contract/result.ts';
import { type DevicesNote, isDevicesNote } from '../../../electron/services/devices/note.ts';
import { createDevices, type Devices } from '../../../electron/services/devices/room.ts';
import { stateFile } from '../../../electron/services/durable/stateFile.ts';
import type { Cores } from '../../../electron/services/inference/cores.ts';
import { notEnoughMemory } from '../../../electron/services/inference/explainMemory.ts';
import type { WorkerProcess } from '../../../electron/services/ports.ts';
import type { InferWork, LoadInput, ProbeOutput } from '../../../electron/services/work/protocol.ts';
import { serve } from '../../../electron/services/work/serve.ts';
import { temporaryFolder } from '../inference/models.ts';
import { installed as small } from '../localServer/served.ts';
import { inThisProcess } from '../setup/prepareRoom.ts';

/** Large enough that it can tell how threads work best. */
export const installed = { ...small, bytes: 1e9 };

/** What a device does; 'crash' ends its process, 'slow' is slower than the CPU, 'full' has no memory. */
type Habit = 'fast' | 'slow' | 'crash' | 'fails' | 'full';

interface Computer {
  habits: Partial<Record<Device, Habit>>;
  /** What was asked of the processes so far. */
  probes: Device[];
  loads: LoadInput[];
  folder: string;
  driver: string;
  card: boolean;
  processor: string;
  cores: Cores;
  /** Bytes enough for the models, by the estimate. */
  roomy: boolean;
}

export let computer: Computer;
const runtime = '1.30.0';

/** Another computer, with a folder of its own. */
export function renewComputer(): void {
  const folder = temporaryFolder();
  mkdirSync(folder, { recursive: true });
  computer = {
    habits: { webgpu: 'fast', cuda: 'fails' },
    probes: [],
    loads: [],
    folder,
    driver: 'd1',
    card: true,
    processor: 'p1',
    cores: { all: 4 },
    roomy: true,
  };
}

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
        computer.probes.push(device);
        const habit = computer.habits[device];
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
        computer.loads.push(input);
        loaded = input;
        if (!computer.roomy && !input.atOwnRisk) return failed(notEnoughMemory({}, { needed: 9, free: 1, present: 8 }));
        const fallback = input.device !== 'auto' && computer.habits[input.device] === 'full';
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
        const rate = device === 'cpu' ? onCpu : computer.habits[device] === 'fast' ? 60 : 3;
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

export async function open(more: Partial<Parameters<typeof createDevices>[0]> = {}): Promise<Devices> {
  const devices = createDevices({
    note: stateFile<DevicesNote>({
      path: join(computer.folder, 'devices.json'),
      version: 1,
      check: isDevicesNote,
      onDamage: () => undefined,
    }),
    startProcess,
    folderOf: (model) => join(computer.folder, model.id),
    possible: ['webgpu', 'cuda'],
    hardware: async () => computer.card,
    cores: async () => computer.cores,
    driver: async () => computer.driver,
    processor: computer.processor,
    onChange: () => undefined,
    log: () => undefined,
    ...more,
  });
  await devices.start();
  return devices;
}
export const findingOf = (devices: Devices, device: Device): unknown =>
  devices.state().devices.find((one) => one.device === device)?.finding;
