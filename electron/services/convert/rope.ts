import type { Rope } from './architecture.ts';

/**
 * Inverse frequencies, `rope.dimensions / 2` of them, rounded to float32 as transformers does; near position 100,000
 * the rounding is visible. `contextLength` decides between the short and the long factors of longrope.
 */
export function inverseFrequencies(rope: Rope, contextLength: number): Float32Array {
  const half = rope.dimensions / 2;
  const plain = Float32Array.from({ length: half }, (_, i) => 1 / rope.theta ** ((2 * i) / rope.dimensions));
  switch (rope.kind) {
    case 'default':
      return plain;
    case 'linear':
      return plain.map((frequency) => frequency / rope.factor);
    case 'llama3':
      return plain.map((frequency) => llama3Frequency(rope, frequency));
    case 'yarn':
      return yarnFrequencies(rope, plain);
    case 'longrope': {
      const factors = contextLength > rope.originalContext ? rope.longFactors : rope.shortFactors;
      return plain.map((frequency, i) => frequency / (factors[i] ?? 1));
    }
  }
}

/** The number that cos and sin are multiplied by. */
export function ropeMagnitude(rope: Rope): number {
  return rope.kind === 'yarn' || rope.kind === 'longrope' ? rope.magnitude : 1;
}

/**
 * Positions the tables should cover, in tokens, when the caller has no wish: all of them up to `most`. Longrope models
 * stay within their original context, where the short factors are exact; asking for more switches to the long ones.
 */
export function defaultContext(ropes: readonly Rope[], contextLength: number, most: number): number {
  const originals = ropes.map((rope) => (rope.kind === 'longrope' ? rope.originalContext : contextLength));
  return Math.min(contextLength, most, ...originals);
}

/** Rows [first, first + rows) of the cos and sin tables, each [rows, dimensions / 2] row by row. */
export function ropeRows(
  frequencies: Float32Array,
  magnitude: number,
  first: number,
  rows: number,
): { cos: Float32Array; sin: Float32Array } {
  const half = frequencies.length;
  const cos = new Float32Array(rows * half);
  const sin = new Float32Array(rows * half);
  for (let row = 0; row < rows; row++) {
    for (let i = 0; i < half; i++) {
      const angle = Math.fround((first + row) * (frequencies[i] ?? 0));
      cos[row * half + i] = Math.cos(angle) * magnitude;
      sin[row * half + i] = Math.sin(angle) * magnitude;
    }
  }
  return { cos, sin };
}

function llama3Frequency(rope: Extract<Rope, { kind: 'llama3' }>, frequency: number): number {
  const wavelength = (2 * Math.PI) / frequency;
  if (wavelength < rope.originalContext / rope.highFrequencyFactor) return frequency;
  if (wavelength > rope.originalContext / rope.lowFrequencyFactor) return frequency / rope.factor;
  const smooth =
    (rope.originalContext / wavelength - rope.lowFrequencyFactor) /
    (rope.highFrequencyFactor - rope.lowFrequencyFactor);
  return ((1 - smooth) * frequency) / rope.factor + smooth * frequency;
}

function yarnFrequencies(rope: Extract<Rope, { kind: 'yarn' }>, plain: Float32Array): Float32Array {
  // The dimension whose wave turns `turns` times within the original context (YaRN, section 3.2).
  const dimensionFor = (turns: number): number =>
    (rope.dimensions * Math.log(rope.originalContext / (turns * 2 * Math.PI))) / (2 * Math.log(rope.theta));
  let low = dimensionFor(rope.betaFast);
  let high = dimensionFor(rope.betaSlow);
  if (rope.truncate) [low, high] = [Math.floor(low), Math.ceil(high)];
  low = Math.max(low, 0);
  high = Math.min(high, rope.dimensions - 1);
  if (low === high) high += 0.001; // keeps the ramp finite
  return plain.map((frequency, i) => {
    const stretched = Math.min(1, Math.max(0, (i - low) / (high - low)));
    return (frequency / rope.factor) * stretched + frequency * (1 - stretched);
  });
}
