import type { ConfigFields } from './configFields.ts';
import { unsupported } from './configFields.ts';

/** How the official FP8 weights are scaled: weight = stored number x scale. */
export interface WeightScales {
  /** Rows and columns that share a scale, when scales are kept by blocks. */
  readonly block: readonly [number, number] | undefined;
}

const MOST_BLOCK = 65_536;

/**
 * Reads `quantization_config`: the forms of FP8 in which authors publish (`fp8` of DeepSeek, Qwen and Mistral,
 * `fbgemm_fp8` of Meta, `float-quantized` of compressed-tensors); undefined when the weights are plain. Throws
 * ConversionError 'unsupported-architecture' naming any other method: unpacking it would guess.
 */
export function readWeightScales(config: ConfigFields): WeightScales | undefined {
  const settings = config.group('quantization_config');
  if (!settings) return undefined;
  const method = settings.raw('quant_method');
  switch (method) {
    case 'fp8':
      requireWord(settings, 'fmt', 'e4m3', 'fp8');
      return { block: readBlock(settings, 'weight_block_size') };
    case 'fbgemm_fp8':
      return { block: undefined };
    case 'compressed-tensors':
      return readCompressed(settings);
    default:
      return refuse(typeof method === 'string' ? method : 'unknown method');
  }
}

function refuse(method: string): never {
  return unsupported(`weights already quantized (${method.slice(0, 60)})`);
}

function requireWord(settings: ConfigFields, key: string, word: string, method: string): void {
  const found = settings.raw(key);
  if (found !== undefined && found !== word) refuse(`${method} with ${key} ${JSON.stringify(found).slice(0, 30)}`);
}

function readBlock(settings: ConfigFields, key: string): WeightScales['block'] {
  if (!settings.has(key)) return undefined;
  const [rows = 1, columns = 1] = settings.numbers(key, 2, 1, MOST_BLOCK);
  if (!Number.isInteger(rows) || !Number.isInteger(columns)) refuse(`fp8 with ${key} ${rows} x ${columns}`);
  return [rows, columns];
}

function readCompressed(settings: ConfigFields): WeightScales {
  const method = 'compressed-tensors';
  requireWord(settings, 'format', 'float-quantized', method);
  // Rotations and sparse storage would need more than a multiplication.
  if (settings.has('transform_config')) refuse(`${method} with transforms`);
  const sparsity = settings.group('sparsity_config')?.raw('format');
  if (sparsity !== undefined && sparsity !== 'dense') refuse(`${method} with sparsity`);
  let block: WeightScales['block'];
  for (const group of settings.group('config_groups')?.groups() ?? []) {
    const weights = group.group('weights');
    if (!weights) continue;
    if (weights.raw('num_bits') !== 8 || weights.raw('type') !== 'float')
      refuse(`${method} with other weights than FP8`);
    if (weights.raw('symmetric') === false) refuse(`${method} with zero points`);
    const strategy = weights.raw('strategy');
    if (strategy === 'block') block = readBlock(weights, 'block_structure');
    else if (strategy !== 'tensor' && strategy !== 'channel')
      refuse(`${method} by ${JSON.stringify(strategy ?? null)}`);
  }
  return { block };
}
