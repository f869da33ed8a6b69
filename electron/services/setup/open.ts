import type { BackendEvent } from '../../contract/ipc.ts';
import type { DownloadPlan } from '../../contract/model.ts';
import type { AccessRooms } from '../access.ts';
import type { Devices } from '../devices/room.ts';
import { findSnapshot } from '../download/cache.ts';
import type { Remember } from '../durable/stateFile.ts';
import type { Engine } from '../generation/engine.ts';
import type { HubClient } from '../hub/request.ts';
import type { Library } from '../models/library.ts';
import type { Ports } from '../ports.ts';
import type { Preferences } from '../preferences.ts';
import type { ModelsHome } from '../storage/modelsHome.ts';
import type { Storage } from '../storage/room.ts';
import { announcement } from './announce.ts';
import { checkRepo } from './checkRepo.ts';
import { openDownloads } from './downloads.ts';
import { createJourneys, type Journeys } from './journeys.ts';
import { isSpeed } from './lastSpeed.ts';
import { prepareStep } from './prepareStep.ts';
import { areRecords, type JourneyRecord } from './records.ts';
import type { StandInRoom } from './standIns.ts';

/** The journeys of this computer, with what each of their steps does; how they go is told to the page and to the person. */
export async function openJourneys(options: {
  readonly ports: Ports;
  readonly hub: HubClient;
  readonly access: AccessRooms;
  readonly preferences: Preferences;
  readonly engine: Engine;
  readonly devices: Devices;
  readonly models: Library;
  readonly home: ModelsHome;
  readonly standIns: StandInRoom;
  readonly storage: () => Storage; // opened after the journeys
  readonly remember: Remember;
  readonly emit: (event: BackendEvent) => void;
}): Promise<Journeys> {
  const { ports, hub, access, preferences, models, home, standIns, remember, emit } = options;
  const { now, log } = ports;
  const { isOffline } = preferences;
  const { signIn } = access;
  const modelsFolder = (): string => home.folder();
  const snapshotOf = (plan: DownloadPlan) => findSnapshot(ports.paths.hubCache, plan.repo, plan.commit, plan.files);
  const downloads = await openDownloads({
    ...{ ports, hub, signIn },
    limit: preferences.downloadLimit,
    speed: remember('last-speed.json', isSpeed),
  });
  const preparing = prepareStep({ ...options, modelsFolder, snapshotOf, now, log });
  const journeys = createJourneys({
    records: remember<readonly JourneyRecord[]>('journeys.json', areRecords),
    pace: ports.pace,
    ...{ isOffline, now, log },
    findModel: async (repo, dtype) => models.find(repo, dtype),
    isComplete: async (plan) => (await snapshotOf(plan)).complete,
    onChange(setup, previous) {
      emit({ type: 'setup.changed', setup });
      if (setup.licence && setup.licence !== previous.licence) access.licences.learned(setup.licence);
      if (setup.step === 'ready' && previous.step !== 'ready') standIns.arrived(setup.model);
      const note = announcement(setup, previous);
      if (note) ports.notify?.(note);
    },
    onReplace: (repo) => void preparing.forget(repo),
    onRemove(repo) {
      standIns.forgo(repo);
      void preparing.forget(repo);
      emit({ type: 'setup.removed', repo });
    },
    effects: {
      check: ({ repo, dtype }, { signal }) =>
        checkRepo({
          ...{ repo, dtype, hub, signIn, signal },
          folders: { ...ports.paths, models: modelsFolder() },
          bytesPerSecond: downloads.bytesPerSecond(),
        }),
      download: (plan, more) => downloads.run(plan, more),
      prepare: preparing.prepare,
    },
  });
  return {
    ...journeys,
    networkChanged() {
      downloads.networkChanged();
      journeys.networkChanged();
    },
  };
}
