import type { BackendEvent } from '../../contract/ipc.ts';
import type { SetupState } from '../../contract/setup.ts';
import type { Devices } from '../devices/room.ts';
import type { Engine } from '../generation/engine.ts';
import type { Library } from '../models/library.ts';
import type { Ports } from '../ports.ts';
import { createPublished } from '../published/room.ts';
import { storageNote } from '../setup/announce.ts';
import { fileUsers } from '../setup/fileUsers.ts';
import type { ModelsHome } from './modelsHome.ts';
import { createStorage, type Storage } from './room.ts';

/** The storage room of this computer; what its long job does is told to the page, and its end to the person. */
export function openStorage(options: {
  readonly ports: Ports;
  readonly home: ModelsHome;
  readonly models: Library;
  readonly engine: Engine;
  readonly devices: Devices;
  readonly journeys: () => readonly SetupState[];
  readonly emit: (event: BackendEvent) => void;
}): Storage {
  const { ports, home, engine, devices } = options;
  return createStorage({
    ...{ ports, home, engine },
    models: options.models,
    users: fileUsers(options.journeys),
    published: createPublished({ ports, engine, devices, modelsFolder: () => home.folder() }),
    onWork(work) {
      options.emit({ type: 'storage.worked', work });
      const note = storageNote(work);
      if (note) ports.notify?.(note);
    },
  });
}
