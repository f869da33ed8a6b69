import type { SetupState } from '../../contract/setup.ts';
import type { FileUsers } from '../storage/room.ts';

/** What the storage room has to know of the journeys, so that it takes nothing away from under them. */
export function fileUsers(list: () => readonly SetupState[]): FileUsers {
  const busy = (): readonly SetupState[] => list().filter(({ activity }) => activity.kind === 'working');
  return {
    wants: (repo) => list().some((one) => one.repo === repo && one.step !== 'ready'),
    works: (repo) => busy().some((one) => one.repo === repo && (one.step === 'download' || one.step === 'prepare')),
    isPreparing: () => busy().some(({ step }) => step === 'prepare'),
  };
}
