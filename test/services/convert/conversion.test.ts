import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import {
  type ConversionReport,
  convertModel,
  type ConvertOptions,
} from '../../../electron/services/convert/convert.ts';
import { sweepUnfinished } from '../../../electron/services/models/manifest.ts';
import { type ModelConfig, tinyModel, writeCheckpoint } from '../../reference/checkpoint.ts';
import { tinyConfigs } from '../../reference/configs.ts';
import { readConfig } from '../../reference/decoder.ts';

const practiceModel = join(import.meta.dirname, '../../../electron/practice/model');
const room = mkdtempSync(join(tmpdir(), 'conversion-'));
afterAll(() => rmSync(room, { recursive: true, force: true }));

let folders = 0;
const fresh = (): string => join(room, `${++folders}`);

function official(config: ModelConfig, options: Parameters<typeof writeCheckpoint>[2] = {}): string {
  const source = fresh();
  writeCheckpoint(source, tinyModel(config, 3), options);
  return source;
}

async function converted(
  options: Omit<ConvertOptions, 'output'>,
): Promise<{ output: string; report: ConversionReport }> {
  const output = fresh();
  const result = await convertModel({ ...options, output });
  if (!result.ok) throw new Error(JSON.stringify(result.problem));
  return { output, report: result.value };
}

async function problemOf(options: Omit<ConvertOptions, 'output'>): Promise<string> {
  const output = fresh();
  const result = await convertModel({ ...options, output });
  expect(existsSync(output)).toBe(false);
  expect(readdirSync(room).filter((name) => name.startsWith('.tmp-'))).toEqual([]);
  return result.ok ? 'converted' : result.problem.code;
}

const hashes = (report: ConversionReport): string => JSON.stringify(report.files);
/** Large enough to take a moment. */
const wide: ModelConfig = {
  ...tinyConfigs.llama,
  hidden_size: 256,
  intermediate_size: 512,
  vocab_size: 4000,
  num_hidden_layers: 4,
};
let wideSource: string | undefined;
const officialWide = (): string => (wideSource ??= official(wide));

describe('the output folder', () => {
  it('has the layout that transformers.js reads, and reports what is on disk', async () => {
    const source = official(tinyConfigs.llama);
    writeFileSync(join(source, 'generation_config.json'), '{"eos_token_id":[1,2]}');
    writeFileSync(join(source, 'chat_template.jinja'), '{{ messages }}');
    writeFileSync(join(source, 'USE_POLICY.md'), 'Be kind.');
    writeFileSync(join(source, 'pytorch_model.bin'), 'never copied');
    const { output, report } = await converted({ source, dtype: 'q4' });
    expect(report.files.map((file) => file.path)).toEqual([
      'LICENSE',
      'USE_POLICY.md',
      'chat_template.jinja',
      'config.json',
      'generation_config.json',
      'onnx/half_q4.onnx',
      'onnx/loop_q4.onnx',
      'onnx/model_q4.onnx',
      'onnx/model_q4.onnx_data',
      'tokenizer.json',
      'tokenizer_config.json',
    ]);
    for (const file of report.files) {
      const bytes = readFileSync(join(output, file.path));
      expect({
        path: file.path,
        bytes: bytes.length,
        sha256: createHash('sha256').update(bytes).digest('hex'),
      }).toEqual(file);
    }
    expect(report.bytes).toBe(report.files.reduce((total, file) => total + file.bytes, 0));
    expect(report.instruct).toBe(true);
    const { 'transformers.js_config': settings, ...rest } = readConfig(output);
    expect(rest).toEqual(readConfig(source));
    expect(settings).toEqual({ dtype: 'q4', use_external_data_format: { 'model_q4.onnx': 1 } });
  });

  it('lets the caller add a manifest before it gets its name', async () => {
    const source = official(tinyConfigs.llama);
    const { output } = await converted({
      source,
      dtype: 'q8',
      beforePublish: async (folder, report) => writeFileSync(join(folder, 'manifest.json'), hashes(report)),
    });
    expect(existsSync(join(output, 'manifest.json'))).toBe(true);
  });

  it('leaves the official files as they were', async () => {
    const source = official(tinyConfigs.llama);
    const before = readdirSync(source).map((name) => readFileSync(join(source, name), 'base64'));
    await converted({ source, dtype: 'q4' });
    expect(readdirSync(source).map((name) => readFileSync(join(source, name), 'base64'))).toEqual(before);
  });
});

describe('the same input gives the same bytes', () => {
  it.each(['fp32', 'q8', 'q4', 'q4f16'] as const)('%s, on one thread and on several', async (dtype) => {
    const source = officialWide();
    const here = await converted({ source, dtype, threads: 0 });
    const threaded = await converted({ source, dtype, threads: 2 });
    expect(hashes(threaded.report)).toBe(hashes(here.report));
  });

  // Recorded on Linux with an Intel processor. Whatever else is different there, a machine that fails this writes other
  // bytes from the same weights; a change of recipe records them anew.
  it.each([
    ['fp32', '6b322aabef0ccfa5'],
    ['fp16', 'd9edb31ece30e135'],
    ['q8', '05bc49bf7eb09159'],
    ['q4', '5f85e19c6e2406f5'],
    ['q4f16', '7374dd7718e73e17'],
  ] as const)('%s of the practice model, on every system', async (dtype, recorded) => {
    const { report } = await converted({ source: practiceModel, dtype });
    expect(report.files.find((file) => file.path.endsWith('_data'))?.sha256.slice(0, 16)).toBe(recorded);
  });

  it('whether the weights are in one file or in shards, and in whatever dtype holds them exactly', async () => {
    const config = tinyConfigs['llama with tied embeddings'];
    const data = async (options: Parameters<typeof writeCheckpoint>[2]): Promise<string | undefined> => {
      const { report } = await converted({ source: official(config, options), dtype: 'q4' });
      return report.files.find((file) => file.path.endsWith('_data'))?.sha256;
    };
    const single = await data({});
    expect(single).toMatch(/^[0-9a-f]{64}$/);
    expect(await data({ shards: 3 })).toBe(single);
    expect(await data({ dtype: 'F32' })).toBe(single);
  });
});

describe('a conversion that cannot be finished', () => {
  it('is refused with the name of an unknown architecture', async () => {
    const source = official({ ...tinyConfigs.llama, architectures: ['LlamaForCausalLM'] });
    writeFileSync(
      join(source, 'config.json'),
      JSON.stringify({ ...tinyConfigs.llama, architectures: ['MambaForCausalLM'] }),
    );
    expect(await problemOf({ source, dtype: 'q4' })).toBe('unsupported-architecture');
  });

  it('tells missing parts from damaged ones', async () => {
    const source = official(tinyConfigs.llama);
    const without = (name: string): string => {
      const copy = fresh();
      cpSync(source, copy, { recursive: true });
      rmSync(join(copy, name));
      return copy;
    };
    expect(await problemOf({ source: without('config.json'), dtype: 'q4' })).toBe('nothing-to-run');
    expect(await problemOf({ source: without('tokenizer.json'), dtype: 'q4' })).toBe('nothing-to-run');
    expect(await problemOf({ source: without('model.safetensors'), dtype: 'q4' })).toBe('nothing-to-run');
    const short = without('model.safetensors');
    writeFileSync(join(short, 'model.safetensors'), readFileSync(join(source, 'model.safetensors')).subarray(0, -1));
    expect(await problemOf({ source: short, dtype: 'q4' })).toBe('damaged-file');
    const taller = fresh();
    writeCheckpoint(taller, {
      ...tinyModel(tinyConfigs.llama),
      config: { ...tinyConfigs.llama, intermediate_size: 97 },
    });
    expect(await problemOf({ source: taller, dtype: 'q4' })).toBe('damaged-file');
  });

  it.each([NaN, Infinity, -Infinity])('is refused when a weight is %s', async (value) => {
    for (const name of ['model.layers.1.mlp.up_proj.weight', 'model.norm.weight']) {
      for (const threads of [0, 1]) {
        const model = tinyModel(tinyConfigs.llama);
        model.tensors.get(name)!.values[5] = value;
        const source = fresh();
        writeCheckpoint(source, model);
        expect(await problemOf({ source, dtype: 'q4', threads })).toBe('damaged-file');
      }
    }
  });

  // The best of a few tries: a clock counts what else the machine does.
  it.each([0, 2])(
    'answers a cancel within half a second (%i threads) and leaves nothing',
    { retry: 3 },
    async (threads) => {
      const source = officialWide();
      const cancel = new AbortController();
      let cancelledAt = 0;
      const onProgress = ({ doneBytes, totalBytes }: { doneBytes: number; totalBytes: number }): void => {
        if (cancelledAt || doneBytes < totalBytes * 0.2) return;
        cancelledAt = performance.now();
        cancel.abort();
      };
      expect(await problemOf({ source, dtype: 'q4', threads, onProgress, signal: cancel.signal })).toBe('cancelled');
      expect(cancelledAt).toBeGreaterThan(0);
      expect(performance.now() - cancelledAt).toBeLessThan(500);
    },
  );

  it('never touches a folder that is there already', async () => {
    const output = fresh();
    mkdirSync(output);
    writeFileSync(join(output, 'mine'), 'keep me');
    const result = await convertModel({ source: official(tinyConfigs.llama), output, dtype: 'q4' });
    expect(result.ok ? 'converted' : result.problem.code).toBe('internal');
    expect(readdirSync(output)).toEqual(['mine']);
  });

  it('does nothing when it was cancelled before it began', async () => {
    expect(await problemOf({ source: official(tinyConfigs.llama), dtype: 'q4', signal: AbortSignal.abort() })).toBe(
      'cancelled',
    );
  });
});

describe('a conversion that is killed', () => {
  const entry = new URL('../../../electron/services/convert/convert.ts', import.meta.url).href;
  const script = (source: string, output: string): string => `
    import { writeSync } from 'node:fs';
    import { convertModel } from ${JSON.stringify(entry)};
    writeSync(1, 'started\\n');
    const result = await convertModel({
      source: ${JSON.stringify(source)}, output: ${JSON.stringify(output)}, dtype: 'q8', threads: 0,
      beforePublish: async () => void writeSync(1, 'publishing\\n'),
    });
    writeSync(1, result.ok ? 'done\\n' : 'failed\\n');
  `;
  const convert = (source: string, output: string): ReturnType<typeof spawn> =>
    spawn(process.execPath, ['--input-type=module', '-e', script(source, output)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });

  /** Runs a conversion and kills it `delay` milliseconds after it said `word`; answers what it had said by its end. */
  const killed = async (source: string, output: string, word: string, delay: number): Promise<string> => {
    const child = convert(source, output);
    let said = '';
    child.stdout?.on('data', (text: Buffer) => {
      const before = said.includes(word);
      said += text.toString();
      if (!before && said.includes(word)) setTimeout(() => child.kill('SIGKILL'), delay);
    });
    await new Promise((resolve) => child.once('close', resolve));
    return said;
  };

  // Eight processes one after the other, on a machine that may have other work.
  it(
    'leaves either nothing or the whole model under the final name, and the sweep takes the rest',
    { timeout: 120_000 },
    async () => {
      const source = officialWide();
      const models = fresh();
      const whole = join(models, 'whole');
      expect(await killed(source, whole, 'done', 60_000)).toContain('done');
      const names = readdirSync(whole, { recursive: true, encoding: 'utf8' }).filter((name) => name.includes('.'));
      const kills = [
        ['started', 5],
        ['started', 60],
        ['publishing', 0],
        ['publishing', 1],
        ['publishing', 2],
        ['publishing', 4],
        ['publishing', 8],
      ] as const;
      for (const [word, delay] of kills) {
        const output = join(models, `killed ${delay} ms after ${word}`);
        await killed(source, output, word, delay);
        const complete = (name: string): boolean =>
          existsSync(join(output, name)) && readFileSync(join(output, name)).equals(readFileSync(join(whole, name)));
        if (existsSync(output)) expect(names.filter((name) => !complete(name))).toEqual([]);
      }
      const left = readdirSync(models).filter((name) => name.startsWith('.tmp-')).length;
      expect(await sweepUnfinished(models)).toBe(left);
      expect(readdirSync(models).every((name) => !name.startsWith('.'))).toBe(true);
      expect(names.every((name) => existsSync(join(whole, name)))).toBe(true);
      expect(await sweepUnfinished(join(models, 'not here'))).toBe(0);
    },
  );
});
