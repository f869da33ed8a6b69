import { type Reader, readGraph, type Span } from './onnxReader.ts';

/** Field numbers of onnx.proto: GraphProto.node and .initializer, and what we read of those two. */
const numbers = {
  node: 1,
  initializer: 5,
  nodeInput: 1,
  nodeOperator: 4,
  nodeDomain: 7,
  tensorDims: 1,
  tensorName: 8,
} as const;

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
  const tables = new Set<string>();
  const rows = new Map<string, number>();
  readGraph(path, (reader, { number, span }) => {
    if (number === numbers.node) {
      const table = tableOf(reader, span);
      if (table) tables.add(table);
    } else if (number === numbers.initializer) rows.set(...rowsOf(reader, span));
  });
  return Math.min(...[...tables].map((table) => rows.get(table) ?? Infinity));
}
