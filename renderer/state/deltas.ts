/** One piece of streamed text and its number within its message. */
export interface Delta {
  readonly index: number;
  readonly text: string;
}

/** Text built so far; `next` is the number the next piece must have, undefined when any number is right. */
export interface Growing {
  readonly text: string;
  readonly next: number | undefined;
}

/** Adds a piece: grown, unchanged for one seen before, or `gap` when pieces in between were lost. */
export function append(growing: Growing, delta: Delta): Growing | 'gap' {
  const { next } = growing;
  if (next !== undefined && delta.index < next) return growing;
  if (next !== undefined && delta.index > next) return 'gap';
  return { text: growing.text + delta.text, next: delta.index + 1 };
}

/**
 * Joins a snapshot with the pieces that arrived while it was on its way. `next` is the number of the first piece that
 * the snapshot does not hold. Where it is not known, the longest run of pieces that the snapshot ends with counts as
 * already there. A gap among the pieces leaves the rest out: the next piece then shows it.
 */
export function join(snapshot: string, next: number | undefined, deltas: readonly Delta[]): Growing {
  const start = next ?? firstMissing(snapshot, deltas);
  let growing: Growing = { text: snapshot, next: start };
  for (const delta of deltas) {
    const grown = append(growing, delta);
    if (grown === 'gap') break;
    growing = grown;
  }
  return growing;
}

function firstMissing(snapshot: string, deltas: readonly Delta[]): number | undefined {
  for (let held = deltas.length; held > 0; held -= 1) {
    const inside = deltas.slice(0, held).map((delta) => delta.text);
    const last = deltas[held - 1];
    if (last && snapshot.endsWith(inside.join(''))) return last.index + 1;
  }
  return deltas[0]?.index;
}
