import type { SetupState } from '../../contract/setup.ts';
import type { StorageWork } from '../../contract/storage.ts';

/** Whether a journey moves bytes or computes right now. */
export function isAtWork({ step, activity }: SetupState): boolean {
  return (step === 'download' || step === 'prepare') && activity.kind === 'working';
}

/**
 * What the dock or taskbar shows for all journeys and the job of the storage page together: a fraction from 0 to 1, 2 for "busy, nobody knows how long"
 * (Linux shows nothing then), -1 for nothing. The numbers are Electron's own for `setProgressBar`.
 */
export function overallProgress(journeys: Iterable<SetupState>, work?: StorageWork): number {
  let done = 0;
  let total = 0;
  let any = false;
  for (const journey of journeys) {
    if (!isAtWork(journey) || journey.activity.kind !== 'working') continue;
    any = true;
    done += journey.activity.progress?.doneBytes ?? 0;
    total += journey.activity.progress?.totalBytes ?? 0;
  }
  if (work?.state.kind === 'working') {
    any = true;
    done += work.state.progress.doneBytes;
    total += work.state.progress.totalBytes;
  }
  if (!any) return -1;
  return total > 0 ? Math.min(1, done / total) : 2;
}
