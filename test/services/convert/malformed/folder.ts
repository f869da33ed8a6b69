import { inConfig, inHeader, inTensors, type MalformedCase, WEIGHTS, withFile, withoutFile } from './case.ts';

const norm = 'model.norm.weight';
const zeros = (...shape: number[]): { shape: number[]; values: Float32Array } => ({
  shape,
  values: new Float32Array(shape.reduce((a, b) => a * b, 1)),
});
/** Turns the two-byte numbers of the first tensor into numbers of another dtype with the same size. */
const dtype = (name: string): MalformedCase['spoil'] => inHeader('"BF16"', `"${name}"`);

type Row = readonly [name: string, spoil: MalformedCase['spoil'], ...refusal: string[]];

/** Weights and config.json that are fine alone and do not fit each other. */
const mismatches: readonly Row[] = [
  ['the weights lack the last norm', inTensors((all) => void all.delete(norm)), `${norm} is missing from the weights`],
  [
    'the weights lack one projection',
    inTensors((all) => void all.delete('model.layers.1.mlp.up_proj.weight')),
    'model.layers.1.mlp.up_proj.weight is missing',
  ],
  [
    'the weights lack the embedding',
    inTensors((all) => void all.delete('model.embed_tokens.weight')),
    'model.embed_tokens.weight is missing',
  ],
  [
    'the weights name their tensors in another way',
    inTensors((all) => {
      for (const [name, tensor] of [...all]) {
        all.delete(name);
        all.set(name.replace('model.', 'transformer.'), tensor);
      }
    }),
    'is missing from the weights',
  ],
  [
    'a norm is a matrix',
    inTensors((all) => void all.set(norm, zeros(8, 8))),
    `${norm} is [8,8], config.json says [64]`,
  ],
  ['a norm is too long', inTensors((all) => void all.set(norm, zeros(65))), `${norm} is [65], config.json says [64]`],
  [
    'a matrix is turned around',
    inTensors((all) => void all.set('model.layers.0.mlp.down_proj.weight', zeros(96, 64))),
    'is [96,64], config.json says [64,96]',
  ],
  [
    'a matrix is empty',
    inTensors((all) => void all.set('model.layers.0.mlp.down_proj.weight', zeros(64, 0))),
    'is [64,0], config.json says [64,96]',
  ],
  [
    'a matrix has a third dimension',
    inTensors((all) => void all.set('model.layers.0.mlp.down_proj.weight', zeros(64, 96, 1))),
    'is [64,96,1]',
  ],
  ['the embedding has fewer rows than the vocabulary', inConfig({ vocab_size: 121 }), 'has 120 rows of 121'],
  [
    'config.json names more layers than there are',
    inConfig({ num_hidden_layers: 3 }),
    'model.layers.2.input_layernorm.weight is missing',
  ],
  ['config.json says another width', inConfig({ hidden_size: 128 }), 'config.json says [120,128]'],
  ['config.json says another inner width', inConfig({ intermediate_size: 97 }), 'config.json says [97,64]'],
  ['config.json says other heads', inConfig({ num_attention_heads: 8 }), 'config.json says [128,64]'],
  ['config.json says other key-value heads', inConfig({ num_key_value_heads: 1 }), 'config.json says [16,64]'],
  ['config.json says another head size', inConfig({ head_dim: 32 }), 'config.json says [128,64]'],
  ['config.json promises biases', inConfig({ attention_bias: true }), 'q_proj.bias is missing'],
  ['config.json promises biases in the feed-forward', inConfig({ mlp_bias: true }), 'gate_proj.bias is missing'],
  [
    'a weight is NaN',
    inTensors((all) => void all.get(norm)!.values.set([NaN], 3)),
    `${norm} holds weights that are not numbers`,
  ],
  [
    'a weight is infinite',
    inTensors((all) => void all.get('lm_head.weight')!.values.set([-Infinity], 99)),
    'lm_head.weight holds weights that are not numbers',
  ],
];

const dtypes: readonly Row[] = ['I16', 'U16'].map((name) => [
  `a weight has dtype ${name}`,
  dtype(name),
  `model.embed_tokens.weight has dtype ${name}`,
]);

const parts: readonly Row[] = [
  ['there is no config.json', withoutFile('config.json'), 'this repository has no config.json'],
  ['there is no tokenizer.json', withoutFile('tokenizer.json'), 'this repository has no tokenizer.json'],
  ['there are no weights', withoutFile(WEIGHTS), 'no safetensors weights in this folder'],
];

const texts: readonly Row[] = [
  [
    'tokenizer_config.json is cut off',
    withFile('tokenizer_config.json', '{"chat_template":"'),
    'tokenizer_config.json: is not JSON',
  ],
  [
    'tokenizer_config.json is huge',
    withFile('tokenizer_config.json', ' '.repeat(5_000_001)),
    'tokenizer_config.json: is 5000001 bytes long',
  ],
  ['tokenizer.json is cut off', withFile('tokenizer.json', '{"model":{"vocab":{'), 'tokenizer.json: is not JSON'],
  [
    'tokenizer.json is a Git LFS pointer',
    withFile('tokenizer.json', 'version https://git-lfs.github.com/spec/v1\n'),
    'tokenizer.json: is not JSON',
  ],
  [
    'generation_config.json is huge',
    withFile('generation_config.json', ' '.repeat(5_000_001)),
    'generation_config.json: is 5000001 bytes long',
  ],
  ['a licence is huge', withFile('LICENSE', ' '.repeat(5_000_001)), 'LICENSE: is 5000001 bytes long'],
];

const rows = (list: readonly Row[], code?: MalformedCase['code']): MalformedCase[] =>
  list.map(([name, spoil, ...refusal]) => ({ name, spoil, refusal, control: 'llama', ...(code && { code }) }));

/** What can be wrong with a folder whose weights are fine alone. */
export const folderCases: readonly MalformedCase[] = [
  ...rows(mismatches),
  ...rows(dtypes, 'unsupported-architecture'),
  ...rows(parts, 'nothing-to-run'),
  ...rows(texts),
];
