import { closeSync, fstatSync, readSync } from 'node:fs';
import { openToReadSync } from '../durable/reading.ts';
import { ModelFolderError } from './modelFolder.ts';
import type { TensorInfo } from './session.ts';

/** A stretch of the file that holds one protocol buffer message. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** One field: its number, its varint value or its bytes' place. */
export interface Field {
  readonly number: number;
  readonly value: number;
  readonly span: Span;
}

const cutShort = (): ModelFolderError => new ModelFolderError('The graph file is cut short or no ONNX file');

/** Walks messages in a file of any size by positional reads; what is not looked at is never read. */
export class Reader {
  readonly #file: number;
  #window = Buffer.alloc(0);
  #windowStart = 0;

  constructor(file: number) {
    this.#file = file;
  }

  bytes({ start, end }: Span): Buffer {
    const at = start - this.#windowStart;
    if (at >= 0 && end - this.#windowStart <= this.#window.length) return this.#window.subarray(at, at + end - start);
    const fresh = Buffer.alloc(Math.max(end - start, 16_384));
    const read = readSync(this.#file, fresh, 0, fresh.length, start);
    if (read < end - start) throw cutShort();
    this.#window = fresh.subarray(0, read);
    this.#windowStart = start;
    return fresh.subarray(0, end - start);
  }

  /** A varint and the place after it. Beyond 2^53 only for negative numbers, which nothing here looks at. */
  #varint({ start, end }: Span): readonly [number, number] {
    let value = 0;
    for (let at = start, scale = 1; at < end && scale < 2 ** 70; at++, scale *= 128) {
      const byte = this.bytes({ start: at, end: at + 1 })[0] ?? 0;
      value += (byte & 127) * scale;
      if (byte < 128) return [value, at + 1];
    }
    throw cutShort();
  }

  firstNumber(span: Span): number {
    return this.#varint(span)[0];
  }

  /** The fields of one message in order. */
  *fields({ start, end }: Span): Generator<Field> {
    let at = start;
    const varint = (): number => {
      const [value, next] = this.#varint({ start: at, end });
      at = next;
      return value;
    };
    while (at < end) {
      const tag = varint();
      const [number, wire] = [Math.floor(tag / 8), tag % 8];
      if (wire === 0) yield { number, value: varint(), span: { start: at, end: at } };
      else {
        const length = wire === 2 ? varint() : wire === 5 ? 4 : wire === 1 ? 8 : NaN;
        if (!(at + length <= end)) throw cutShort();
        const span = { start: at, end: at + length };
        at += length;
        yield { number, value: 0, span };
      }
    }
  }

  text(span: Span): string {
    return this.bytes(span).toString('utf8');
  }
}

/** Field numbers of onnx.proto. */
const numbers = {
  graph: 7, // of ModelProto
  initializer: 5, // of GraphProto, like the next two
  input: 11,
  output: 12,
  tensorName: 8, // of TensorProto
  valueName: 1, // of ValueInfoProto, like the next
  valueType: 2,
  tensorType: 1, // of TypeProto
  elementType: 1, // of TypeProto.Tensor, like the next
  shape: 2,
  dimension: 1, // of TensorShapeProto
  size: 1, // of Dimension, like the next
  symbol: 2,
} as const;

/** TensorProto.DataType by number, in the runtime's words. */
const elementTypes: Readonly<Record<number, string>> = {
  1: 'float32',
  2: 'uint8',
  3: 'int8',
  6: 'int32',
  7: 'int64',
  9: 'bool',
  10: 'float16',
  11: 'float64',
};

/**
 * Hands the fields of the graph in an ONNX file to `look`, one by one, without reading what nobody looks at.
 *
 * @throws ModelFolderError when the file is no whole ONNX file.
 */
export function readGraph(path: string, look: (reader: Reader, field: Field) => void): void {
  const file = openToReadSync(path);
  try {
    const reader = new Reader(file);
    for (const top of reader.fields({ start: 0, end: fstatSync(file).size })) {
      if (top.number !== numbers.graph) continue;
      for (const field of reader.fields(top.span)) look(reader, field);
    }
  } finally {
    closeSync(file);
  }
}

/** What a graph asks for and hands out, as the runtime would say it; known before any weight is loaded. */
export interface Signature {
  readonly inputs: readonly TensorInfo[];
  readonly outputs: readonly TensorInfo[];
}

/** Reads the signature of an ONNX file. @throws ModelFolderError when the file is no whole ONNX file. */
export function readSignature(path: string): Signature {
  const inputs: TensorInfo[] = [];
  const outputs: TensorInfo[] = [];
  const constants = new Set<string>(); // older files list them among the inputs
  readGraph(path, (reader, { number, span }) => {
    if (number === numbers.input) inputs.push(valueOf(reader, span));
    else if (number === numbers.output) outputs.push(valueOf(reader, span));
    else if (number === numbers.initializer) {
      const name = first(reader, span, numbers.tensorName);
      if (name) constants.add(reader.text(name.span));
    }
  });
  return { inputs: inputs.filter(({ name }) => !constants.has(name)), outputs };
}

function first(reader: Reader, span: Span, wanted: number): Field | undefined {
  for (const field of reader.fields(span)) if (field.number === wanted) return field;
  return undefined;
}

function valueOf(reader: Reader, value: Span): TensorInfo {
  const name = first(reader, value, numbers.valueName);
  const type = first(reader, value, numbers.valueType);
  const tensor = type && first(reader, type.span, numbers.tensorType);
  const element = tensor && first(reader, tensor.span, numbers.elementType);
  const shape = tensor && first(reader, tensor.span, numbers.shape);
  const sizes: (number | string)[] = [];
  for (const { number, span } of shape ? reader.fields(shape.span) : []) {
    if (number === numbers.dimension) sizes.push(sizeOf(reader, span));
  }
  return {
    name: name ? reader.text(name.span) : '',
    type: elementTypes[element?.value ?? 0] ?? 'unknown',
    shape: sizes,
  };
}

function sizeOf(reader: Reader, dimension: Span): number | string {
  for (const { number, value, span } of reader.fields(dimension)) {
    if (number === numbers.size) return value;
    if (number === numbers.symbol) return reader.text(span);
  }
  return '';
}
