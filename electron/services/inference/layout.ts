import type { DecoderSession, KvType, TensorInfo } from './session.ts';

/** What a decoder graph looks like from outside: enough to feed it and to keep its cache. */
export interface DecoderLayout {
  readonly layers: number;
  readonly kvHeads: number;
  readonly headDim: number;
  readonly kvType: KvType;
  /** The graph hands out only the new rows (delta.*); otherwise the whole cache comes back as present.*. */
  readonly rowsOut: boolean;
  readonly wantsMask: boolean; // attention_mask
  readonly wantsPositions: boolean; // position_ids
  readonly wantsKeep: boolean; // num_logits_to_keep
}

/** The two halves of each layer's cache, in the order of the graph's own names. */
export const halves = ['key', 'value'] as const;
export type Half = (typeof halves)[number];

export const pastName = (layer: number, half: Half): string => `past_key_values.${layer}.${half}`;
export const presentName = (layer: number, half: Half): string => `present.${layer}.${half}`;
export const rowsName = (layer: number, half: Half): string => `delta.${layer}.${half}`;

const known = new Set(['input_ids', 'attention_mask', 'position_ids', 'num_logits_to_keep']);
const pastPattern = /^past_key_values\.\d+\.(?:key|value)$/;

function find(list: readonly TensorInfo[], name: string): TensorInfo | undefined {
  return list.find((info) => info.name === name);
}

/**
 * Reads the layout from names and shapes ([batch, KV heads, tokens, head size] with the second and fourth as numbers).
 *
 * @throws Error with the reason when the graph is not a decoder that this loop can drive.
 */
export function readLayout(session: Pick<DecoderSession, 'inputs' | 'outputs' | 'cut'>): DecoderLayout {
  const { inputs, outputs, cut } = session;
  if (find(inputs, 'input_ids')?.type !== 'int64') throw new Error('The graph has no int64 input input_ids');
  if (!find(outputs, 'logits')) throw new Error('The graph has no output logits');
  const strange = inputs.find(({ name }) => !known.has(name) && !pastPattern.test(name));
  if (strange) throw new Error(`The graph asks for an input that nothing here can give: ${strange.name}`);
  const layers = inputs.filter(({ name }) => pastPattern.test(name)).length / 2;
  const first = find(inputs, pastName(0, 'key'));
  const [, kvHeads, , headDim] = first?.shape ?? [];
  if (!first || typeof kvHeads !== 'number' || typeof headDim !== 'number') {
    throw new Error('The graph does not say the size of its KV cache');
  }
  if (first.type !== 'float32' && first.type !== 'float16') {
    throw new Error(`A KV cache of type ${first.type} is not supported`);
  }
  const every = (nameOf: (layer: number, half: Half) => string, list: readonly TensorInfo[]): boolean =>
    Array.from({ length: layers }).every((_, layer) => halves.every((half) => find(list, nameOf(layer, half))));
  if (!every(pastName, inputs)) throw new Error('The KV cache inputs of the graph have gaps');
  // Where outputs stay on the device, the whole cache stays there and nothing is copied out and in.
  const rowsOut = every(rowsName, outputs) && !(cut && every(presentName, outputs));
  if (!rowsOut && !every(presentName, outputs)) throw new Error('The graph gives no KV cache back');
  return {
    layers,
    kvHeads,
    headDim,
    kvType: first.type,
    rowsOut,
    wantsMask: find(inputs, 'attention_mask') !== undefined,
    wantsPositions: find(inputs, 'position_ids') !== undefined,
    wantsKeep: find(inputs, 'num_logits_to_keep') !== undefined,
  };
}

/** The layout of a graph that our loop can drive; undefined for others. */
export function drivable(graph: Pick<DecoderSession, 'inputs' | 'outputs'>): DecoderLayout | undefined {
  try {
    return readLayout(graph);
  } catch {
    return undefined;
  }
}

/** Bytes of keys and values that one token keeps in memory. */
export function bytesPerToken({ layers, kvHeads, headDim, kvType }: DecoderLayout): number {
  return 2 * layers * kvHeads * headDim * (kvType === 'float32' ? 4 : 2);
}

const elementBytes: Readonly<Record<string, number>> = { float32: 4, float16: 2, int8: 1, uint8: 1 };

/** What a graph that our loop cannot drive takes per token of context, as far as its signature tells. Bytes. */
export interface GenericNeeds {
  /** Keys and values, twice: each step hands out a new cache while the old one is still there. */
  readonly cache: number;
  /** Logits of every position of a prompt, where the graph cannot be asked for the last one alone. */
  readonly logits: number;
}

/** Reads the needs of a graph; undefined where it takes no cache back: such a graph knows one token at a time. */
export function genericNeeds({
  inputs,
  outputs,
}: Pick<DecoderSession, 'inputs' | 'outputs'>): GenericNeeds | undefined {
  const caches = inputs.filter(({ name }) => name.startsWith('past'));
  if (caches.length === 0) return undefined;
  const perToken = ({ shape, type }: TensorInfo): number =>
    shape.reduce<number>((product, size) => product * (typeof size === 'number' ? size : 1), elementBytes[type] ?? 4);
  // Other kinds of state (past_conv, past_ssm) have a size of their own, however long the text is.
  const growing = caches.filter(({ name }) => name.startsWith('past_key_values.'));
  const vocabulary = find(outputs, 'logits')?.shape.at(-1);
  const lastOnly = find(inputs, 'num_logits_to_keep') !== undefined;
  return {
    cache: 2 * growing.reduce((sum, one) => sum + perToken(one), 0),
    logits: lastOnly || typeof vocabulary !== 'number' ? 0 : vocabulary * 4,
  };
}

/** Electron ends a process that asks for one block of 2 GiB, so the logits of a prompt must stay below. */
const largestBlock = 2 ** 31 - 1;

/** Tokens of a prompt whose logits fit into one block of memory. */
export function promptLimit({ logits }: GenericNeeds): number {
  return logits === 0 ? Infinity : Math.floor(largestBlock / logits);
}
