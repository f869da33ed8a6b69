/** The ONNX messages we write, with field numbers from onnx.proto (IR version 10). */
import { ProtobufWriter } from './protobuf.ts';

/** Numbers of TensorProto.DataType. */
export const elementType = { float: 1, uint8: 2, int32: 6, int64: 7, float16: 10 } as const;
export type ElementType = keyof typeof elementType;

/** Bytes of one element. */
export const elementBytes = { float: 4, uint8: 1, int32: 4, int64: 8, float16: 2 } as const;

/** An attribute of a node; integers and reals are told apart because ONNX does. */
export type Attribute =
  | number // an integer
  | string
  | readonly number[] // integers
  | { readonly real: number }
  | { readonly graph: ProtobufWriter };

export interface NodeSpec {
  readonly operator: string;
  /** Empty strings stand for optional inputs and outputs that are left out. */
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes?: Readonly<Record<string, Attribute>>;
  /** 'com.microsoft' for ONNX Runtime's own operators. */
  readonly domain?: 'com.microsoft';
}

export interface Place {
  readonly offset: number; // bytes from the start of the data file
  readonly length: number; // bytes
}

const ATTRIBUTE = { real: 1, integer: 2, text: 3, graph: 5, integers: 7 };
const EXTERNAL = 1;
const IR_VERSION = 10;
const OPSET = 21; // the first whose CPU kernels cover everything used here
const CONTRIB_OPSET = 1;

function attribute(name: string, value: Attribute): ProtobufWriter {
  const message = new ProtobufWriter().text(1, name);
  if (typeof value === 'number') return message.integer(3, value).integer(20, ATTRIBUTE.integer);
  if (typeof value === 'string') return message.text(4, value).integer(20, ATTRIBUTE.text);
  if ('real' in value) return message.float(2, value.real).integer(20, ATTRIBUTE.real);
  if ('graph' in value) return message.message(6, value.graph).integer(20, ATTRIBUTE.graph);
  for (const item of value) message.integer(8, item);
  return message.integer(20, ATTRIBUTE.integers);
}

/** NodeProto, named after its operator and first output. */
export function nodeMessage(node: NodeSpec): ProtobufWriter {
  const message = new ProtobufWriter();
  for (const input of node.inputs) message.text(1, input);
  for (const output of node.outputs) message.text(2, output);
  message.text(3, `${node.operator}/${node.outputs.find((output) => output !== '') ?? ''}`).text(4, node.operator);
  for (const [name, value] of Object.entries(node.attributes ?? {})) message.message(5, attribute(name, value));
  return node.domain ? message.text(7, node.domain) : message;
}

/** ValueInfoProto of a graph input or output; a text dimension is a symbol. */
export function valueMessage(
  name: string,
  type: ElementType,
  dimensions: readonly (number | string)[],
): ProtobufWriter {
  const shape = new ProtobufWriter();
  for (const size of dimensions) {
    const dimension = new ProtobufWriter();
    shape.message(1, typeof size === 'number' ? dimension.integer(1, size) : dimension.text(2, size));
  }
  const tensor = new ProtobufWriter().integer(1, elementType[type]).message(2, shape);
  return new ProtobufWriter().text(1, name).message(2, new ProtobufWriter().message(1, tensor));
}

function tensorMessage(name: string, type: ElementType, dimensions: readonly number[]): ProtobufWriter {
  const message = new ProtobufWriter();
  for (const size of dimensions) message.integer(1, size);
  return message.integer(2, elementType[type]).text(8, name);
}

/** TensorProto whose little-endian bytes are inside the graph file. */
export function inlineTensor(
  name: string,
  type: ElementType,
  dimensions: readonly number[],
  bytes: Uint8Array,
): ProtobufWriter {
  return tensorMessage(name, type, dimensions).bytes(9, bytes);
}

/** TensorProto whose bytes are in a data file beside the graph file. */
export function externalTensor(
  name: string,
  type: ElementType,
  dimensions: readonly number[],
  dataFile: string,
  place: Place,
): ProtobufWriter {
  const entry = (key: string, value: string): ProtobufWriter => new ProtobufWriter().text(1, key).text(2, value);
  return tensorMessage(name, type, dimensions)
    .message(13, entry('location', dataFile))
    .message(13, entry('offset', String(place.offset)))
    .message(13, entry('length', String(place.length)))
    .integer(14, EXTERNAL);
}

/** What a GraphProto is made of. Nodes must be in the order they run. */
export interface GraphParts {
  readonly nodes: readonly ProtobufWriter[];
  readonly tensors: readonly ProtobufWriter[];
  readonly inputs: readonly ProtobufWriter[];
  readonly outputs: readonly ProtobufWriter[];
}

/** GraphProto: the whole of a model, or what a node runs on a condition. */
export function graphMessage(name: string, graph: GraphParts): ProtobufWriter {
  const message = new ProtobufWriter();
  for (const node of graph.nodes) message.message(1, node);
  message.text(2, name);
  for (const tensor of graph.tensors) message.message(5, tensor);
  for (const input of graph.inputs) message.message(11, input);
  for (const output of graph.outputs) message.message(12, output);
  return message;
}

/** A whole ModelProto. */
export function modelMessage(graph: GraphParts): Uint8Array {
  const operators = (domain: string, version: number): ProtobufWriter =>
    new ProtobufWriter().text(1, domain).integer(2, version);
  return new ProtobufWriter()
    .integer(1, IR_VERSION)
    .text(2, 'latchkey')
    .message(7, graphMessage('decoder', graph))
    .message(8, operators('', OPSET))
    .message(8, operators('com.microsoft', CONTRIB_OPSET))
    .finish();
}
