/**
 * What stands in for the services while the data folder is on a disk that is not connected: it says so to whoever asks,
 * looks for the disk, and writes nothing but the person's decision.
 */
import { failed, ok, type Result } from '../contract/result.ts';
import { dataAway } from '../services/dataHome/explain.ts';
import { beginEmpty } from '../services/dataHome/place.ts';
import type { Services } from './assemble.ts';
import { findData } from './folders.ts';

/** A disk that was plugged in takes longer than this until the system shows it. */
const lookMilliseconds = 2000;

/** `goOn` is called once, as soon as the folder is there or the person begins with an empty one. */
export function waitForData(usual: string, folder: string, goOn: () => void): Services {
  const away = (): boolean => {
    try {
      return findData({ usual }).state === 'away';
    } catch {
      return true; // the disk is being mounted just now
    }
  };
  let over = false;
  const leave = (): void => {
    if (over) return;
    over = true;
    clearInterval(looking);
    // The answer goes out first.
    setImmediate(goOn);
  };
  const looking = setInterval(() => (away() ? undefined : leave()), lookMilliseconds);
  looking.unref();
  const answer = async (name: unknown): Promise<Result<unknown>> => {
    if (name === 'data.beginEmpty') {
      await beginEmpty(usual);
      leave();
      return ok(undefined);
    }
    if (away()) return failed(dataAway(folder));
    leave();
    return name === 'data.lookAgain' ? ok(undefined) : failed(dataAway(folder));
  };
  return {
    request: (name) => answer(name).catch(() => failed(dataAway(folder))),
    setPractice: async () => undefined,
    practice: false,
    close: async () => clearInterval(looking),
  };
}
