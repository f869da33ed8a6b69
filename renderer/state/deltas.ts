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
 * Joins a snapshot with the pieces that arrived while it was on its way. The snapshot does not say how many pieces it
 * holds, so the longest run of them that it ends with counts as already there.
 */
export function join(snapshot: string, deltas: readonly Delta[]): Growing {
  const last = deltas.at(-1);
  if (!last) return { text: snapshot, next: undefined };
  for (let held = deltas.length; held > 0; held -= 1) {
    const inside = deltas
      .slice(0, held)
      .map((delta) => delta.text)
      .join('');
    if (snapshot.endsWith(inside)) return { text: snapshot + textFrom(deltas, held), next: last.index + 1 };
  }
  return { text: snapshot + textFrom(deltas, 0), next: last.index + 1 };
}

function textFrom(deltas: readonly Delta[], start: number): string {
  return deltas
    .slice(start)
    .map((delta) => delta.text)
    .join('');
}
