import { describe, expect, test } from 'vitest';
import { type Dtype, dtypes, type ModelCard, type ModelFile } from '../../../electron/contract/model.ts';
import { chooseEdition, explainCard } from '../../../electron/services/setup/chooseEdition.ts';
import { tinyConfigs } from '../../reference/configs.ts';

const file = (path: string, bytes = 1000): ModelFile => ({ path, bytes, sha256: 'a'.repeat(64) });
const small = ['README.md', 'config.json', 'generation_config.json', 'tokenizer.json', 'tokenizer_config.json'];
const llama = JSON.stringify(tinyConfigs['llama with tied embeddings']);
const phi = JSON.stringify({ architectures: ['SpectrumForCausalLM'], model_type: 'spectrum' });
const suffixes: Readonly<Record<Dtype, string>> = {
  fp32: '',
  fp16: '_fp16',
  q8: '_quantized',
  q4: '_q4',
  q4f16: '_q4f16',
};
const graph = (dtype: Dtype): string => `onnx/model${suffixes[dtype]}.onnx`;

/** What was chosen: dtype, whether it is ready, and the files that are not small. */
function chosen(names: readonly string[], config: string, dtype: Dtype = 'q4') {
  const result = chooseEdition(
    [...small, ...names].map((name) => file(name)),
    config,
    dtype,
  );
  if (!result.ok) return result.problem.code;
  const weights = result.value.files.map(({ path }) => path).filter((path) => !small.includes(path));
  return { dtype: result.value.dtype, ready: result.value.ready === true, weights };
}

describe('a repository with ready ONNX files', () => {
  const all = dtypes.map(graph);
  test.each(dtypes)('gives the files of %s and of no other dtype', (dtype) => {
    const others = ['onnx/model_bnb4.onnx', 'onnx/model_int8.onnx', 'onnx/model_uint8.onnx'];
    expect(chosen([...all, ...others], phi, dtype)).toEqual({ dtype, ready: true, weights: [graph(dtype)] });
  });
  test('its small files come along, its pickles and the weights it was made from do not', () => {
    const names = ['pytorch_model.bin', 'original/consolidated.00.pth', 'model.gguf', graph('q4'), 'onnx/README.md'];
    const result = chooseEdition(
      [...small, ...names].map((name) => file(name)),
      phi,
      'q4',
    );
    expect(result.ok && result.value.files.map(({ path }) => path)).toEqual([...small, graph('q4')]);
  });
  test('all parts of the weights beside the graph come along, and none of another graph', () => {
    const data = [`${graph('q4')}_data`, `${graph('q4')}_data_1`, `${graph('q4')}_data_2`];
    const names = [graph('fp32'), `${graph('fp32')}_data`, graph('q4'), ...data, `${graph('q4')}_data_9`];
    expect(chosen(names, phi)).toEqual({ dtype: 'q4', ready: true, weights: [graph('q4'), ...data] });
  });
  test.each([
    ['q4', ['fp32', 'fp16', 'q8'], 'q8'],
    ['q4', ['fp16', 'q4f16'], 'q4f16'],
    ['q4', ['fp32'], 'fp32'],
    ['q4f16', ['fp32', 'q4', 'fp16'], 'fp16'],
    ['q8', ['q4', 'fp32'], 'fp32'],
    ['fp16', ['q4', 'q8'], 'q8'],
    ['fp32', ['q4', 'fp16'], 'fp16'],
  ] as const)('without %s, of %j gives %s', (wanted, there, taken) => {
    expect(chosen(there.map(graph), phi, wanted)).toEqual({ dtype: taken, ready: true, weights: [graph(taken)] });
  });
  test.each([
    [true, ['_data']],
    [2, ['_data', '_data_1']],
    [{ 'model_q4.onnx': 1 }, ['_data']],
    [{ model: true }, ['_data']],
    [{ 'model_fp16.onnx': 3 }, []],
    [0, []],
    [false, []],
    [-1, []],
    [1e9, []],
    ['yes', []],
  ])(
    'whose config.json promises weights beside the graph as %j is complete with %j, not with less',
    (format, parts) => {
      const config = JSON.stringify({
        model_type: 'x',
        'transformers.js_config': { use_external_data_format: format },
      });
      const whole = [graph('q4'), ...parts.map((part) => graph('q4') + part)];
      expect(chosen(whole, config)).toMatchObject({ weights: whole });
      if (parts.length > 0) expect(chosen(whole.slice(0, -1), config)).toBe('nothing-to-run');
      if (parts.length > 0)
        expect(chosen([...whole.slice(0, -1), graph('fp32')], JSON.stringify({ model_type: 'x' }))).toBeTypeOf(
          'object',
        );
    },
  );
  test('that was made for images or encodes text is nothing to chat with', () => {
    expect(chosen(all, JSON.stringify({ architectures: ['BertModel'] }))).toBe('nothing-to-run');
    expect(chosen(all, JSON.stringify({ architectures: ['ViTForImageClassification'] }))).toBe('nothing-to-run');
  });
  test('a name that leaves its folder is refused before anything else', () => {
    expect(chosen([graph('q4'), 'onnx/../../x'], phi)).toBe('unsafe-file-name');
  });
});

describe('official safetensors weights', () => {
  test('are converted where Latchkey can, although ONNX files are there', () => {
    expect(chosen(['model.safetensors', graph('q4')], llama)).toEqual({
      dtype: 'q4',
      ready: false,
      weights: ['model.safetensors'],
    });
  });
  test('of an architecture that it cannot convert give way to ONNX files, and are named where there are none', () => {
    expect(chosen(['model.safetensors', graph('q4')], phi)).toMatchObject({ ready: true, weights: [graph('q4')] });
    expect(chosen(['model.safetensors'], phi)).toBe('unsupported-architecture');
  });
  test('that are not complete give way to ONNX files, and are named where there are none', () => {
    const part = ['model.safetensors.index.json', 'model-00001-of-00002.safetensors'];
    expect(chosen([...part, graph('q4')], llama)).toMatchObject({ ready: true, weights: [graph('q4')] });
    expect(chosen(part, llama)).toBe('nothing-to-run');
  });
  test.each(['', 'null', '[]', '{"architectures":'])('config.json %j is named', (config) => {
    expect(chosen(['model.safetensors', graph('q4')], config)).toBe('damaged-file');
  });
});

describe('what the Hub tells anybody', () => {
  const card = (architecture: string | undefined, ...files: string[]): ModelCard => ({
    repo: 'a/b',
    commit: 'c'.repeat(40),
    gate: 'none',
    licence: 'mit',
    excludesEu: false,
    form: [],
    private: false,
    disabled: false,
    files,
    ...(architecture !== undefined && { architecture }),
  });
  test.each([
    [card('LlamaForCausalLM', 'model.safetensors'), undefined],
    [card('SpectrumForCausalLM', 'model.safetensors'), 'unsupported-architecture'],
    [card('SpectrumForCausalLM', 'onnx/model_q4.onnx'), undefined],
    [card(undefined, 'onnx/model.onnx'), undefined],
    [card(undefined, 'onnx/vision_encoder.onnx'), 'nothing-to-run'],
    [card(undefined, 'model.gguf'), 'nothing-to-run'],
  ])('%j', (one, code) => {
    expect(explainCard(one)?.code).toBe(code);
  });
});
