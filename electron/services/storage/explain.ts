/** The words for what can go wrong with folders, copies and carried models. */
import { hubRepoOf, type InstalledModel } from '../../contract/model.ts';
import type { Action, Problem } from '../../contract/problem.ts';
import { errnoOf, spoken } from '../download/explain.ts';
import { cancelled, internal } from '../explain.ts';
import { DamagedFile } from './copyProved.ts';

const copy: Action = { kind: 'copy-report', label: 'Copy report' };
const models: Action = { kind: 'view', view: 'models', label: 'Open models' };

/** The chosen folder cannot serve. `why` is a whole sentence. */
export function folderUnusable(why: string, cause: string): Problem {
  return {
    code: 'folder-unusable',
    title: 'This folder cannot be used',
    explanation: `${why} Nothing was changed.`,
    actions: [],
    evidence: [{ cause }],
  };
}

/** What somebody brought is not a whole, untouched model. */
export function importRefused(why: string, cause: string): Problem {
  return {
    code: 'import-refused',
    title: 'This folder was not imported',
    explanation: `${why} Nothing of it was kept. Export the model again on the other computer, or ask where it comes from.`,
    actions: [],
    evidence: [{ cause }],
  };
}

/** Files of an installed model changed on disk. */
export function modelDamaged(model: InstalledModel, files: readonly string[]): Problem {
  const { id } = model;
  const brought = hubRepoOf(model) === undefined;
  return {
    code: 'damaged-file',
    title:
      files.length === 1
        ? 'One file of this model has changed'
        : `${String(files.length)} files of this model have changed`,
    explanation: `Its bytes are not the ones that were prepared, so its answers cannot be trusted. ${
      brought
        ? 'It was made from a folder on this computer, and the Hub does not know these files: take the same folder in again, and the model is made anew.'
        : 'Setting it up again makes it anew; official files that are still on this computer are not fetched twice.'
    }`,
    actions: [
      brought
        ? { kind: 'view', view: 'take-folder', label: 'Take the folder in again' }
        : { kind: 'request', request: 'models.repair', input: { id }, label: 'Set it up again' },
      models,
      copy,
    ],
    evidence: files.map((cause) => ({ cause })),
  };
}

/** The disk with the models is not connected. */
export function modelsAway(folder: string): Problem {
  return {
    code: 'models-away',
    title: 'The disk with your models is not connected',
    explanation: `The models are in ${folder}. Connect that disk and start Latchkey again; until then nothing is written there or anywhere else.`,
    actions: [{ kind: 'view', view: 'storage', label: 'Open storage' }],
    evidence: [{ cause: folder }],
  };
}

/** One long job at a time, and not while its files are being made. */
export function storageBusy(what: string): Problem {
  return {
    code: 'busy',
    title: 'Latchkey is working with these files',
    explanation: `${what} Try again when it is done.`,
    actions: [],
    evidence: [{ cause: what }],
  };
}

/** Not enough room for a copy. */
export function copyNeedsRoom(missingBytes: number, folder: string): Problem {
  return {
    code: 'disk-full',
    title: `${spoken(missingBytes)} more are needed on that disk`,
    explanation: `The disk under ${folder} has too little room. Nothing was changed; free some space there, or use another disk.`,
    actions: [],
    evidence: [{ cause: folder }],
  };
}

/** Any failure of a storage job as a Problem. The original files were only read until the very end. */
export function explainStorage(error: unknown, { importing }: { readonly importing: boolean }): Problem {
  if (error instanceof DamagedFile) {
    return importing
      ? importRefused('A file in it is not what its manifest says.', error.message)
      : {
          code: 'damaged-file',
          title: 'A file of this model has changed',
          explanation:
            'It was not copied, and everything stays where it was. Verify the model on the models page and set it up again.',
          actions: [models, copy],
          evidence: [{ cause: error.message }],
        };
  }
  if (error instanceof Error && error.name === 'AbortError') return cancelled();
  const code = errnoOf(error);
  if (code === '') return internal(error);
  const cause = `${code}: ${error instanceof Error ? error.message : ''}`;
  if (code === 'ENOSPC' || code === 'EDQUOT') {
    return {
      ...copyNeedsRoom(0, ''),
      title: 'That disk is full',
      explanation: 'The copy stopped. The original files stay where they are, unchanged.',
      evidence: [{ cause }],
    };
  }
  if (code === 'EFBIG') return folderUnusable('Its file system allows no files as large as a model has.', cause);
  const denied = code === 'EACCES' || code === 'EPERM' || code === 'EROFS';
  return {
    code: 'disk-trouble',
    title: denied ? 'This account may not write there' : 'The disk reported an error',
    explanation: 'The original files stay where they are, unchanged.',
    actions: [copy],
    evidence: [{ cause }],
  };
}
