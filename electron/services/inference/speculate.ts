/**
 * Guesses the next tokens from the text itself: where its last few tokens occurred before, what followed then often
 * follows again (quotes, code, lists). The model checks a whole guess in one run, which costs little more than one
 * token, because the weights are read once. A wrong guess costs time but never changes what is written.
 * The idea is prompt lookup decoding (Saxena 2023), a draft-free kind of speculative decoding.
 */
export interface Guesser {
  /** Ids that may follow `history`, at most `most`; empty when nothing speaks for a guess. */
  guess(history: readonly number[], most: number): number[];
  /** How many of the last guess came true. */
  learn(right: number): void;
}

/** Tokens that must have occurred in the same order before. Two match by chance too often. */
const evidence = 3;
/** A run over 4 tokens costs 1.4 to 2 times one token, over 8 about 3 times: longer guesses have to be earned. */
const [firstLength, longest] = [3, 7];
/** Tokens to wait after a guess that was wrong from its first token; doubles with each one in a row. */
const [pause, longestPause] = [4, 64];

/** Where the last `evidence` ids of `history` end at their latest earlier occurrence; -1 when they are new. */
function latestMatch(history: readonly number[]): number {
  const end = history.length;
  const [a, b, c] = [history[end - 3], history[end - 2], history[end - 1]];
  for (let at = end - 1; at >= evidence; at--) {
    if (history[at - 1] === c && history[at - 2] === b && history[at - 3] === a) return at;
  }
  return -1;
}

/** A guesser for one answer. What it does depends only on the tokens, so that equal seeds give equal answers. */
export function createGuesser(): Guesser {
  let length = firstLength;
  let wrong = 0; // in a row
  let silentUntil = 0; // length of the history
  let made = 0;
  let seen = 0;
  return {
    guess(history, most) {
      seen = history.length;
      if (seen <= evidence || seen < silentUntil || most < 1) return [];
      const match = latestMatch(history);
      const ids = match < 0 ? [] : history.slice(match, match + Math.min(length, most));
      made = ids.length;
      return ids;
    },
    learn(right) {
      if (right === 0) {
        length = firstLength;
        silentUntil = seen + Math.min(longestPause, pause * 2 ** wrong);
        wrong++;
        return;
      }
      wrong = 0;
      if (right === made) length = Math.min(longest, length + 2);
    },
  };
}
