/** Looks for the texts that end an answer while it is being written. */
export interface StopStrings {
  /** The part of the answer that is surely not the beginning of a stop text. `found` once one is complete. */
  push(text: string): { readonly text: string; readonly found: boolean };
  /** What was held back, when the answer ends for another reason. */
  flush(): string;
}

/** Length of the longest end of `text` that some stop text begins with. */
function heldBack(text: string, stops: readonly string[]): number {
  const longest = Math.min(text.length, Math.max(0, ...stops.map((stop) => stop.length - 1)));
  for (let length = longest; length > 0; length--) {
    const end = text.slice(text.length - length);
    if (stops.some((stop) => stop.startsWith(end))) return length;
  }
  return 0;
}

/** The earliest stop text wins and is not part of the answer, wherever the borders of tokens fall. */
export function createStopStrings(stops: readonly string[]): StopStrings {
  const wanted = stops.filter((stop) => stop !== '');
  let held = '';
  return {
    push(text) {
      held += text;
      const places = wanted.map((stop) => held.indexOf(stop)).filter((place) => place >= 0);
      const found = places.length > 0;
      const end = found ? Math.min(...places) : held.length - heldBack(held, wanted);
      const certain = held.slice(0, end);
      held = found ? '' : held.slice(end);
      return { text: certain, found };
    },
    flush() {
      const rest = held;
      held = '';
      return rest;
    },
  };
}
