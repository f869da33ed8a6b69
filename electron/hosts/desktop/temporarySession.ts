import { readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { app } from 'electron';
import { makeFolderSync, removeTreeSync } from '../../services/durable/files.ts';

const pattern = /^latchkey-(?:away|unfinished|doctor)-(\d+)$/;

/** Gives Chromium a place for its own files until this process ends, where those of the person must stay untouched. */
export function useTemporarySession(why: 'away' | 'unfinished' | 'doctor'): string {
  removeLeftovers();
  const place = join(tmpdir(), `latchkey-${why}-${process.pid}`);
  makeFolderSync(place);
  // Electron says this before Chromium has closed its files: on Windows they stay until the next such start.
  process.once('exit', () => removeTreeSync(place));
  app.setPath('userData', place);
  app.setPath('sessionData', place);
  return place;
}

/** What earlier processes could not remove. */
function removeLeftovers(): void {
  for (const name of readdirSync(tmpdir())) {
    const pid = Number(pattern.exec(name)?.[1]);
    if (pid > 0 && !lives(pid)) removeTreeSync(join(tmpdir(), name));
  }
}

function lives(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
