import { readFile, rename, stat } from 'node:fs/promises';
import { replaceFile } from './files.ts';

/** 16 MB: state is small; a file beyond this is damage, not data. */
const largest = 16 * 2 ** 20;

export interface StateFile<T> {
  /** The last saved value, or undefined when there is none. A damaged file is set aside, never deleted. */
  read(): Promise<T | undefined>;
  /** Returns when the value is on disk. Calls are carried out in order. */
  write(value: T): Promise<void>;
}

/** Opens a state file of this name in the app's data folder. */
export type Remember = <T>(name: string, check: (value: unknown) => value is T) => StateFile<T>;

/**
 * A small JSON file with a version. What does not parse, or is not what `check` expects, is renamed to
 * `NAME.corrupt-TIME` and reported through `onDamage`, and the app goes on as if it were new.
 */
export function stateFile<T>(options: {
  readonly path: string;
  readonly version: number;
  readonly check: (value: unknown) => value is T;
  readonly onDamage: (path: string) => void;
}): StateFile<T> {
  const { path, version, check } = options;
  let last: Promise<void> = Promise.resolve();
  const parse = (text: string): T | undefined => {
    try {
      const file = JSON.parse(text) as { version?: unknown; value?: unknown };
      return file.version === version && check(file.value) ? file.value : undefined;
    } catch {
      return undefined;
    }
  };
  return {
    async read() {
      const size = await stat(path).then(
        (entry) => entry.size,
        () => undefined,
      );
      if (size === undefined) return undefined;
      const value = size <= largest ? parse(await readFile(path, 'utf8')) : undefined;
      if (value === undefined) {
        const aside = `${path}.corrupt-${Date.now().toString(36)}`;
        await rename(path, aside);
        options.onDamage(aside);
      }
      return value;
    },
    write(value) {
      last = last.catch(() => undefined).then(() => replaceFile(path, JSON.stringify({ version, value })));
      return last;
    },
  };
}
