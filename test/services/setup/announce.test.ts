import { describe, expect, test } from 'vitest';
import type { InstalledModel } from '../../../electron/contract/model.ts';
import type { StorageTask, StorageWork } from '../../../electron/contract/storage.ts';
import { moveFailed } from '../../../electron/services/dataHome/explain.ts';
import { storageNote } from '../../../electron/services/setup/announce.ts';
import { filesOf, manifestOf } from '../storage/world.ts';

const model: InstalledModel = manifestOf('folder/Keyhole-1', filesOf(1, 10)).model;
const done = (
  task: StorageTask,
  more: Partial<StorageWork['state'] & { model: InstalledModel }> = {},
): StorageWork => ({
  task,
  folder: '/media/ada/big',
  state: { kind: 'done', bytes: 1, at: 1, ...more } as StorageWork['state'],
});

describe('the end of long work with files is told', () => {
  test('when official files that were brought became a model, by its own name', () => {
    expect(storageNote(done('take-in', { model }))).toEqual({
      title: 'Ready to chat',
      text: 'Keyhole-1 is on this computer and works offline.',
    });
  });

  test('when everything has moved, and when it could not', () => {
    expect(storageNote(done('move-all'))?.text).toBe('Everything is in /media/ada/big now.');
    const problem = moveFailed({ kind: 'failed', to: '/media/ada/big', why: 'full', cause: 'ENOSPC' });
    const note = storageNote({ task: 'move-all', state: { kind: 'failed', problem } });
    expect(note).toEqual({ title: problem.title, text: problem.explanation });
  });
});

test.each<StorageWork>([
  done('verify'),
  done('export'),
  done('import', { model }),
  done('move'),
  { task: 'take-in', state: { kind: 'stopped' } },
  { task: 'take-in', state: { kind: 'working', progress: { doneBytes: 0, totalBytes: 1, bytesPerSecond: 0 } } },
  { task: 'move-all', state: { kind: 'stopped' } },
])('nothing is told of %j', (work) => {
  expect(storageNote(work)).toBeUndefined();
});
