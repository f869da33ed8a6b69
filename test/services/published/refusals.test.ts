/** Folders that cannot be taken in: refused by name before anything is read in full, while the sound twin is shown. */
import { spawnSync } from 'node:child_process';
import {
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { convertedPractice, removeFolders } from '../inference/models.ts';
import { Place } from './place.ts';

const place = new Place();
let ready: string;
beforeAll(async () => {
  ready = await convertedPractice('q4');
});
afterAll(() => {
  place.end();
  removeFolders();
});

const [first, second] = ['model-00001-of-00002.safetensors', 'model-00002-of-00002.safetensors'];
const index = 'model.safetensors.index.json';
const change = (folder: string, name: string, from: string | RegExp, to: string): void => {
  const text = readFileSync(join(folder, name), 'latin1');
  const changed = text.replace(from, to);
  expect(changed).not.toBe(text);
  writeFileSync(join(folder, name), changed, 'latin1');
};
const withoutWeights = (folder: string): void => {
  for (const name of [first, second, index]) rmSync(join(folder, name));
};

type Spoil = (folder: string) => void;
/** Name, what is done, the code, and what its words must say. */
type Row = readonly [string, Spoil, string, RegExp];

const rows: readonly Row[] = [
  [
    'an architecture nobody knows',
    (at) => change(at, 'config.json', 'LlamaForCausalLM', 'MambaForCausalLM'),
    'unsupported-architecture',
    /MambaForCausalLM/,
  ],
  [
    'weights that config.json calls int4',
    (at) => change(at, 'config.json', 'bfloat16', 'int4'),
    'unsupported-architecture',
    /dtype int4/,
  ],
  [
    'weights of a type that is not read',
    (at) => change(at, first, /"dtype":\s*"BF16"/, '"dtype":"I16" '),
    'unsupported-architecture',
    /dtype I16/,
  ],
  [
    'weights that config.json does not describe',
    (at) => change(at, 'config.json', '"hidden_size": 192', '"hidden_size": 384'),
    'damaged-file',
    /config\.json says/,
  ],
  [
    'pickles only',
    (at) => {
      withoutWeights(at);
      writeFileSync(join(at, 'pytorch_model.bin'), 'x');
    },
    'nothing-to-run',
    /pickle.*pytorch_model\.bin.*safetensors/s,
  ],
  [
    'GGUF only',
    (at) => {
      withoutWeights(at);
      writeFileSync(join(at, 'model-Q4_K_M.gguf'), 'GGUF');
    },
    'nothing-to-run',
    /GGUF/,
  ],
  [
    'an addition to another model',
    (at) => {
      rmSync(join(at, 'config.json'));
      writeFileSync(join(at, 'adapter_config.json'), '{}');
    },
    'nothing-to-run',
    /addition to another model/,
  ],
  ['no weights', withoutWeights, 'nothing-to-run', /there are no weights/],
  ['a shard that is cut off', (at) => truncateSync(join(at, second), 500_000), 'damaged-file', /model-00002-of-00002/],
  [
    'a shard of nonsense',
    (at) => writeFileSync(join(at, first), Buffer.alloc(50_000, 0xff)),
    'damaged-file',
    /model-00001-of-00002.*header/,
  ],
  [
    'a shard missing that the index names',
    (at) => rmSync(join(at, second)),
    'damaged-file',
    /model-00002-of-00002.*missing/,
  ],
  [
    'a shard that is a link to nothing, as in a cache that was swept',
    (at) => {
      rmSync(join(at, second));
      symlinkSync('../../blobs/gone', join(at, second));
    },
    'damaged-file',
    /model-00002-of-00002.*missing/,
  ],
  [
    'a pipe instead of a shard',
    (at) => {
      rmSync(join(at, first));
      spawnSync('mkfifo', [join(at, first)]);
    },
    'damaged-file',
    /model-00001-of-00002.*not a regular file/,
  ],
  ['an index that is cut off', (at) => truncateSync(join(at, index), 100), 'damaged-file', /index\.json/],
  [
    'what git leaves without its extension for large files',
    (at) => writeFileSync(join(at, first), 'version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 4952\n'),
    'damaged-file',
    /git lfs pull/,
  ],
  ['no tokenizer', (at) => rmSync(join(at, 'tokenizer.json')), 'nothing-to-run', /tokenizer\.json is missing/],
  [
    'a tokenizer that is cut off',
    (at) => truncateSync(join(at, 'tokenizer.json'), 1000),
    'damaged-file',
    /tokenizer\.json/,
  ],
  ['no config.json', (at) => rmSync(join(at, 'config.json')), 'nothing-to-run', /config\.json is missing/],
  ['a config.json that is none', (at) => writeFileSync(join(at, 'config.json'), '{'), 'damaged-file', /config\.json/],
  [
    'a pipe instead of config.json',
    (at) => {
      rmSync(join(at, 'config.json'));
      spawnSync('mkfifo', [join(at, 'config.json')]);
    },
    'nothing-to-run',
    /config\.json is missing/,
  ],
];

describe('official safetensors with', () => {
  test.each(rows)('%s', async (_name, spoil, code, words) => {
    const folder = place.official();
    expect(await place.published.inspect(folder)).toMatchObject({ ok: true }); // the control
    spoil(folder);
    const refused = await place.published.inspect(folder);
    expect(refused).toMatchObject({ ok: false, problem: { code } });
    if (refused.ok) return;
    const { title, explanation, actions, evidence } = refused.problem;
    expect(`${title}. ${explanation}`).toMatch(words);
    expect(explanation).toContain('the folder was not changed');
    // Nothing leads to a Hub that was never asked.
    expect(actions.filter(({ kind }) => kind === 'request' || kind === 'page')).toEqual([]);
    expect(explanation).not.toMatch(/download|Hub/i);
    expect(evidence.length).toBe(1);
    expect(await place.published.takeIn(folder, 'f'.repeat(64), place.job())).toMatchObject({ ok: false });
    expect(readdirSync(place.models)).toEqual([]);
  });
});

describe('ready ONNX files with', () => {
  test.each<Row>([
    [
      'their weights missing',
      (at) => rmSync(join(at, 'onnx', 'model_q4.onnx_data')),
      'nothing-to-run',
      /ONNX files are not complete/,
    ],
    ['no tokenizer', (at) => rmSync(join(at, 'tokenizer.json')), 'nothing-to-run', /tokenizer\.json is missing/],
    [
      'a tokenizer that is cut off',
      (at) => truncateSync(join(at, 'tokenizer.json'), 1000),
      'damaged-file',
      /tokenizer\.json/,
    ],
    [
      'a model in them that writes no text',
      (at) => change(at, 'config.json', 'LlamaForCausalLM', 'WhisperEncoder'),
      'nothing-to-run',
      /writes text/,
    ],
  ])('%s', async (_name, spoil, code, words) => {
    const folder = place.official('Ready', ready);
    expect(await place.published.inspect(folder)).toMatchObject({ ok: true, value: { ready: true } });
    spoil(folder);
    const refused = await place.published.inspect(folder);
    expect(refused).toMatchObject({
      ok: false,
      problem: { code, explanation: expect.stringMatching(words) as string },
    });
    expect(readdirSync(place.models)).toEqual([]);
  });

  test('a graph that is none is found when it is tried, and nothing stays', async () => {
    const folder = place.official('Ready', ready);
    writeFileSync(join(folder, 'onnx', 'model_q4.onnx'), 'graph');
    const taken = await place.takeIn(folder);
    expect(taken.ok).toBe(false);
    expect(readdirSync(place.models)).toEqual([]);
  });
});

describe('around it', () => {
  test('a folder with nothing of a model, or with several, is said to be that', async () => {
    const around = join(place.root, 'around');
    mkdirSync(around);
    writeFileSync(join(around, 'letter.txt'), 'Dear Ada');
    const empty = await place.published.inspect(around);
    expect(empty).toMatchObject({ ok: false, problem: { code: 'import-refused' } });
    renameSync(place.official(), join(around, 'one'));
    expect(await place.published.inspect(around)).toMatchObject({ ok: true, value: { name: 'one' } });
    renameSync(place.official(), join(around, 'two'));
    const several = await place.published.inspect(around);
    expect(several).toMatchObject({ ok: false, problem: { code: 'import-refused' } });
    if (!several.ok) expect(several.problem.explanation).toContain('more than one');
  });

  test('what would not fit on the disk is said with its size, and refused before anything is read in full', async () => {
    // Weights without bytes: a file may be longer than its disk.
    const folder = place.official();
    withoutWeights(folder);
    const [hidden, vocabulary, wide] = [65_536, 4_194_304, 1_048_576];
    const layers = [0, 1, 2, 3];
    const config = JSON.parse(readFileSync(join(folder, 'config.json'), 'utf8')) as Record<string, unknown>;
    const sizes = { hidden_size: hidden, vocab_size: vocabulary, intermediate_size: wide };
    writeFileSync(
      join(folder, 'config.json'),
      JSON.stringify({ ...config, ...sizes, num_hidden_layers: layers.length }),
    );
    const shapes: Record<string, number[]> = {
      'model.embed_tokens.weight': [vocabulary, hidden],
      'model.norm.weight': [hidden],
    };
    for (const layer of layers) {
      const parts: Record<string, number[]> = {
        input_layernorm: [hidden],
        post_attention_layernorm: [hidden],
        'self_attn.q_proj': [192, hidden],
        'self_attn.k_proj': [64, hidden],
        'self_attn.v_proj': [64, hidden],
        'self_attn.o_proj': [hidden, 192],
        'mlp.gate_proj': [wide, hidden],
        'mlp.up_proj': [wide, hidden],
        'mlp.down_proj': [hidden, wide],
      };
      for (const [part, shape] of Object.entries(parts)) shapes[`model.layers.${String(layer)}.${part}.weight`] = shape;
    }
    let at = 0;
    const header = Object.entries(shapes).map(([name, shape]) => {
      const end = at + shape.reduce((a, b) => a * b, 2);
      const entry = [name, { dtype: 'BF16', shape, data_offsets: [at, end] }];
      at = end;
      return entry;
    });
    const text = Buffer.from(JSON.stringify(Object.fromEntries(header)));
    const length = Buffer.alloc(8);
    length.writeBigUInt64LE(BigInt(text.length));
    writeFileSync(join(folder, 'model.safetensors'), Buffer.concat([length, text]));
    truncateSync(join(folder, 'model.safetensors'), 8 + text.length + at);
    const shown = await place.published.inspect(folder);
    if (!shown.ok) throw new Error(JSON.stringify(shown.problem));
    expect(shown.value.convertedBytes).toBeGreaterThan(shown.value.freeBytes);
    place.notes.length = 0;
    const refused = await place.published.takeIn(folder, shown.value.fingerprint, place.job());
    expect(refused).toMatchObject({ ok: false, problem: { code: 'disk-full' } });
    expect(place.notes).toEqual([]);
    expect(readdirSync(place.models)).toEqual([]);
  });
});
