import { extname, isAbsolute } from 'node:path';
import type { OutsideWish } from '../../services/ports.ts';
import { repoOfLink } from './deepLink.ts';

/** Ending of the file that stands beside an exported model, so that a system knows whom to open it with. */
const ending = '.latchkey';

/** What opening this file with Latchkey asks for; undefined for any other file. `path` is absolute. */
export function wishOfFile(path: string): OutsideWish | undefined {
  return isAbsolute(path) && extname(path).toLowerCase() === ending ? { kind: 'bring', path } : undefined;
}

/**
 * What the words of a command line ask for: the first model link or model file, as Windows and Linux hand them over. They
 * come from anywhere, so they can only ask: the page shows what it is and the person decides.
 */
export function wishOfCommandLine(words: readonly string[]): OutsideWish | undefined {
  for (const word of words) {
    const repo = repoOfLink(word);
    const wish: OutsideWish | undefined = repo === undefined ? wishOfFile(word) : { kind: 'set-up', repo };
    if (wish) return wish;
  }
  return undefined;
}
