/** The local server in front of the real inference process with the converted practice model. */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { InstalledModel } from '../../../electron/contract/model.ts';
import { startNodeProcess } from '../../../electron/hosts/nodeWorkers.ts';
import { stateFile } from '../../../electron/services/durable/stateFile.ts';
import { createEngine, type Engine } from '../../../electron/services/generation/engine.ts';
import {
  createLocalServerRoom,
  isLocalServerNote,
  type LocalServerRoom,
} from '../../../electron/services/localServer/room.ts';
import type { Lent } from '../../../electron/services/localServer/answer.ts';
import { greedy, temporaryFolder } from '../inference/models.ts';

const entry = fileURLToPath(new URL('../../../electron/workers/infer.ts', import.meta.url));

/** The practice model as its manifest would describe it. */
export const installed: InstalledModel = {
  id: 'practice-labs--Keyhole-1-Instruct--abcdef01--q4',
  repo: 'practice-labs/Keyhole-1-Instruct',
  commit: 'abcdef01'.repeat(5),
  dtype: 'q4',
  bytes: 1,
  installedAt: 1_700_000_000_000,
  architecture: 'LlamaForCausalLM',
  contextLength: 1024,
  instruct: true,
  sampling: greedy,
  licence: 'practice',
};

export interface Served {
  readonly engine: Engine;
  readonly room: LocalServerRoom;
  readonly file: string; // where switch, port and key are remembered
  end(): Promise<void>;
}

/** `generate` may be replaced, to see what the server makes of answers that a real model gives seldom. */
export function serve(
  folder: string,
  options: {
    readonly data?: string;
    readonly models?: readonly InstalledModel[];
    readonly generate?: Lent['generate'];
  } = {},
): Served {
  const engine = createEngine({
    startProcess: () => startNodeProcess(entry),
    folderOf: () => folder,
    cachesFolder: join(folder, 'never written'),
    onChange: () => undefined,
    now: Date.now,
    log: () => undefined,
  });
  const file = join(options.data ?? temporaryFolder(), 'local-server.json');
  const room = createLocalServerRoom({
    note: stateFile({ path: file, version: 1, check: isLocalServerNote, onDamage: () => undefined }),
    lent: {
      models: () => options.models ?? [installed],
      generate:
        options.generate ?? ((model, input, rest) => engine.generate(model, input, { ...rest, lane: 'server' })),
      now: Date.now,
    },
    onChange: () => undefined,
    log: () => undefined,
  });
  return {
    engine,
    room,
    file,
    async end() {
      await room.close();
      engine.close();
    },
  };
}

/** Turns a room on at any free port. */
export async function turnOn(room: LocalServerRoom): Promise<{ readonly port: number; readonly address: string }> {
  const state = await room.set({ on: true, anyPort: true });
  if (state.kind !== 'on') throw new Error(`The local server is ${JSON.stringify(state)}`);
  return state;
}
