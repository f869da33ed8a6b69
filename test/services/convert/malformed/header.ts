import { MOST_HEADER_BYTES } from '../../../../electron/services/convert/safetensorsHeader.ts';
import { apart, type Files, inHeader, type MalformedCase, together, WEIGHTS } from './case.ts';

const first = '"model.embed_tokens.weight":{"dtype":"BF16","shape":[120,64],"data_offsets":[0,15360]}';
const second = '"model.layers.0.input_layernorm.weight":{"dtype":"BF16","shape":[64],"data_offsets":[15360,15488]}';
const nested = (depth: number): string => '['.repeat(depth) + ']'.repeat(depth);

const claims =
  (claimed: bigint) =>
  (files: Files): void => {
    const { header, data } = apart(files.get(WEIGHTS)!);
    files.set(WEIGHTS, together(header, data, claimed));
  };
const headerBecomes =
  (header: string | Uint8Array) =>
  (files: Files): void => {
    files.set(WEIGHTS, together(header, apart(files.get(WEIGHTS)!).data));
  };
const fileBecomes =
  (change: (bytes: Buffer) => Uint8Array) =>
  (files: Files): void => {
    files.set(WEIGHTS, Buffer.from(change(files.get(WEIGHTS)!)));
  };
const headerEnds =
  (change: (header: string) => string) =>
  (files: Files): void => {
    const { header, data } = apart(files.get(WEIGHTS)!);
    files.set(WEIGHTS, together(change(header.trimEnd()), data));
  };

type Row = readonly [name: string, spoil: MalformedCase['spoil'], reason: string];

const lengths: readonly Row[] = [
  ['is empty', fileBecomes(() => Buffer.alloc(0)), 'shorter than 8 bytes'],
  ['is one byte long', fileBecomes(() => Buffer.alloc(1)), 'shorter than 8 bytes'],
  ['is seven bytes long', fileBecomes((bytes) => bytes.subarray(0, 7)), 'shorter than 8 bytes'],
  ['ends after its length field', fileBecomes((bytes) => bytes.subarray(0, 8)), 'bytes of a file of 8'],
  ['ends within its header', fileBecomes((bytes) => bytes.subarray(0, 100)), 'bytes of a file of 100'],
  [
    'ends one byte before its header does',
    fileBecomes((bytes) => bytes.subarray(0, 7 + apart(bytes).header.length)),
    'bytes of a file of',
  ],
  ['ends one byte early', fileBecomes((bytes) => bytes.subarray(0, -1)), 'tensors cover'],
  ['ends half way', fileBecomes((bytes) => bytes.subarray(0, bytes.length / 2)), 'tensors cover'],
  ['has one byte more', fileBecomes((bytes) => Buffer.concat([bytes, Buffer.of(0)])), 'tensors cover'],
  ['has its data twice', fileBecomes((bytes) => Buffer.concat([bytes, apart(bytes).data])), 'tensors cover'],
  ['has no data', fileBecomes((bytes) => together(apart(bytes).header, Buffer.alloc(0))), 'tensors cover'],
  ['claims a header longer than the file', claims(10_000_000n), 'the header claims 10000000 bytes of a file of'],
  ['claims a header of no bytes', claims(0n), 'does not begin with "{"'],
  ['claims a header of one byte', claims(1n), 'header: expected a string'],
  [
    'claims a header one byte too long',
    (files) => claims(BigInt(apart(files.get(WEIGHTS)!).header.length) + 1n)(files),
    'the header is not UTF-8', // but for this seed's first weight
  ],
  [
    'claims a header twenty bytes too short',
    (files) => claims(BigInt(apart(files.get(WEIGHTS)!).header.length) - 20n)(files),
    'header: ',
  ],
  [
    'claims a header of 25 MB and one byte',
    claims(BigInt(MOST_HEADER_BYTES) + 1n),
    `the header claims ${MOST_HEADER_BYTES + 1} bytes`,
  ],
  ['claims a header of 100 MB', claims(100_000_000n), 'the header claims 100000000 bytes'],
  ['claims a header of 4 GB', claims(2n ** 32n), 'the header claims 4294967296 bytes'],
  ['claims a header of 2^53 bytes', claims(2n ** 53n), 'the header claims 9007199254740992 bytes'],
  ['claims a header of 2^63 bytes', claims(2n ** 63n), 'the header claims 9223372036854775808 bytes'],
  [
    'claims a header of 2^64 - 8 bytes, which wraps around',
    claims(2n ** 64n - 8n),
    'the header claims 18446744073709551608',
  ],
  ['claims a header of 2^64 - 1 bytes', claims(2n ** 64n - 1n), 'the header claims 18446744073709551615'],
];

const texts: readonly Row[] = [
  ['has a header that is not UTF-8', headerBecomes(Uint8Array.of(0x7b, 0xff, 0x7d)), 'the header is not UTF-8'],
  ['has a header in UTF-16', headerBecomes(Buffer.from(`{${first}}`, 'utf16le')), 'header: '],
  ['has half a UTF-8 character', headerBecomes(Uint8Array.of(0x7b, 0x22, 0xd0)), 'the header is not UTF-8'],
  ['has an overlong UTF-8 quote', headerBecomes(Uint8Array.of(0x7b, 0xc0, 0xa2, 0x7d)), 'the header is not UTF-8'],
  ['begins with a byte order mark', inHeader('{', '\uFEFF{'), 'does not begin with "{"'],
  ['begins with white space', inHeader('{', ' {'), 'does not begin with "{"'],
  ['has a list for a header', headerBecomes('[]'), 'does not begin with "{"'],
  ['has null for a header', headerBecomes('null'), 'does not begin with "{"'],
  ['has a text for a header', headerBecomes('"weights"'), 'does not begin with "{"'],
  ['has pickled Python for a header', headerBecomes(Uint8Array.of(0x80, 0x02, 0x7d, 0x71)), 'the header is not UTF-8'],
  ['has a GGUF header', headerBecomes('GGUF\u0003\0\0\0'), 'does not begin with "{"'],
  ['has a header without its last brace', headerEnds((header) => header.slice(0, -1)), 'expected "," or "}"'],
  ['has a header that ends in a name', headerBecomes('{"model.emb'), 'unfinished string'],
  ['has a header that ends in an escape', headerBecomes('{"model\\'), 'unfinished string'],
  ['has two headers', headerEnds((header) => header + header), 'text after the end'],
  ['has zero bytes after its header', headerEnds((header) => `${header}\0\0`), 'text after the end'],
  ['has a comma too many', headerEnds((header) => `${header.slice(0, -1)},}`), 'expected a string'],
  ['has a comma too few', inHeader(`${first},`, first), 'expected "," or "}"'],
  ['has a semicolon for a comma', inHeader(`${first},`, `${first};`), 'expected "," or "}"'],
  [
    'has an equals sign for a colon',
    inHeader('"model.embed_tokens.weight":', '"model.embed_tokens.weight"='),
    'expected ":"',
  ],
  ['has a comment', inHeader('{', '{/**/'), 'expected a string'],
  [
    'has a name in single quotes',
    inHeader('"model.embed_tokens.weight"', "'model.embed_tokens.weight'"),
    'expected a string',
  ],
  ['has a name without quotes', inHeader('"model.embed_tokens.weight"', 'weight'), 'expected a string'],
  ['has a line break in a name', inHeader('embed_tokens', 'embed\ntokens'), 'control character in a string'],
  ['has a zero byte in a name', inHeader('embed_tokens', 'embed\0tokens'), 'control character in a string'],
  ['has half a surrogate in a name', inHeader('embed_tokens', 'embed\\ud800'), 'bad escape in a string'],
  ['has an unknown escape', inHeader('embed_tokens', 'embed\\xtokens'), 'bad escape in a string'],
  ['has an escape of three digits', inHeader('embed_tokens', 'embed\\u00e"'), 'bad escape in a string'],
  ['has a vertical tab between values', inHeader('{', '{\v'), 'expected a string'],
  ['has a no-break space between values', inHeader('{', '{\u00a0'), 'expected a string'],
  ['names the same tensor twice', inHeader(first, `${first},${first}`), 'duplicate key "model.embed_tokens.weight"'],
  [
    'names the same tensor twice, once escaped',
    inHeader(first, `${first},${first.replace('m', '\\u006d')}`),
    'duplicate key "model.embed_tokens.weight"',
  ],
  ['has metadata twice', inHeader('{', '{"__metadata__":{},'), 'duplicate key "__metadata__"'],
  ['has a text for metadata', inHeader('{"format":"pt"}', '"pt"'), 'expected "{"'],
  ['has a list for metadata', inHeader('{"format":"pt"}', '[]'), 'expected "{"'],
  ['has a number in its metadata', inHeader('{"format":"pt"}', '{"format":1}'), 'expected a string'],
  ['has null in its metadata', inHeader('{"format":"pt"}', '{"format":null}'), 'expected a string'],
  ['has an object in its metadata', inHeader('{"format":"pt"}', '{"format":{}}'), 'expected a string'],
  ['has one key twice in its metadata', inHeader('{"format":"pt"}', '{"a":"","a":""}'), 'duplicate key "a"'],
  [
    'has 128 levels of lists in an unknown field',
    inHeader('{"dtype"', `{"x":${nested(126)},"dtype"`),
    'nested too deeply',
  ],
  [
    'has 20,000 levels of lists in an unknown field',
    inHeader('{"dtype"', `{"x":${nested(20_000)},"dtype"`),
    'nested too deeply',
  ],
  [
    'has a number beyond all floats in an unknown field',
    inHeader('{"dtype"', '{"x":1e400,"dtype"'),
    'number out of range',
  ],
  ['has a million dimensions', inHeader('[120,64]', `[${'1,'.repeat(1_000_000)}1]`), 'more than 16 numbers in a list'],
];

const bf16 = '"dtype":"BF16"';
const fields: readonly Row[] = [
  ['has null for a tensor', inHeader(first, '"model.embed_tokens.weight":null'), 'expected "{"'],
  ['has a text for a tensor', inHeader(first, '"model.embed_tokens.weight":"BF16"'), 'expected "{"'],
  [
    'has a list for a tensor',
    inHeader(first, '"model.embed_tokens.weight":["BF16",[120,64],[0,15360]]'),
    'expected "{"',
  ],
  [
    'has an empty object for a tensor',
    inHeader(first, '"model.embed_tokens.weight":{}'),
    'dtype, shape or data_offsets is missing',
  ],
  ['has a tensor without dtype', inHeader(`${bf16},`, ''), 'dtype, shape or data_offsets is missing'],
  ['has a tensor without shape', inHeader('"shape":[120,64],', ''), 'dtype, shape or data_offsets is missing'],
  [
    'has a tensor without offsets',
    inHeader(',"data_offsets":[0,15360]', ''),
    'dtype, shape or data_offsets is missing',
  ],
  ['has a dtype twice', inHeader(bf16, `${bf16},${bf16}`), 'duplicate key "dtype"'],
  ['has a shape twice', inHeader('"shape":[120,64]', '"shape":[120,64],"shape":[120,64]'), 'duplicate key "shape"'],
  [
    'has offsets twice',
    inHeader('"data_offsets":[0,15360]', '"data_offsets":[0,15360],"data_offsets":[0,15360]'),
    'duplicate key "data_offsets"',
  ],
  ['has an unknown dtype', inHeader('"BF16"', '"BF17"'), 'unknown dtype BF17'],
  ['has a dtype in small letters', inHeader('"BF16"', '"bf16"'), 'unknown dtype bf16'],
  ['has an empty dtype', inHeader('"BF16"', '""'), 'unknown dtype'],
  ['has a dtype with a space', inHeader('"BF16"', '"BF16 "'), 'unknown dtype BF16 '],
  ['has a dtype of another library', inHeader('"BF16"', '"torch.bfloat16"'), 'unknown dtype torch.bfloat16'],
  ['has a dtype named like a method', inHeader('"BF16"', '"toString"'), 'unknown dtype toString'],
  ['has a dtype named like a prototype', inHeader('"BF16"', '"__proto__"'), 'unknown dtype __proto__'],
  ['has a number for a dtype', inHeader('"BF16"', '16'), 'expected a string'],
  ['has null for a dtype', inHeader('"BF16"', 'null'), 'expected a string'],
  ['has an object for a dtype', inHeader('"BF16"', '{"BF16":null}'), 'expected a string'],
  ['has a negative size', inHeader('[120,64]', '[-120,64]'), '-120 is not a usable integer'],
  ['has two negative sizes', inHeader('[120,64]', '[-120,-64]'), '-120 is not a usable integer'],
  ['has a fractional size', inHeader('[120,64]', '[120.0,64]'), '120.0 is not a usable integer'],
  ['has a size with an exponent', inHeader('[120,64]', '[12e1,64]'), '12e1 is not a usable integer'],
  ['has a size with a leading zero', inHeader('[120,64]', '[0120,64]'), 'expected "," or "]"'],
  ['has a size with a plus', inHeader('[120,64]', '[+120,64]'), 'expected a value'],
  ['has a hexadecimal size', inHeader('[120,64]', '[0x78,64]'), 'expected "," or "]"'],
  ['has minus zero', inHeader('[0,15360]', '[-0,15360]'), '-0 is not a usable integer'],
  ['has a text for a size', inHeader('[120,64]', '["120",64]'), 'expected a value'],
  ['has null for a size', inHeader('[120,64]', '[null,64]'), 'expected a value'],
  ['has true for a size', inHeader('[120,64]', '[true,64]'), 'expected a value'],
  ['has NaN for a size', inHeader('[120,64]', '[NaN,64]'), 'expected a value'],
  ['has Infinity for a size', inHeader('[120,64]', '[Infinity,64]'), 'expected a value'],
  ['has a nested list for a shape', inHeader('[120,64]', '[[120,64]]'), 'expected a value'],
  ['has a number for a shape', inHeader('[120,64]', '7680'), 'expected "["'],
  ['has null for a shape', inHeader('[120,64]', 'null'), 'expected "["'],
  ['has a comma too many in a shape', inHeader('[120,64]', '[120,64,]'), 'expected a value'],
  ['has an open shape', inHeader('[120,64]', '[120,64'), 'expected a value'],
  [
    'has sizes whose product wraps around to the right one',
    inHeader('[120,64]', '[4294967296,4294967296,7680]'),
    'shape overflows',
  ],
  ['has sizes whose product is too large for bytes', inHeader('[120,64]', '[9007199254740991]'), 'shape overflows'],
  ['has a size of 2^53', inHeader('[120,64]', '[9007199254740992]'), '9007199254740992 is not a usable integer'],
  [
    'has a size of 2^64',
    inHeader('[120,64]', '[18446744073709551616]'),
    '18446744073709551616 is not a usable integer',
  ],
  ['has a size of 400 digits', inHeader('[120,64]', `[${'9'.repeat(400)}]`), 'number out of range'],
  [
    'has a product that overflows before a zero',
    inHeader('[120,64]', '[9007199254740991,9007199254740991,0]'),
    'shape overflows',
  ],
  ['has seventeen dimensions', inHeader('[120,64]', `[120,64${',1'.repeat(15)}]`), 'more than 16 numbers in a list'],
  ['has one offset', inHeader('[0,15360]', '[15360]'), 'dtype, shape or data_offsets is missing'],
  ['has three offsets', inHeader('[0,15360]', '[0,15360,15360]'), 'more than 2 numbers in a list'],
  ['has no offsets in the list', inHeader('[0,15360]', '[]'), 'dtype, shape or data_offsets is missing'],
  ['has an object for offsets', inHeader('[0,15360]', '{"0":0,"1":15360}'), 'expected "["'],
  ['has offsets beyond 2^53', inHeader('[0,15360]', '[9007199254740993,9007199254756353]'), 'is not a usable integer'],
  [
    'has offsets of 2^64, which wrap around',
    inHeader('[0,15360]', '[18446744073709551616,15360]'),
    'is not a usable integer',
  ],
];

const layouts: readonly Row[] = [
  ['starts after a hole', inHeader('[0,15360]', '[128,15360]'), 'offsets leave a hole or overlap'],
  ['has a hole between tensors', inHeader('[15360,15488]', '[15362,15488]'), 'offsets leave a hole or overlap'],
  ['has two tensors on the same bytes', inHeader('[15360,15488]', '[0,128]'), 'offsets leave a hole or overlap'],
  [
    'has tensors that overlap by two bytes',
    inHeader('[15360,15488]', '[15358,15486]'),
    'offsets leave a hole or overlap',
  ],
  [
    'has a tensor inside another',
    inHeader(second, second.replace('[15360,15488]', '[256,384]')),
    'offsets leave a hole or overlap',
  ],
  ['has offsets in reverse', inHeader('[0,15360]', '[15360,0]'), 'offsets leave a hole or overlap'],
  ['has an end before the file begins', inHeader('[0,15360]', '[0,-15360]'), '-15360 is not a usable integer'],
  [
    'has a tensor beyond the file',
    inHeader('[15360,15488]', '[1000000000,1000000128]'),
    'offsets leave a hole or overlap',
  ],
  ['has more bytes than a shape needs', inHeader('[120,64]', '[119,64]'), 'size does not match shape and dtype'],
  ['has fewer bytes than a shape needs', inHeader('[120,64]', '[121,64]'), 'size does not match shape and dtype'],
  ['has a transposed shape of another size', inHeader('[120,64]', '[64,121]'), 'size does not match shape and dtype'],
  ['has bytes for an empty tensor', inHeader('[120,64]', '[120,64,0]'), 'size does not match shape and dtype'],
  ['has bytes for a scalar', inHeader('[120,64]', '[]'), 'size does not match shape and dtype'],
  ['has the size of a dtype half as wide', inHeader('"BF16"', '"F8_E4M3"'), 'size does not match shape and dtype'],
  ['has the size of a dtype twice as wide', inHeader('"BF16"', '"F32"'), 'size does not match shape and dtype'],
  [
    'has a tensor that ends within a byte',
    inHeader(first, first.replace('BF16', 'F4').replace('[120,64]', '[3]')),
    'does not end on a whole byte',
  ],
  ['has an unnamed rest', inHeader(`,${second}`, ''), 'offsets leave a hole or overlap'],
];

/** What can be wrong inside one safetensors file. */
export const headerCases: readonly MalformedCase[] = [...lengths, ...texts, ...fields, ...layouts].map(
  ([name, spoil, reason]) => ({ name: `${WEIGHTS} ${name}`, control: 'llama', spoil, refusal: [WEIGHTS, reason] }),
);
