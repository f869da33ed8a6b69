import type { Activation, Architecture, LayerPlan, Rope } from './architecture.ts';
import { ConfigFields, unsupported } from './configFields.ts';
import { ConversionError } from './conversionError.ts';
import { families, type Family } from './families.ts';
import { readRope, type RopeSurroundings } from './ropeConfig.ts';
import { readWeightScales } from './weightScales.ts';

// Upper bounds keep hostile numbers from becoming huge graphs or tables; each is far above any public model.
const MOST = { hidden: 65_536, intermediate: 1_048_576, layers: 512, heads: 1024, headSize: 1024, vocab: 4_194_304 };
const MOST_POSITIONS = 2 ** 31;
const MOST_CONFIG_UNITS = 1_000_000;

const activations: ReadonlyMap<string, Activation> = new Map([
  ['silu', 'silu'],
  ['swish', 'silu'],
  ['gelu', 'gelu'],
  ['gelu_pytorch_tanh', 'gelu-tanh'],
  ['gelu_new', 'gelu-tanh'],
]);

/** What config.json may call the weights that the converter reads. */
const readableDtypes: ReadonlySet<string> = new Set([
  'auto',
  'bfloat16',
  'float16',
  'half',
  'float32',
  'float',
  'float8_e4m3fn',
]);

/** Parses config.json text. Throws ConversionError 'damaged-file'. */
export function parseConfig(text: string): object {
  if (text.length > MOST_CONFIG_UNITS) throw new ConversionError('damaged-file', 'is too long', 'config.json');
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new ConversionError('damaged-file', 'is not JSON', 'config.json');
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new ConversionError('damaged-file', 'is not an object', 'config.json');
  }
  return value;
}

/**
 * Reads everything the graph depends on from a parsed config.json, so that "can this be converted" is answered before
 * the first weight is downloaded. Throws ConversionError: 'unsupported-architecture' names the feature that is not
 * known, 'damaged-file' the field that cannot be true.
 */
export function architectureOf(value: object): Architecture {
  const config = new ConfigFields(value);
  const { name, family } = findFamily(config);
  requireReadableDtype(config);
  const weightScales = readWeightScales(config);
  if (config.flag('use_bidirectional_attention', false)) unsupported('bidirectional attention');
  const hiddenSize = config.count('hidden_size', MOST.hidden);
  const heads = config.count('num_attention_heads', MOST.heads);
  const kvHeads = config.count('num_key_value_heads', MOST.heads, heads);
  if (heads % kvHeads !== 0) unsupported(`${heads} heads over ${kvHeads} key-value heads`);
  const headSize = config.count('head_dim', MOST.headSize, family.headSize ?? hiddenSize / heads);
  if (headSize % 2 !== 0) unsupported(`odd head size ${headSize}`);
  const contextLength = config.count('max_position_embeddings', MOST_POSITIONS, 2048);
  const scalar = family.queryScalar;
  return {
    name,
    hiddenSize,
    intermediateSize: config.count('intermediate_size', MOST.intermediate),
    heads,
    kvHeads,
    headSize,
    vocabSize: config.count('vocab_size', MOST.vocab),
    contextLength,
    layers: readLayers(config, family, headSize, contextLength),
    normEpsilon: config.number('rms_norm_eps', 0, 1, family.normEpsilon),
    activation: readActivation(config, family),
    normPlusOne: family.normPlusOne,
    sandwichNorms: family.sandwichNorms,
    queryKeyNorms: family.queryKeyNorms,
    embeddingScale: family.scaledEmbedding ? Math.sqrt(hiddenSize) : 1,
    attentionScale:
      (scalar === undefined ? headSize : config.number('query_pre_attn_scalar', 1e-3, 1e6, scalar)) ** -0.5,
    attentionSoftcap: readSoftcap(config, 'attn_logit_softcapping', family.attentionSoftcap),
    logitSoftcap: readSoftcap(config, 'final_logit_softcapping', family.logitSoftcap),
    biases: family.biases(config),
    packed: family.packed,
    tied: config.flag('tie_word_embeddings', family.tied),
    weightScales,
  };
}

/** The files have the last word on dtypes, but they are gigabytes away; config.json usually knows. */
function requireReadableDtype(config: ConfigFields): void {
  const word = config.raw('dtype') ?? config.raw('torch_dtype') ?? 'auto';
  const name = typeof word === 'string' ? word.replace(/^torch\./, '') : JSON.stringify(word);
  if (!readableDtypes.has(name)) unsupported(`weights of dtype ${name.slice(0, 40)}`);
}

function findFamily(config: ConfigFields): { name: string; family: Family } {
  const list = config.raw('architectures');
  const name: unknown = Array.isArray(list) && list.length === 1 ? list[0] : undefined;
  const family = typeof name === 'string' ? families.get(name) : undefined;
  if (typeof name === 'string' && family) return { name, family };
  return unsupported(typeof name === 'string' ? name.slice(0, 80) : 'a model that names no architecture');
}

function readActivation(config: ConfigFields, family: Family): Activation {
  const word = config.raw('hidden_activation') ?? config.raw('hidden_act');
  // Early Gemma files say "gelu" in hidden_act and mean the tanh form, as transformers treats them.
  if (word === undefined || (family.activation === 'gelu-tanh' && !config.has('hidden_activation'))) {
    return family.activation;
  }
  const activation = typeof word === 'string' ? activations.get(word) : undefined;
  return activation ?? unsupported(`activation ${JSON.stringify(word).slice(0, 40)}`);
}

/** Present and null means "none" here, absent means the family's default. */
function readSoftcap(config: ConfigFields, key: string, fallback: number): number {
  return config.isNull(key) ? 0 : config.number(key, 0, 1e6, fallback);
}

function readLayers(config: ConfigFields, family: Family, headSize: number, contextLength: number): LayerPlan[] {
  const count = config.count('num_hidden_layers', MOST.layers);
  const types = config.has('layer_types')
    ? config.texts('layer_types', count)
    : Array.from({ length: count }, (_, i) => (family.slides(config, i) ? 'sliding_attention' : 'full_attention'));
  const ropes = readRopes(config, family, headSize, contextLength);
  return types.map((type) => {
    if (type === 'full_attention') return { window: undefined, rope: ropes.full };
    if (type !== 'sliding_attention') return unsupported(`layer type ${type.slice(0, 40)}`);
    return { window: config.count('sliding_window', MOST_POSITIONS), rope: ropes.sliding };
  });
}

function readRopes(
  config: ConfigFields,
  family: Family,
  headSize: number,
  contextLength: number,
): { full: Rope; sliding: Rope } {
  const around: RopeSurroundings = {
    headSize,
    contextLength,
    theta: config.number('rope_theta', 1e-3, 1e15, family.theta),
    partialFactor: config.number('partial_rotary_factor', 0, 1, 1),
    originalContext: config.has('original_max_position_embeddings')
      ? config.count('original_max_position_embeddings', MOST_POSITIONS)
      : undefined,
  };
  const settings = config.group('rope_parameters') ?? config.group('rope_scaling');
  const perType = settings?.group('full_attention');
  const full = readRope(perType ?? settings, around);
  if (family.localTheta === undefined) return { full, sliding: full };
  const local = { ...around, theta: config.number('rope_local_base_freq', 1e-3, 1e15, family.localTheta) };
  return { full, sliding: readRope(settings?.group('sliding_attention'), local) };
}
