/** The words for what can be wrong with official files that a person brought. */
import type { Action, Problem } from '../../contract/problem.ts';

const copy: Action = { kind: 'copy-report', label: 'Copy report' };
const untouched = 'Nothing of it was kept, and the folder was not changed.';

const refused = (why: string, cause: string): Problem => ({
  code: 'import-refused',
  title: 'This folder was not taken in',
  explanation: `${why} ${untouched}`,
  actions: [],
  evidence: [{ cause }],
});

/** Neither our own export nor anybody's model. */
export const noModelIn = (folder: string): Problem =>
  refused(
    'It holds no model: neither one that Latchkey exported (with a latchkey.json), nor the files of one as its authors publish them (config.json, tokenizer.json and weights).',
    folder,
  );

/** The person has to say which. */
export const severalModelsIn = (folder: string): Problem =>
  refused('It holds more than one model. Choose one of the folders in it.', folder);

/** Between the look and the word, or while it was read. */
export const changedMeanwhile = (folder: string): Problem =>
  refused(
    'A file in it changed after it was shown to you. Wait until whatever writes there is done, and drop it again.',
    folder,
  );

/** A model with the same bytes is here and sound. */
export const alreadyHere = (id: string): Problem => ({
  code: 'folder-unusable',
  title: 'This model is on this computer already',
  explanation: 'It was made from the same files, and every byte of it is as it was prepared. Nothing was changed.',
  actions: [{ kind: 'view', view: 'models', label: 'Open models' }],
  evidence: [{ cause: id }],
});

/** `what` was seen instead of what a model needs; a whole clause. */
export function nothingIn(what: string): Problem {
  return {
    code: 'nothing-to-run',
    title: 'There is nothing in this folder that Latchkey can run',
    explanation: `Latchkey needs config.json, tokenizer.json, and the weights: safetensors files, or ONNX files in a folder called onnx. Here ${what}. ${untouched}`,
    actions: [],
    evidence: [{ cause: what }],
  };
}

/** What git leaves where its extension for large files is missing. */
export function onlyPointer(path: string): Problem {
  return {
    code: 'damaged-file',
    title: `${path} is a placeholder, not the file`,
    explanation: `Git left a few lines there that stand for the real file. Run “git lfs pull” in the folder, then take it in again. ${untouched}`,
    actions: [],
    evidence: [{ cause: `${path}: a Git LFS pointer` }],
  };
}

/**
 * What a conversion or a check says, in the words of somebody who brought a folder: there is no download to repeat and no
 * journey to go back to. Problems that are not about the files pass unchanged.
 */
export function inFolder(problem: Problem): Problem {
  const cause = problem.evidence[0]?.cause ?? problem.title;
  const say = (title: string, explanation: string, actions: readonly Action[] = [copy]): Problem => ({
    ...problem,
    title,
    explanation: `${explanation} ${untouched}`,
    actions,
  });
  switch (problem.code) {
    case 'unsupported-architecture':
      return say(
        'Latchkey cannot run this kind of model yet',
        `It needs something that the converter does not know: ${cause}.`,
      );
    case 'nothing-to-run':
      return nothingIn(cause);
    case 'damaged-file':
      return say(
        'A file in this folder is missing, damaged or not what it says',
        `${cause}. Fetch that file again where the folder came from, then take the folder in again.`,
        [],
      );
    case 'conversion-failed':
      return say(
        problem.title,
        'It was not installed. Take the folder in again; if that fails too, its files may not be what their authors published.',
      );
    case 'not-enough-memory':
      return say(problem.title, 'Close other large programs, then take the folder in again.');
    case 'disk-full':
    case 'disk-trouble':
      return say(problem.title, 'Check that both disks are connected and have room, then take the folder in again.', [
        { kind: 'view', view: 'storage', label: 'Open storage' },
        copy,
      ]);
    default:
      return problem;
  }
}
