/** Rotary embeddings in float64, written from the published formulas and apart from the product's own code. */

export interface RopeSettings {
  readonly rope_theta?: number;
  readonly rope_type?: string;
  readonly type?: string;
  readonly factor?: number;
  readonly low_freq_factor?: number;
  readonly high_freq_factor?: number;
  readonly original_max_position_embeddings?: number;
  readonly short_factor?: readonly number[];
  readonly long_factor?: readonly number[];
  readonly attention_factor?: number;
  readonly beta_fast?: number;
  readonly beta_slow?: number;
  readonly partial_rotary_factor?: number;
}

export interface Rotation {
  /** Radians per position, one per pair of elements. */
  readonly speeds: readonly number[];
  readonly magnitude: number;
}

/** Speeds for `pairs` pairs of elements. `covered` is the context the model is set up for; longrope depends on it. */
export function rotation(
  settings: RopeSettings,
  pairs: number,
  theta: number,
  limits: { readonly context: number; readonly original: number | undefined; readonly covered: number },
): Rotation {
  const plain = Array.from({ length: pairs }, (_, pair) => theta ** (-pair / pairs));
  const original = settings.original_max_position_embeddings ?? limits.original ?? limits.context;
  const factor = settings.factor ?? limits.context / original;
  switch (settings.rope_type ?? settings.type ?? 'default') {
    case 'default':
      return { speeds: plain, magnitude: 1 };
    case 'linear':
      return { speeds: plain.map((speed) => speed / factor), magnitude: 1 };
    case 'llama3': {
      // Turns within the original context decide: few = stretched, many = untouched, a ramp between.
      const [few, many] = [settings.low_freq_factor!, settings.high_freq_factor!];
      const speeds = plain.map((speed) => {
        const turns = (original * speed) / (2 * Math.PI);
        const kept = Math.min(1, Math.max(0, (turns - few) / (many - few)));
        return speed * kept + (speed / factor) * (1 - kept);
      });
      return { speeds, magnitude: 1 };
    }
    case 'yarn': {
      const pairOf = (turns: number): number => (pairs * Math.log(original / (turns * 2 * Math.PI))) / Math.log(theta);
      const first = Math.max(Math.floor(pairOf(settings.beta_fast ?? 32)), 0);
      const last = Math.min(Math.ceil(pairOf(settings.beta_slow ?? 1)), 2 * pairs - 1);
      const speeds = plain.map((speed, pair) => {
        const stretched = Math.min(1, Math.max(0, (pair - first) / (first === last ? 0.001 : last - first)));
        return (speed / factor) * stretched + speed * (1 - stretched);
      });
      return { speeds, magnitude: settings.attention_factor ?? 0.1 * Math.log(factor) + 1 };
    }
    case 'longrope': {
      const divisors = limits.covered > original ? settings.long_factor! : settings.short_factor!;
      const magnitude = factor <= 1 ? 1 : Math.sqrt(1 + Math.log(factor) / Math.log(original));
      return { speeds: plain.map((speed, pair) => speed / divisors[pair]!), magnitude };
    }
    default:
      throw new Error(`the reference does not know this rope type`);
  }
}

/** Rotates every head of every row in place: element i with element i + half, as the official weights are laid out. */
export function rotateHeads(rows: Float64Array, heads: number, size: number, { speeds, magnitude }: Rotation): void {
  const half = speeds.length;
  const width = heads * size;
  for (let position = 0; position < rows.length / width; position++) {
    for (let head = 0; head < heads; head++) {
      const start = position * width + head * size;
      for (let pair = 0; pair < half; pair++) {
        const cos = Math.cos(position * speeds[pair]!) * magnitude;
        const sin = Math.sin(position * speeds[pair]!) * magnitude;
        const [a, b] = [rows[start + pair]!, rows[start + half + pair]!];
        rows[start + pair] = a * cos - b * sin;
        rows[start + half + pair] = b * cos + a * sin;
      }
    }
  }
}
