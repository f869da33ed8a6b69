/** The small graphs of the product, written anew: `node test/services/inference/writeSmallGraphs.ts` prints their module. */
import { encodeHalf } from '../../../electron/services/convert/dtypes.ts';
import {
  type ElementType,
  inlineTensor,
  modelMessage,
  nodeMessage,
  valueMessage,
} from '../../../electron/services/convert/onnx.ts';

const integer = (name: string, value: number) =>
  inlineTensor(name, 'int64', [1], new Uint8Array(BigInt64Array.of(BigInt(value)).buffer));

/** The first `rows` rows of `whole` [batch, heads, rows, size]. */
function cut(type: ElementType): Uint8Array {
  const sizes = (rows: string): string[] => ['batch', 'heads', rows, 'size'];
  return modelMessage({
    nodes: [nodeMessage({ operator: 'Slice', inputs: ['whole', 'first', 'rows', 'axis'], outputs: ['kept'] })],
    tensors: [integer('first', 0), integer('axis', 2)],
    inputs: [valueMessage('whole', type, sizes('before')), valueMessage('rows', 'int64', [1])],
    outputs: [valueMessage('kept', type, sizes('after'))],
  });
}

/** `2 * x x [[1, 2], [3, 4]]` for x [rows, 2], inside in the given type. */
function product(type: 'float' | 'float16'): Uint8Array {
  const numbers = [1, 2, 3, 4];
  const constant = (name: string, dims: number[], values: number[]) =>
    inlineTensor(
      name,
      type,
      dims,
      new Uint8Array((type === 'float' ? Float32Array.from(values) : Uint16Array.from(values, encodeHalf)).buffer),
    );
  const half = type === 'float16';
  const cast = (input: string, output: string, to: number) =>
    nodeMessage({ operator: 'Cast', inputs: [input], outputs: [output], attributes: { to } });
  return modelMessage({
    nodes: [
      ...(half ? [cast('x', 'inside', 10)] : []),
      nodeMessage({ operator: 'MatMul', inputs: [half ? 'inside' : 'x', 'matrix'], outputs: ['product'] }),
      nodeMessage({ operator: 'Mul', inputs: ['product', 'two'], outputs: [half ? 'twice' : 'y'] }),
      ...(half ? [cast('twice', 'y', 1)] : []),
    ],
    tensors: [constant('matrix', [2, 2], numbers), constant('two', [], [2])],
    inputs: [valueMessage('x', 'float', ['rows', 2])],
    outputs: [valueMessage('y', 'float', ['rows', 2])],
  });
}

export function smallGraphs(): Readonly<Record<string, Uint8Array>> {
  return {
    cutFloat: cut('float'),
    cutHalf: cut('float16'),
    productFloat: product('float'),
    productHalf: product('float16'),
  };
}

if (process.argv[1] === import.meta.filename) {
  for (const [name, bytes] of Object.entries(smallGraphs())) {
    process.stdout.write(`export const ${name} = graph('${Buffer.from(bytes).toString('base64')}');\n`);
  }
}
