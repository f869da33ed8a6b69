import type { Rope } from './architecture.ts';
import { type ConfigFields, unsupported } from './configFields.ts';

const MOST_POSITIONS = 2 ** 31;
const MOST_FACTOR = 1e6;

/** What rope settings need to know about the rest of the model. */
export interface RopeSurroundings {
  readonly headSize: number;
  readonly contextLength: number;
  readonly theta: number; // used where the settings name none
  readonly partialFactor: number;
  /** Phi-3 keeps it beside the rope settings, not inside. */
  readonly originalContext: number | undefined;
}

/**
 * Reads one set of rope settings (`rope_scaling` of older files, `rope_parameters` of newer ones).
 * Throws ConversionError 'unsupported-architecture' naming a type it does not know.
 */
export function readRope(settings: ConfigFields | undefined, around: RopeSurroundings): Rope {
  const partial = settings?.number('partial_rotary_factor', 0, 1, around.partialFactor) ?? around.partialFactor;
  const dimensions = Math.floor(around.headSize * partial);
  if (dimensions < 2 || dimensions % 2 !== 0) unsupported(`rotary size ${dimensions}`);
  const theta = settings?.number('rope_theta', 1e-3, 1e15, around.theta) ?? around.theta;
  const base = { theta, dimensions };
  if (!settings) return { ...base, kind: 'default' };
  const kind = settings.text('rope_type', settings.text('type', 'default'));
  const factor = (fallback?: number): number => settings.number('factor', 1e-3, MOST_FACTOR, fallback);
  const originalContext = (): number =>
    settings.count('original_max_position_embeddings', MOST_POSITIONS, around.originalContext);
  switch (kind) {
    case 'default':
      return { ...base, kind };
    case 'linear':
      return { ...base, kind, factor: factor() };
    case 'llama3':
      return readLlama3(settings, { ...base, kind, factor: factor(), originalContext: originalContext() });
    case 'yarn':
      return { ...base, ...readYarn(settings, around, originalContext) };
    case 'longrope':
    case 'su':
      return { ...base, ...readLongrope(settings, around, originalContext(), dimensions) };
    default:
      return unsupported(`rope type ${kind.slice(0, 40)}`);
  }
}

type Kind<K extends Rope['kind']> = Extract<Rope, { readonly kind: K }>;

function readLlama3(
  settings: ConfigFields,
  known: Omit<Kind<'llama3'>, 'lowFrequencyFactor' | 'highFrequencyFactor'>,
): Rope {
  const lowFrequencyFactor = settings.number('low_freq_factor', 1e-3, MOST_FACTOR);
  const highFrequencyFactor = settings.number('high_freq_factor', 1e-3, MOST_FACTOR);
  // Equal or swapped factors divide by zero or turn the ramp around.
  if (highFrequencyFactor <= lowFrequencyFactor) unsupported('llama3 rope with high_freq_factor <= low_freq_factor');
  return { ...known, lowFrequencyFactor, highFrequencyFactor };
}

function readYarn(
  settings: ConfigFields,
  around: RopeSurroundings,
  original: () => number,
): Omit<Kind<'yarn'>, 'theta' | 'dimensions'> {
  const originalContext = settings.has('original_max_position_embeddings') ? original() : around.contextLength;
  const factor = settings.number('factor', 1e-3, MOST_FACTOR, around.contextLength / originalContext);
  const magnitudeFor = (scale: number): number => (factor <= 1 ? 1 : 0.1 * scale * Math.log(factor) + 1);
  // Both scales together (DeepSeek's form) cancel out when equal; one alone is ignored, as in transformers.
  const [scale, scaleAll] = [optionalNumber(settings, 'mscale'), optionalNumber(settings, 'mscale_all_dim')];
  const magnitude = scale && scaleAll ? magnitudeFor(scale) / magnitudeFor(scaleAll) : magnitudeFor(1);
  return {
    kind: 'yarn',
    factor,
    originalContext,
    betaFast: settings.number('beta_fast', 1e-3, MOST_FACTOR, 32),
    betaSlow: settings.number('beta_slow', 1e-3, MOST_FACTOR, 1),
    truncate: settings.flag('truncate', true),
    magnitude: optionalNumber(settings, 'attention_factor') ?? magnitude,
  };
}

function readLongrope(
  settings: ConfigFields,
  around: RopeSurroundings,
  originalContext: number,
  dimensions: number,
): Omit<Kind<'longrope'>, 'theta' | 'dimensions'> {
  const half = dimensions / 2;
  const stretch = settings.number('factor', 1e-3, MOST_FACTOR, around.contextLength / originalContext);
  const magnitude = stretch <= 1 ? 1 : Math.sqrt(1 + Math.log(stretch) / Math.log(originalContext));
  return {
    kind: 'longrope',
    shortFactors: settings.numbers('short_factor', half, 1e-3, MOST_FACTOR),
    longFactors: settings.numbers('long_factor', half, 1e-3, MOST_FACTOR),
    originalContext,
    magnitude: optionalNumber(settings, 'attention_factor') ?? magnitude,
  };
}

function optionalNumber(settings: ConfigFields, key: string): number | undefined {
  return settings.has(key) ? settings.number(key, 0, 1000) : undefined;
}
