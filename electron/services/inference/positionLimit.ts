import { closeSync, fstatSync, readSync } from 'node:fs';
import { ModelFolderError } from './modelFolder.ts';
import { openToReadSync } from '../durable/reading.ts';

/** A stretch of the file that holds one protocol buffer message. */
interface Span {
  readonly start: number;
  readonly end: number;
}

/** One field: its number, its varint value or its bytes' place. */
interface Field {
  readonly number: number;
  readonly value: number;
  readonly span: Span;
}

/** Field numbers of onnx.proto: ModelProto.graph, GraphProto.node and .initializer, and what we read of those two. */
const numbers = {
  graph: 7,
  node: 1,
  initializer: 5,
  nodeInput: 1,
  nodeOperator: 4,
  nodeDomain: 7,
  tensorDims: 1,
  tensorName: 8,
} as const;

const cutShort = (): ModelFolderError => new ModelFolderError('The graph file is cut short or no ONNX file');

/** Walks messages in a file of any size by positional reads; what is not looked at is never read. */
class Reader {
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

/** The name of the table of cosines an operator reads, if it is one that rotates. */
function tableOf(reader: Reader, node: Span): string | undefined {
  const inputs: string[] = [];
  let operator = '';
  let domain = '';
  for (const { number, span } of reader.fields(node)) {
    if (number === numbers.nodeInput) inputs.push(reader.text(span));
    else if (number === numbers.nodeOperator) operator = reader.text(span);
    else if (number === numbers.nodeDomain) domain = reader.text(span);
  }
  if (operator === 'GroupQueryAttention') return inputs[7];
  if (operator === 'RotaryEmbedding') return domain === 'com.microsoft' ? inputs[2] : inputs[1];
  return undefined;
}

/** Name and number of rows of an initializer. */
function rowsOf(reader: Reader, tensor: Span): readonly [string, number] {
  let name = '';
  let rows: number | undefined;
  for (const { number, value, span } of reader.fields(tensor)) {
    if (number === numbers.tensorName) name = reader.text(span);
    // Some writers pack all sizes into one length-prefixed field, others write one field per size.
    else if (number === numbers.tensorDims) rows ??= span.end > span.start ? reader.firstNumber(span) : value;
  }
  return [name, rows ?? Infinity];
}

/**
 * How many positions a graph can place: the rows of the shortest of its cosine tables. config.json can promise more than
 * was prepared, and a position past the end of a table stops the run. Infinity where the graph computes angles itself.
 *
 * @throws ModelFolderError when the file is no whole ONNX file.
 */
export function positionLimit(path: string): number {
  const file = openToReadSync(path);
  try {
    const reader = new Reader(file);
    const tables = new Set<string>();
    const rows = new Map<string, number>();
    for (const top of reader.fields({ start: 0, end: fstatSync(file).size })) {
      if (top.number !== numbers.graph) continue;
      for (const { number, span } of reader.fields(top.span)) {
        if (number === numbers.node) {
          const table = tableOf(reader, span);
          if (table) tables.add(table);
        } else if (number === numbers.initializer) rows.set(...rowsOf(reader, span));
      }
    }
    return Math.min(...[...tables].map((table) => rows.get(table) ?? Infinity));
  } finally {
    closeSync(file);
  }
}
