/** How many connections at once: grows while that makes the whole download faster, shrinks when servers complain. Pure. */
export interface Connections {
  readonly target: number;
  /** A growth brought less than it could, or a server complained: small steps from now on. */
  readonly careful?: true;
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

// Twice as many as long as that pays almost in full: a far server limits each connection.
const carefulStep = 2;
const inFull = 0.75;
// More connections must bring at least this much, or they only take memory and somebody else's share.
const gain = 1.05;
const restAfterGrowthFailed = 10;
const restAfterMisses = 4;

/** The next number of connections, between 1 and `max`, after one measurement. */
export function adapt(state: Connections, sample: Sample, max: number): Connections {
  if (sample.misses > 0) {
    return { target: Math.max(1, Math.floor(state.target * 0.7)), careful: true, rest: restAfterMisses };
  }
  const { target, trial } = state;
  const careful =
    state.careful || (trial && sample.busy && !paidInFull(trial, target, sample)) ? { careful: true as const } : {};
  if (!sample.busy) return { target, ...careful, rest: state.rest };
  if (trial && sample.bytesPerSecond < trial.before * gain) {
    return { target: trial.from, careful: true, rest: restAfterGrowthFailed };
  }
  if (state.rest > 0) return { target, ...careful, rest: state.rest - 1 };
  if (target >= max) return { target: max, ...careful, rest: 0 };
  return {
    target: Math.min(max, careful.careful ? target + carefulStep : target * 2),
    ...careful,
    trial: { before: sample.bytesPerSecond, from: target },
    rest: 0,
  };
}

function paidInFull(trial: NonNullable<Connections['trial']>, target: number, sample: Sample): boolean {
  const possible = target / trial.from - 1;
  return sample.bytesPerSecond / trial.before - 1 >= possible * inFull;
}
