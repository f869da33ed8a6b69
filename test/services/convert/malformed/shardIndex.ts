import { apart, type Files, inHeader, INDEX, type MalformedCase, together, withFile, withoutFile } from './case.ts';

const [one, two] = ['model-00001-of-00003.safetensors', 'model-00002-of-00003.safetensors'] as const;

const inIndex =
  (from: string, to: string) =>
  (files: Files): void => {
    const text = files.get(INDEX)!.toString();
    if (!text.includes(from)) throw new Error(`the index has no ${from}`);
    files.set(INDEX, Buffer.from(text.replace(from, () => to)));
  };
const shardBecomes = (name: string): ((files: Files) => void) => inIndex(`"${one}"`, JSON.stringify(name));
const weightMap = (map: unknown): ((files: Files) => void) =>
  withFile(INDEX, JSON.stringify({ metadata: {}, weight_map: map }));

const texts = [
  ['is empty', withFile(INDEX, ''), 'expected "{"'],
  ['is a list', withFile(INDEX, '[]'), 'expected "{"'],
  ['is null', withFile(INDEX, 'null'), 'expected "{"'],
  ['is an HTML page', withFile(INDEX, '<!doctype html><title>Sign in</title>'), 'expected "{"'],
  ['is a Git LFS pointer', withFile(INDEX, 'version https://git-lfs.github.com/spec/v1\n'), 'expected "{"'],
  ['is cut off', (files: Files) => withFile(INDEX, files.get(INDEX)!.subarray(0, -20))(files), ' at character '],
  [
    'has text after its end',
    (files: Files) => withFile(INDEX, `${files.get(INDEX)!.toString()}{}`)(files),
    'text after the end',
  ],
  ['is longer than 25 MB', withFile(INDEX, `{${' '.repeat(25_000_000)}}`), 'is 25000002 bytes long'],
  ['is not UTF-8', withFile(INDEX, Uint8Array.of(0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d)), 'is not UTF-8'],
  ['names nothing', withFile(INDEX, '{}'), 'names no tensors'],
  ['names no tensors', weightMap({}), 'names no tensors'],
  ['has null for its map', weightMap(null), 'expected "{"'],
  ['has a list for its map', weightMap([]), 'expected "{"'],
  ['has a text for its map', weightMap(one), 'expected "{"'],
  [
    'has its map twice',
    inIndex('"metadata":', '"weight_map":{"a":"a.safetensors"},"metadata":'),
    'duplicate key "weight_map"',
  ],
  [
    'names a tensor twice',
    inIndex('"weight_map":{', `"weight_map":{"model.norm.weight":"${two}",`),
    'duplicate key "model.norm.weight"',
  ],
  ['has a number for a shard', inIndex(`"${one}"`, '1'), 'expected a string'],
  ['has null for a shard', inIndex(`"${one}"`, 'null'), 'expected a string'],
  ['has a list for a shard', inIndex(`"${one}"`, `["${one}"]`), 'expected a string'],
  ['has an object for a shard', inIndex(`"${one}"`, `{"file":"${one}"}`), 'expected a string'],
  ['has 20,000 levels of lists', inIndex('"metadata":', `"x":${'['.repeat(20_000)}`), 'nested too deeply'],
  [
    'names two thousand shards',
    weightMap(Object.fromEntries(Array.from({ length: 2000 }, (_, i) => [`${i}`, `${i}.safetensors`]))),
    'names 2000 shards',
  ],
] as const;

const names = [
  ['in a parent folder', `../${one}`],
  ['in a parent folder, for Windows', `..\\${one}`],
  ['in a parent folder, on the way', `a/../../${one}`],
  ['in a folder', `sub/${one}`],
  ['in this folder, said in a roundabout way', `./${one}`],
  ['at an absolute path', `/etc/${one}`],
  ['at an absolute path of Windows', `C:\\${one}`],
  ['at an address', `https://example.com/${one}`],
  ['in a file URL', `file:///etc/${one}`],
  ['on a network drive', `\\\\server\\share\\${one}`],
  ['in a stream of a Windows file', `x.txt:${one}`],
  ['with a zero byte', `${one}\0`],
  ['with a zero byte before its ending', 'x\0.safetensors'],
  ['with a line break', `${one}\n`],
  ['with a space', 'model 1.safetensors'],
  ['that is hidden', '.safetensors'],
  ['that is a parent folder', '..'],
  ['of another kind', 'pytorch_model.bin'],
  ['of another kind, at the end', `${one}.bin`],
  ['in capital letters', 'MODEL.SAFETENSORS'],
  ['without a name', ''],
  ['with a percent escape', '%2e%2e%2fx.safetensors'],
  ['with letters that turn around', 'x\u202esrosnetefas.safetensors'],
  ['with a thousand letters', `${'x'.repeat(1000)}.safetensors`],
].map(([name = '', shard = '']) => [`names a shard ${name}`, shardBecomes(shard), 'is not a shard name'] as const);

const places = [
  ['names a shard that is missing', withoutFile(two), [two, 'a shard that the index names is missing']],
  [
    'names a shard under a wrong number',
    shardBecomes('model-00004-of-00003.safetensors'),
    ['model-00004', 'is missing'],
  ],
  [
    'puts a tensor into another shard',
    inIndex(`"model.embed_tokens.weight":"${one}"`, `"model.embed_tokens.weight":"${two}"`),
    [INDEX, `model.embed_tokens.weight is not in ${two}`],
  ],
  [
    'names a tensor that no shard has',
    inIndex('"weight_map":{', `"weight_map":{"model.extra.weight":"${one}",`),
    [INDEX, `model.extra.weight is not in ${one}`],
  ],
  [
    'names two shards that hold the same tensors',
    (files: Files) => withFile(two, files.get(one)!)(files),
    [two, 'is in two shards'],
  ],
  ['names a shard that is empty', withFile(two, ''), [two, 'shorter than 8 bytes']],
  [
    'names a shard that is a Git LFS pointer',
    withFile(two, 'version https://git-lfs.github.com/spec/v1\n'),
    [two, 'the header claims'],
  ],
  [
    'names a shard that is cut off',
    (files: Files) => withFile(two, files.get(two)!.subarray(0, -2))(files),
    [two, 'tensors cover'],
  ],
  ['names a shard with a damaged header', inHeader('"BF16"', '"BF17"', two), [two, 'unknown dtype BF17']],
  [
    'names a shard whose tensors overlap',
    (files: Files) => {
      const { header, data } = apart(files.get(two)!);
      files.set(two, together(header.replace(/"data_offsets":\[0,(\d+)\]/, '"data_offsets":[2,$1]'), data));
    },
    [two, 'offsets leave a hole or overlap'],
  ],
] as const;

/** What can be wrong with a shard index and the shards it names. */
export const indexCases: readonly MalformedCase[] = [
  ...[...texts, ...names].map(([name, spoil, reason]) => ({ name, spoil, refusal: [INDEX, reason] })),
  ...places.map(([name, spoil, refusal]) => ({ name, spoil, refusal })),
].map((row) => ({ ...row, name: `${INDEX} ${row.name}`, control: 'llama in three shards' }));
