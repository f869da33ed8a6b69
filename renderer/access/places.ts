import type { FoundToken } from '../../electron/contract/tokens.ts';
import { t } from '../text/en.ts';

/** Where a token is, as people say it: a path as it is, the rest in words. */
export function placeOf({ place }: FoundToken): string {
  const words: Readonly<Record<string, string>> = t.tokens.places;
  return Object.hasOwn(words, place) ? (words[place] ?? place) : place;
}
