/**
 * A decoder in float64, written for reading: whole prompt, no cache, nothing fused. It is what "right" means in the
 * tests of the converter, and shares no code with it; it reads config.json in its own way.
 */
import type { ModelConfig, TinyModel } from './checkpoint.ts';
import { rotateHeads, rotation, type RopeSettings } from './rope.ts';

interface Style {
  readonly gemma: boolean; // norms as 1 + w, scaled embedding, tanh GELU, norms around both sublayers
  readonly queryKeyNorms: boolean;
  readonly attentionCap: number;
  readonly logitCap: number;
  readonly scale: number;
}

function styleOf(config: ModelConfig): Style {
  const name = config.architectures[0]!;
  const gemma = name.startsWith('Gemma');
  const scalar = gemma ? (config['query_pre_attn_scalar'] as number) : config.head_dim;
  return {
    gemma,
    queryKeyNorms: name === 'Qwen3ForCausalLM' || name === 'Gemma3ForCausalLM',
    attentionCap: (config['attn_logit_softcapping'] as number | undefined) ?? 0,
    logitCap: (config['final_logit_softcapping'] as number | undefined) ?? 0,
    scale: 1 / Math.sqrt(scalar),
  };
}

/** Whether a layer sees only its window. */
function slides(config: ModelConfig, layer: number): boolean {
  const types = config['layer_types'] as readonly string[] | undefined;
  if (types) return types[layer] === 'sliding_attention';
  switch (config.architectures[0]) {
    case 'MistralForCausalLM':
    case 'Phi3ForCausalLM':
      return config['sliding_window'] != null;
    case 'Qwen2ForCausalLM':
    case 'Qwen3ForCausalLM':
      return config['use_sliding_window'] === true && layer >= (config['max_window_layers'] as number);
    case 'Gemma2ForCausalLM':
      return layer % 2 === 0;
    case 'Gemma3ForCausalLM':
      return (layer + 1) % (config['sliding_window_pattern'] as number) !== 0;
    default:
      return false;
  }
}

function ropeOf(
  config: ModelConfig,
  layer: number,
  covered: number,
): { settings: RopeSettings; theta: number } & {
  limits: { context: number; original: number | undefined; covered: number };
} {
  const sliding = slides(config, layer);
  const all = config['rope_parameters'] as (RopeSettings & Readonly<Record<string, RopeSettings>>) | undefined;
  const own = all?.[sliding ? 'sliding_attention' : 'full_attention'];
  const local = config.architectures[0] === 'Gemma3ForCausalLM' && sliding && !own;
  const newer: RopeSettings | undefined = own ?? all;
  const settings = local ? {} : (newer ?? (config['rope_scaling'] as RopeSettings | null | undefined) ?? {});
  const theta = local
    ? (config['rope_local_base_freq'] as number)
    : (newer?.rope_theta ?? (config['rope_theta'] as number | undefined) ?? 10_000);
  const original = config['original_max_position_embeddings'] as number | undefined;
  return { settings, theta, limits: { context: config.max_position_embeddings, original, covered } };
}

/**
 * Logits of every position, [ids.length, vocab] row by row. `covered` is the context the converted model covers, which
 * matters to longrope only.
 */
export function forward(
  model: TinyModel,
  ids: readonly number[],
  covered = model.config.max_position_embeddings,
): Float64Array {
  const { config } = model;
  const style = styleOf(config);
  const {
    hidden_size: hidden,
    intermediate_size: wide,
    num_attention_heads: heads,
    num_key_value_heads: kvHeads,
  } = config;
  const size = config.head_dim;
  const weights = (name: string): Float32Array => {
    const tensor = model.tensors.get(name);
    if (!tensor) throw new Error(`the checkpoint has no ${name}`);
    return tensor.values;
  };
  const bias = (name: string): Float32Array | undefined => model.tensors.get(name)?.values;
  const norm = (rows: Float64Array, name: string): Float64Array =>
    rmsNorm(rows, weights(name), config.rms_norm_eps, style.gemma ? 1 : 0);

  const embedding = weights('model.embed_tokens.weight');
  let stream = new Float64Array(ids.length * hidden);
  ids.forEach((id, position) => {
    for (let i = 0; i < hidden; i++) {
      stream[position * hidden + i] = embedding[id * hidden + i]! * (style.gemma ? Math.sqrt(hidden) : 1);
    }
  });

  for (let layer = 0; layer < config.num_hidden_layers; layer++) {
    const at = (part: string): string => `model.layers.${layer}.${part}`;
    const project = (input: Float64Array, part: string, columns: number): Float64Array =>
      linear(input, weights(at(`${part}.weight`)), columns, bias(at(`${part}.bias`)));

    const input = norm(stream, at('input_layernorm.weight'));
    const projected = model.tensors.has(at('self_attn.qkv_proj.weight'))
      ? columnsOf(project(input, 'self_attn.qkv_proj', hidden), [heads * size, kvHeads * size, kvHeads * size])
      : ['q', 'k', 'v'].map((part) => project(input, `self_attn.${part}_proj`, hidden));
    let [query, key] = projected;
    const value = projected[2];
    if (style.queryKeyNorms) {
      query = norm(query!, at('self_attn.q_norm.weight'));
      key = norm(key!, at('self_attn.k_norm.weight'));
    }
    const { settings, theta, limits } = ropeOf(config, layer, covered);
    const share = settings.partial_rotary_factor ?? (config['partial_rotary_factor'] as number | undefined) ?? 1;
    const turn = rotation(settings, Math.floor(size * share) / 2, theta, limits);
    rotateHeads(query!, heads, size, turn);
    rotateHeads(key!, kvHeads, size, turn);
    const window = slides(config, layer) ? (config['sliding_window'] as number) : Infinity;
    const mixed = attend(query!, key!, value!, {
      heads,
      kvHeads,
      size,
      window,
      scale: style.scale,
      cap: style.attentionCap,
    });
    let added = project(mixed, 'self_attn.o_proj', heads * size);
    if (style.gemma) added = norm(added, at('post_attention_layernorm.weight'));
    stream = stream.map((item, i) => item + added[i]!);

    const middle = norm(
      stream,
      at(style.gemma ? 'pre_feedforward_layernorm.weight' : 'post_attention_layernorm.weight'),
    );
    const [gate, up] = model.tensors.has(at('mlp.gate_up_proj.weight'))
      ? columnsOf(project(middle, 'mlp.gate_up_proj', hidden), [wide, wide])
      : [project(middle, 'mlp.gate_proj', hidden), project(middle, 'mlp.up_proj', hidden)];
    const active = gate!.map((item, i) => (style.gemma ? tanhGelu(item) : item / (1 + Math.exp(-item))) * up![i]!);
    added = project(active, 'mlp.down_proj', wide);
    if (style.gemma) added = norm(added, at('post_feedforward_layernorm.weight'));
    stream = stream.map((item, i) => item + added[i]!);
  }

  const head = model.tensors.get('lm_head.weight')?.values ?? embedding;
  const logits = linear(norm(stream, 'model.norm.weight'), head, hidden, undefined);
  return style.logitCap ? logits.map((item) => style.logitCap * Math.tanh(item / style.logitCap)) : logits;
}

/** rows x weights^T + bias; weights are [outputs, columns] row by row. */
function linear(
  rows: Float64Array,
  weights: Float32Array,
  columns: number,
  bias: Float32Array | undefined,
): Float64Array {
  const outputs = weights.length / columns;
  const count = rows.length / columns;
  const out = new Float64Array(count * outputs);
  for (let row = 0; row < count; row++) {
    for (let o = 0; o < outputs; o++) {
      let sum = bias ? bias[o]! : 0;
      for (let i = 0; i < columns; i++) sum += rows[row * columns + i]! * weights[o * columns + i]!;
      out[row * outputs + o] = sum;
    }
  }
  return out;
}

/** Norms every run of `weights.length` elements. */
function rmsNorm(rows: Float64Array, weights: Float32Array, epsilon: number, plus: 0 | 1): Float64Array {
  const width = weights.length;
  const out = new Float64Array(rows.length);
  for (let start = 0; start < rows.length; start += width) {
    let squares = 0;
    for (let i = 0; i < width; i++) squares += rows[start + i]! ** 2;
    const scale = 1 / Math.sqrt(squares / width + epsilon);
    for (let i = 0; i < width; i++) out[start + i] = rows[start + i]! * scale * (weights[i]! + plus);
  }
  return out;
}

/** Cuts every row into parts of the given widths. */
function columnsOf(rows: Float64Array, widths: readonly number[]): Float64Array[] {
  const total = widths.reduce((a, b) => a + b, 0);
  const count = rows.length / total;
  let start = 0;
  return widths.map((width) => {
    const part = new Float64Array(count * width);
    for (let row = 0; row < count; row++) {
      part.set(rows.subarray(row * total + start, row * total + start + width), row * width);
    }
    start += width;
    return part;
  });
}

interface AttentionSettings {
  readonly heads: number;
  readonly kvHeads: number;
  readonly size: number;
  readonly window: number;
  readonly scale: number;
  readonly cap: number;
}

/** Causal attention; query head h uses key-value head floor(h / (heads / kvHeads)). The window counts the token itself. */
function attend(
  query: Float64Array,
  key: Float64Array,
  value: Float64Array,
  settings: AttentionSettings,
): Float64Array {
  const { heads, kvHeads, size, window, scale, cap } = settings;
  const count = query.length / (heads * size);
  const out = new Float64Array(query.length);
  for (let head = 0; head < heads; head++) {
    const shared = Math.floor(head / (heads / kvHeads));
    for (let position = 0; position < count; position++) {
      const first = Math.max(0, position - window + 1);
      const own = (position * heads + head) * size;
      const scores: number[] = [];
      for (let other = first; other <= position; other++) {
        let score = 0;
        for (let i = 0; i < size; i++) score += query[own + i]! * key[(other * kvHeads + shared) * size + i]!;
        score *= scale;
        scores.push(cap ? cap * Math.tanh(score / cap) : score);
      }
      const top = Math.max(...scores);
      const shares = scores.map((score) => Math.exp(score - top));
      const total = shares.reduce((a, b) => a + b, 0);
      shares.forEach((share, j) => {
        const from = ((first + j) * kvHeads + shared) * size;
        for (let i = 0; i < size; i++) out[own + i]! += (share / total) * value[from + i]!;
      });
    }
  }
  return out;
}

function tanhGelu(x: number): number {
  return 0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3)));
}
