/** Safetensors files that were good once: mutant `seed` is the same on every machine. */
import { ConversionError } from '../../../electron/services/convert/conversionError.ts';
import { headerLength, parseHeader } from '../../../electron/services/convert/safetensorsHeader.ts';
import { seededRandom } from '../../reference/checkpoint.ts';

const tensor = (shape: string, begin: number, end: number, dtype = 'F32'): string =>
  `{"dtype":"${dtype}","shape":${shape},"data_offsets":[${begin},${end}]}`;

/** Accepted files to start from: header text and the number of data bytes. */
const seeds: readonly (readonly [string, number])[] = [
  [`{"a":${tensor('[2]', 0, 8)}}`, 8],
  ['{}', 0],
  [`{"__metadata__":{"format":"pt"},"a":${tensor('[2]', 0, 8)},"b":${tensor('[1,2]', 8, 12, 'BF16')}}   `, 12],
  [`{"w":${tensor('[2,3]', 12, 24, 'F16')},"v":${tensor('[3]', 0, 12)},"u":${tensor('[]', 24, 25, 'U8')}}`, 25],
  [`{"a":${tensor('[0]', 0, 0)},"b":${tensor('[4]', 0, 3, 'F6_E2M3')},"c":${tensor('[2]', 3, 4, 'F4')}}`, 4],
  [`{ "\\u0061\\n" : {"x":[1,{"y":null}],"shape":[1],"dtype":"F8_E4M3","data_offsets":[0,1]} }`, 1],
];
/** As many tensors as the largest public shards have; one mutant in fifty starts here. */
const large = [
  `{${Array.from({ length: 300 }, (_, i) => `"model.layers.${i}.mlp.weight":${tensor('[4,2]', 16 * i, 16 * i + 16, 'BF16')}`).join()}}`,
  4800,
] as const;
const numbers = [
  ...['0', '1', '2', '3', '4', '7', '8', '12', '16', '24', '25', '-1', '-0', '2.0', '1e1', '01', '0x8', 'NaN', '1e400'],
  ...['4294967296', '9007199254740991', '9007199254740992', '9223372036854775808', '18446744073709551615'],
  ...['18446744073709551616', '9'.repeat(400), 'null', '"2"', '[2]', ''],
];
const dtypes = ['F32', 'BF16', 'F16', 'U8', 'F4', 'F64', 'C64', 'F33', 'f32', '', 'toString', '__proto__', 'F8_E5M2'];
const values = ['null', 'true', '"x"', '[]', '{}', '7', '["F32",[2],[0,8]]', '{"F32":null}', '[[[]]]', '{"a":{}}'];
const alphabet = [...'0123456789{}[]",:\\eE+-. \tanu\0\x7f\x80\xc3\xff'];

/** A mutated file. */
export function mutant(seed: number): Buffer {
  const random = seededRandom(seed);
  const below = (most: number): number => Math.floor(random() * most);
  const one = <T>(list: readonly T[]): T => list[below(list.length)]!;
  const [start, dataStart] = below(50) === 0 ? large : one(seeds);
  let text = start; // one unit per byte
  let dataBytes = dataStart;
  let claim = 0n;
  const replaceOne = (pattern: RegExp, by: (found: string) => string): void => {
    const found = [...text.matchAll(pattern)];
    if (found.length === 0) return;
    const { index, 0: token } = one(found);
    text = text.slice(0, index) + by(token) + text.slice(index + token.length);
  };
  const hits = [
    () => replaceOne(/\d+/g, () => one(numbers)),
    () => replaceOne(/\d+/g, (found) => `${Math.max(0, Number(found) + one([-4, -1, 1, 4, 8]))}`),
    () => replaceOne(/"[A-Z][A-Z0-9_]+"/g, () => `"${one(dtypes)}"`),
    () => replaceOne(/\{"(?:dtype|x)[^}]*\}|\[[^\]]*\]|"[a-z]"/g, () => one(values)),
    () => replaceOne(/"[a-z_]+":(?:\[[^\]]*\]|"[^"]*"),?/g, (found) => one(['', found + found])),
    () => replaceOne(/"[^"]*"/g, (found) => one([found, '"\\ud800"', '"\\u00e9"', '"__metadata__"', '"dtype"', '"b"'])),
    () => replaceOne(/[{[,:]/g, (found) => found + one([' ', '\n', '\t', '\r\n', '\u000b', '/**/'])),
    () => {
      const depth = one([1, 20, 123, 124, 125, 126, 127, 128, 140]);
      replaceOne(/\{"dtype/g, () => `{"x":${'['.repeat(depth)}${']'.repeat(depth)},"dtype`);
      replaceOne(/\[1,/g, () => `[${'{"y":'.repeat(depth)}0${'}'.repeat(depth - below(2))},`);
    },
    () => replaceOne(/"a":/g, () => `"${'a'.repeat(below(300))}":`),
    () => (dataBytes = Math.max(0, dataBytes + one([-8, -4, -1, 1, 4, 8]))),
    () => (claim = one([1n, -1n, 8n, 2n ** 31n, 2n ** 32n, 2n ** 53n, 2n ** 63n, -9n, BigInt(below(100))])),
    () => (text = text.slice(0, below(text.length))),
    () => (text += one([' ', '\0', '}', '{}', ',', '      '])),
    () => (text = one([' ', '\ufeff', '[', '\n', '']) + text),
    ...Array.from({ length: 4 }, () => () => {
      const at = below(text.length + 1);
      text = text.slice(0, at) + one(alphabet) + text.slice(at + below(3));
    }),
    () => {
      const [from, to, at] = [below(text.length), below(text.length), below(text.length)];
      text = text.slice(0, at) + text.slice(Math.min(from, to), Math.max(from, to)) + text.slice(at);
    },
  ];
  for (let count = one([1, 1, 2, 3]); count > 0; count--) one(hits)();
  const header = Buffer.from(text, text.startsWith('\ufeff') ? 'utf8' : 'latin1');
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt.asUintN(64, BigInt(header.length) + claim));
  return Buffer.concat([length, header, Buffer.alloc(dataBytes, 1)]);
}

/** Files in the form that recordRustVerdicts.ts hands over. */
export function mutants(first: number, count: number): Buffer[] {
  return Array.from({ length: count }, (_, i) => mutant(first + i));
}

/** The product's verdict on a whole file; an error of any other type goes through. */
export function verdictOf(file: Uint8Array): 'accepted' | 'refused' {
  try {
    const length = headerLength(file.subarray(0, 8), file.length, 'x');
    const end = 8 + length;
    for (const { begin, end: last } of parseHeader(file.subarray(8, end), file.length - end, 'x').values()) {
      if (!(begin >= 0 && begin <= last && last <= file.length - end))
        throw new Error('accepted bytes outside the file');
    }
    return 'accepted';
  } catch (error) {
    if (error instanceof ConversionError && error.code === 'damaged-file' && error.message.length > 0) return 'refused';
    throw error;
  }
}
