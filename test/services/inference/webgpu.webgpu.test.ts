/** The graph, the cache and the loss of a device on WebGPU; on machines without a card through Mesa's software Vulkan. */
import { fork } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { childEnvironment } from '../../../electron/hosts/childEnvironment.ts';
import { loadTokenizer } from '../../../electron/services/inference/tokenizer.ts';
import { convertedPractice, removeFolders } from './models.ts';

const child = fileURLToPath(new URL('webgpuChild.ts', import.meta.url));
const questions = new URL('../../../build/practice-model/check-questions.json', import.meta.url);

interface Answer {
  readonly ids: readonly number[];
  readonly again: readonly number[];
  readonly location: string;
  readonly fell: string;
}

function ask(job: object): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const running = fork(child, [JSON.stringify(job)], { env: childEnvironment(process.env) });
    running.once('message', (answer) => {
      running.removeAllListeners('exit');
      running.kill('SIGKILL');
      resolve(answer as Answer);
    });
    running.once('exit', (code, signal) => reject(new Error(`the process ended: ${code} ${signal}`)));
  });
}

// An answer that the model was taught: where it is unsure, half precision may choose the next word differently.
const tokens = 24;
let prompt: readonly number[];
let q4: string;
let q4f16: string;
beforeAll(async () => {
  [q4, q4f16] = [await convertedPractice('q4'), await convertedPractice('q4f16')];
  const taught = JSON.parse(readFileSync(questions, 'utf8')) as readonly { question: string; answer: string }[];
  const [longest] = taught.toSorted((a, b) => b.answer.length - a.answer.length);
  const tokenizer = await loadTokenizer(q4);
  prompt = tokenizer.encodeRendered(tokenizer.renderChat([{ role: 'user', text: longest?.question ?? '' }]));
});
afterAll(removeFolders);

describe.each([
  ['the q4 graph in single precision', () => join(q4, 'onnx/model_q4.onnx')],
  ['the q4 graph in half precision', () => join(q4, 'onnx/half_q4.onnx')],
  ['the q4f16 graph', () => join(q4f16, 'onnx/model_q4f16.onnx')],
])('%s', (_, graph) => {
  it(
    'writes the ids of the CPU, keeps its cache on the device, and takes tokens back there',
    { timeout: 120_000 },
    async () => {
      const job = { graph: graph(), prompt, tokens };
      const reference = await ask({ ...job, device: 'cpu' });
      const found = await ask({ ...job, device: 'webgpu', again: 4 });
      expect(found.ids).toEqual(reference.ids);
      expect(found.again).toEqual(reference.ids);
      expect(found.location).toBe('gpu-buffer');
      expect(reference.location).toBe('not fetched'); // the CPU's loop fetches new rows only
    },
  );
});

it('half precision over single-precision weights computes as weights stored in half precision', async () => {
  const of = (graph: string): Promise<Answer> => ask({ graph, device: 'cpu', prompt, tokens });
  const [cast, stored] = [await of(join(q4, 'onnx/half_q4.onnx')), await of(join(q4f16, 'onnx/model_q4f16.onnx'))];
  expect(cast.ids).toEqual(stored.ids);
});

it.each([0, 1, 7])(
  'goes on with the CPU within the answer when the device is lost after %d runs',
  { timeout: 120_000 },
  async (loseAfter) => {
    const job = { graph: join(q4, 'onnx/model_q4.onnx'), prompt, tokens };
    const reference = await ask({ ...job, device: 'cpu' });
    const found = await ask({ ...job, device: 'webgpu', loseAfter, cpuGraph: join(q4, 'onnx/loop_q4.onnx') });
    expect(found.ids).toEqual(reference.ids);
    expect(found.fell).toContain('device lost');
  },
);
