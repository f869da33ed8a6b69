import type { Rope } from './architecture.ts';
import {
  type Attribute,
  elementBytes,
  type ElementType,
  externalTensor,
  graphMessage,
  inlineTensor,
  modelMessage,
  nodeMessage,
  type NodeSpec,
  type Place,
  valueMessage,
} from './onnx.ts';
import { encodeHalf, numberBytes } from './dtypes.ts';
import type { ProtobufWriter } from './protobuf.ts';
import { type BlockFormat, packedRow } from './packing/format.ts';
import type { Rows } from './tensors.ts';

/** One piece of work that fills a part of the data file. All offsets are bytes from its start. */
export type Fill =
  | {
      readonly kind: 'numbers';
      readonly sources: readonly Rows[];
      readonly columns: number;
      readonly type: 'float' | 'float16';
      /** Added to every weight: 1 for norms that are stored as w and applied as 1 + w. */
      readonly add: 0 | 1;
      readonly offset: number;
    }
  | {
      readonly kind: 'packed';
      readonly sources: readonly Rows[];
      readonly columns: number;
      readonly format: BlockFormat;
      readonly scaleType: 'float' | 'float16';
      readonly data: number;
      readonly scales: number;
      readonly zeroPoints: number;
    }
  | {
      readonly kind: 'rope';
      readonly rope: Rope;
      readonly positions: number;
      readonly type: 'float' | 'float16';
      readonly cos: number;
      readonly sin: number;
    };

/** A finished plan: the graph file as bytes, and what has to be written into the data file beside it. */
export interface GraphPlan {
  readonly graph: Uint8Array;
  /** The same model for the product's own loop, which keeps the cache itself; over the same data file. */
  readonly loopGraph?: Uint8Array;
  /** The same model computing in half precision, for GPUs; over the same data file. */
  readonly halfGraph?: Uint8Array;
  readonly dataBytes: number;
  /** The parts of the data file in their order; nothing is ever written between them. */
  readonly places: readonly Place[];
  readonly fills: readonly Fill[];
}

/** Tensors from this size on start on a memory page, so that a mapped one shares no page with another. */
const PAGE_FROM = 65_536;
const PAGE = 4096;
const LINE = 64; // bytes; what vector instructions like
const HALF = 10; // TensorProto.FLOAT16

/** Collects nodes, tensors and data-file places of one graph. Names are the caller's; every output name must be new. */
export class GraphBuilder {
  readonly activations: 'float' | 'float16';
  readonly #stored: 'float' | 'float16';
  readonly #dataFile: string;
  #nodes: ProtobufWriter[] = [];
  readonly #tensors = new Map<string, ProtobufWriter>();
  readonly #inputs: ProtobufWriter[] = [];
  readonly #outputs: ProtobufWriter[] = [];
  readonly #fills: Fill[] = [];
  readonly #places = new Map<string, Place>();
  #end = 0;

  /** `stored`: the type of plain numbers in the data file, where they are not of the activations' type. */
  constructor(activations: 'float' | 'float16', dataFile: string, stored = activations) {
    this.activations = activations;
    this.#stored = stored;
    this.#dataFile = dataFile;
  }

  /** Adds a node; answers its first output. */
  node(
    operator: string,
    inputs: readonly string[],
    outputs: string | readonly string[],
    attributes: Readonly<Record<string, Attribute>> = {},
  ): string {
    const names = typeof outputs === 'string' ? [outputs] : outputs;
    const spec: NodeSpec = { operator, inputs, outputs: names, attributes };
    this.#nodes.push(nodeMessage(contributed.has(operator) ? { ...spec, domain: 'com.microsoft' } : spec));
    return names[0] ?? '';
  }

  /**
   * A node that runs one of two lists of nodes and hands out what that list answers. Both may use every name that came
   * before; nothing may use theirs afterwards. `shape` is that of the answer.
   */
  choose(
    condition: string,
    output: string,
    shape: readonly (number | string)[],
    lists: { readonly yes: () => string; readonly no: () => string },
  ): string {
    const list = (name: string, add: () => string): Attribute => {
      const outer = this.#nodes;
      this.#nodes = [];
      const outputs = [valueMessage(add(), this.activations, shape)];
      const graph = graphMessage(name, { nodes: this.#nodes, tensors: [], inputs: [], outputs });
      this.#nodes = outer;
      return { graph };
    };
    const branches = { then_branch: list(`${output}/yes`, lists.yes), else_branch: list(`${output}/no`, lists.no) };
    return this.node('If', [condition], output, branches);
  }

  input(name: string, type: ElementType, dimensions: readonly (number | string)[]): void {
    this.#inputs.push(valueMessage(name, type, dimensions));
  }

  output(name: string, type: ElementType, dimensions: readonly (number | string)[]): void {
    this.#outputs.push(valueMessage(name, type, dimensions));
  }

  /** An int64 constant: a list, or a scalar when given a plain number. Equal constants are stored once. */
  integers(value: readonly (number | bigint)[] | number | bigint): string {
    const list = typeof value === 'object' ? value : [value];
    const name = `${typeof value === 'object' ? 'list' : 'scalar'}/${list.join('_')}`;
    const bytes = new Uint8Array(BigInt64Array.from(list, BigInt).buffer);
    return this.#inline(name, 'int64', typeof value === 'object' ? [list.length] : [], bytes);
  }

  /** A scalar constant of the activations' type. */
  real(value: number): string {
    const bytes =
      this.activations === 'float' ? Float32Array.of(value).buffer : Uint16Array.of(encodeHalf(value)).buffer;
    return this.#inline(`real/${value}`, this.activations, [], new Uint8Array(bytes));
  }

  /** A small constant of the activations' type. */
  reals(name: string, dimensions: readonly number[], values: Float32Array): string {
    return this.#inline(name, this.activations, dimensions, numberBytes(values, this.activations));
  }

  /** Official rows as plain numbers of the activations' type. */
  numbers(name: string, sources: readonly Rows[], dimensions: readonly number[], add: 0 | 1 = 0): string {
    const rows = sources.reduce((total, source) => total + source.rows, 0);
    const elements = dimensions.reduce((a, b) => a * b, 1);
    const place = this.#external(name, this.#stored, dimensions);
    const columns = elements / rows;
    this.#fills.push({ kind: 'numbers', sources, columns, type: this.#stored, add, offset: place.offset });
    return this.#activated(name);
  }

  /** Official rows as packed blocks; answers the names of data, scales and (if the format has them) zero points. */
  packed(name: string, sources: readonly Rows[], columns: number, format: BlockFormat): string[] {
    const rows = sources.reduce((total, source) => total + source.rows, 0);
    const sizes = packedRow(columns, format);
    const data = this.#external(`${name}/data`, 'uint8', [rows, sizes.blocks, sizes.data / sizes.blocks]);
    const scales = this.#external(`${name}/scales`, this.#stored, [rows, sizes.blocks]);
    const zeroPoints = format.zeroPoints
      ? this.#external(`${name}/zero_points`, 'uint8', [rows, sizes.zeroPoints]).offset
      : 0;
    const offsets = { data: data.offset, scales: scales.offset, zeroPoints };
    this.#fills.push({ kind: 'packed', sources, columns, format, scaleType: this.#stored, ...offsets });
    const scaleName = this.#activated(`${name}/scales`);
    return [`${name}/data`, scaleName, ...(format.zeroPoints ? [`${name}/zero_points`] : [])];
  }

  /** The same external bytes under a second name and shape, so that two operators map one copy. */
  alias(name: string, of: string, type: ElementType, dimensions: readonly number[]): string {
    const place = this.#places.get(of);
    if (!place) throw new Error(`${of} is not external`);
    this.#tensors.set(name, externalTensor(name, type, dimensions, this.#dataFile, place));
    return name;
  }

  /** Cos and sin tables of `positions` rows; answers both names. */
  ropeTables(name: string, rope: Rope, positions: number): readonly [string, string] {
    const dimensions = [positions, rope.dimensions / 2];
    const [cosName, sinName] = [`${name}/cos`, `${name}/sin`] as const;
    const cos = this.#external(cosName, this.#stored, dimensions).offset;
    const sin = this.#external(sinName, this.#stored, dimensions).offset;
    this.#fills.push({ kind: 'rope', rope, positions, type: this.#stored, cos, sin });
    return [this.#activated(cosName), this.#activated(sinName)];
  }

  finish(): GraphPlan {
    const tensors = [...this.#tensors.values()];
    const graph = modelMessage({ nodes: this.#nodes, tensors, inputs: this.#inputs, outputs: this.#outputs });
    return { graph, dataBytes: this.#end, places: [...this.#places.values()], fills: this.#fills };
  }

  /** The stored numbers under a name as the activations' type; the runtime converts them once, while it loads. */
  #activated(name: string): string {
    if (this.#stored === this.activations) return name;
    return this.node('Cast', [name], `${name}/half`, { to: HALF });
  }

  #inline(name: string, type: ElementType, dimensions: readonly number[], bytes: Uint8Array): string {
    if (!this.#tensors.has(name)) this.#tensors.set(name, inlineTensor(name, type, dimensions, bytes));
    return name;
  }

  #external(name: string, type: ElementType, dimensions: readonly number[]): Place {
    if (this.#tensors.has(name)) throw new Error(`${name} is there already`);
    const length = dimensions.reduce((a, b) => a * b, elementBytes[type]);
    const step = length >= PAGE_FROM ? PAGE : LINE;
    const place = { offset: Math.ceil(this.#end / step) * step, length };
    this.#end = place.offset + length;
    this.#places.set(name, place);
    this.#tensors.set(name, externalTensor(name, type, dimensions, this.#dataFile, place));
    return place;
  }
}

/** Operators that ONNX Runtime adds to the standard ones. */
const contributed: ReadonlySet<string> = new Set([
  'FusedMatMul',
  'GatherBlockQuantized',
  'GroupQueryAttention',
  'MatMulNBits',
  'RotaryEmbedding',
  'SkipSimplifiedLayerNormalization',
]);
