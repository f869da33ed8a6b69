import { type BrowserWindow, powerMonitor, powerSaveBlocker } from 'electron';
import type { BackendEvent } from '../../contract/ipc.ts';
import type { SetupState } from '../../contract/setup.ts';
import type { StorageWork } from '../../contract/storage.ts';
import { isAtWork, overallProgress } from './overallProgress.ts';

/** What the system sees of the work: progress on the icon, no sleep by itself meanwhile, a pause when it sleeps all the same. */
export interface AtWork {
  readonly hear: (event: BackendEvent) => void;
}

/** `ask` sends a request of the contract's table to the services. */
export function watchWork(
  windows: () => readonly BrowserWindow[],
  ask: (name: 'setup.pause' | 'setup.start', repo: string) => Promise<unknown>,
): AtWork {
  const journeys = new Map<string, SetupState>();
  /** Downloads that we stopped for the computer's sleep, not the person. */
  const asleep = new Set<string>();
  let work: StorageWork | undefined;
  let blocker: number | undefined;
  let shown = -1;

  const show = (): void => {
    const progress = overallProgress(journeys.values(), work);
    if (progress !== shown) for (const window of windows()) if (!window.isDestroyed()) window.setProgressBar(progress);
    shown = progress;
    if (progress >= 0) blocker ??= powerSaveBlocker.start('prevent-app-suspension');
    else if (blocker !== undefined) {
      powerSaveBlocker.stop(blocker);
      blocker = undefined;
    }
  };

  powerMonitor.on('suspend', () => {
    for (const [repo, journey] of journeys) {
      if (journey.step !== 'download' || !isAtWork(journey)) continue;
      asleep.add(repo);
      void ask('setup.pause', repo);
    }
  });
  powerMonitor.on('resume', () => {
    for (const repo of asleep) void ask('setup.start', repo);
    asleep.clear();
  });

  return {
    hear(event) {
      if (event.type === 'setup.changed') journeys.set(event.setup.repo, event.setup);
      else if (event.type === 'setup.removed') journeys.delete(event.repo);
      else if (event.type === 'storage.worked') work = event.work;
      else if (event.type === 'app.restarted') {
        journeys.clear();
        work = undefined;
      } else return;
      show();
    },
  };
}
