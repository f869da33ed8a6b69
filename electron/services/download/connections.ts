/** How many connections at once: grows while that makes the whole download faster, shrinks when servers complain. Pure. */
export interface Connections {
  readonly target: number;
  /** Speed before the last growth, and how far it grew; undefined = nothing is being tried. */
  readonly trial?: { readonly before: number; readonly from: number };
  /** Samples to wait before growth is tried again. */
  readonly rest: number;
}

export interface Sample {
  readonly bytesPerSecond: number;
  /** Failed requests since the last sample. */
  readonly misses: number;
  /** Whether all allowed connections had work; else the speed says nothing about their number. */
  readonly busy: boolean;
}

const step = 2;
// More connections must bring at least this much, or they only take memory and somebody else's share.
const gain = 1.05;
const restAfterGrowthFailed = 10;
const restAfterMisses = 4;

/** The next number of connections, between 1 and `max`, after one measurement. */
export function adapt(state: Connections, sample: Sample, max: number): Connections {
  if (sample.misses > 0) {
    return { target: Math.max(1, Math.floor(state.target * 0.7)), rest: restAfterMisses };
  }
  if (!sample.busy) return { target: state.target, rest: state.rest };
  if (state.trial && sample.bytesPerSecond < state.trial.before * gain) {
    return { target: state.trial.from, rest: restAfterGrowthFailed };
  }
  if (state.rest > 0) return { target: state.target, rest: state.rest - 1 };
  if (state.target >= max) return { target: max, rest: 0 };
  return {
    target: Math.min(max, state.target + step),
    trial: { before: sample.bytesPerSecond, from: state.target },
    rest: 0,
  };
}
