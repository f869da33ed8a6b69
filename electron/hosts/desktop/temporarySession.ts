import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { app } from 'electron';
import { makeFolderSync, removeTreeSync } from '../../services/durable/files.ts';

/** Gives Chromium a place for its own files until this process ends, where those of the person must stay untouched. */
export function useTemporarySession(why: string): string {
  const place = join(tmpdir(), `latchkey-${why}-${process.pid}`);
  makeFolderSync(place);
  // At the very end, because Chromium writes into it once more while it ends.
  process.once('exit', () => removeTreeSync(place));
  app.setPath('userData', place);
  app.setPath('sessionData', place);
  return place;
}
