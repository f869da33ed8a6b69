/** The words for a data folder that moves, or that is on a disk which is not there. */
import type { Action, Problem } from '../../contract/problem.ts';
import type { MoveNews } from './place.ts';

const storage: Action = { kind: 'view', view: 'storage', label: 'Open storage' };

/** The folder that the record names is not there. Nothing else works until it is, or until the person decides. */
export function dataAway(folder: string): Problem {
  return {
    code: 'data-away',
    title: 'The disk with your Latchkey data is not connected',
    explanation: `Chats, settings and models are in ${folder}. Connect that disk, and Latchkey goes on by itself. You can also begin with an empty folder on this computer: what is on that disk stays as it is, and starting Latchkey with LATCHKEY_DATA set to that folder opens it again.`,
    actions: [
      { kind: 'request', request: 'data.lookAgain', label: 'Try again' },
      { kind: 'request', request: 'data.beginEmpty', label: 'Begin with an empty folder' },
    ],
    evidence: [{ cause: folder }],
  };
}

const reasons = {
  away: 'Its disk is not connected, or another one is in its place.',
  full: 'That disk has too little room.',
  trouble: 'A disk reported an error.',
} as const;

/** The part that is not models could not be moved. */
export function moveFailed({ to, why, cause }: Extract<MoveNews, { kind: 'failed' }>): Problem {
  return {
    code: why === 'full' ? 'disk-full' : why === 'away' ? 'folder-unusable' : 'disk-trouble',
    title: 'Chats and settings stayed where they were',
    explanation: `${reasons[why]} Everything that was not moved is in the old folder, unchanged. Models that are in ${to} already work from there. The move can be started again with the same folder.`,
    actions: [storage],
    evidence: [{ cause }],
  };
}
