/** The engine with a model on WebGPU: the process dies within an answer, and the CPU goes on with its text. */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { EngineState } from '../../../electron/contract/chat.ts';
import { startNodeProcess } from '../../../electron/hosts/nodeWorkers.ts';
import { type DevicesNote, isDevicesNote } from '../../../electron/services/devices/note.ts';
import { createDevices } from '../../../electron/services/devices/room.ts';
import { stateFile } from '../../../electron/services/durable/stateFile.ts';
import { createEngine, type Engine } from '../../../electron/services/generation/engine.ts';
import type { WorkerProcess } from '../../../electron/services/ports.ts';
import { convertedPractice, greedy, removeFolders, temporaryFolder } from '../inference/models.ts';
import { installed } from '../localServer/served.ts';

const entry = fileURLToPath(new URL('../../../electron/workers/infer.ts', import.meta.url));
let folder: string;
beforeAll(async () => {
  folder = await convertedPractice('q4');
});
afterAll(removeFolders);

async function open(choice: 'cpu' | 'webgpu') {
  const processes: WorkerProcess[] = [];
  const states: EngineState[] = [];
  const start = (): WorkerProcess => {
    const process = startNodeProcess(entry);
    processes.push(process);
    return process;
  };
  const devices = createDevices({
    note: stateFile<DevicesNote>({
      path: join(temporaryFolder(), 'devices.json'),
      version: 1,
      check: isDevicesNote,
      onDamage: () => undefined,
    }),
    startProcess: start,
    folderOf: () => folder,
    possible: ['webgpu'],
    hardware: async () => true,
    cores: async () => ({ all: 0 }),
    driver: async () => 'this one',
    processor: 'that one',
    onChange: () => undefined,
    log: () => undefined,
  });
  await devices.start();
  await devices.choose(choice);
  const engine = createEngine({
    startProcess: start,
    folderOf: () => folder,
    cachesFolder: join(folder, 'never written'),
    devices,
    onChange: (state) => states.push(state),
    now: Date.now,
    log: () => undefined,
  });
  return { engine, devices, processes, states };
}

async function ask(engine: Engine, onText: (text: string) => void = () => undefined): Promise<string> {
  let text = '';
  const result = await engine.generate(
    installed,
    { cacheKey: 'c', messages: [{ role: 'user', text: 'What is an access token?' }], sampling: greedy },
    {
      signal: new AbortController().signal,
      onText(piece) {
        text += piece;
        onText(text);
      },
    },
  );
  if (!result.ok) throw new Error(JSON.stringify(result.problem));
  return text;
}

it(
  'answers on the device, and a device that takes the process down hands over to the CPU',
  { timeout: 240_000 },
  async () => {
    const cpu = await open('cpu');
    const words = await ask(cpu.engine);
    cpu.engine.close();

    const { engine, devices, processes, states } = await open('webgpu');
    expect(await ask(engine)).toBe(words);
    expect(engine.state()).toMatchObject({ kind: 'ready', device: 'webgpu', why: 'chosen' });

    let killed = false;
    const text = await ask(engine, (sofar) => {
      // Early: on a busy machine the rest may have been sent before we come to it.
      if (killed || sofar.length < 8) return;
      killed = true;
      processes.at(-1)?.kill();
    });
    expect(killed).toBe(true);
    expect(text).toBe(words);
    expect(engine.state()).toMatchObject({
      kind: 'ready',
      device: 'cpu',
      why: 'fallback',
      fallback: { device: 'webgpu' },
    });
    expect(devices.state().devices.find(({ device }) => device === 'webgpu')?.finding.kind).toBe('unusable');
    expect(states.some(({ kind }) => kind === 'failed')).toBe(false);
    engine.close();
  },
);
