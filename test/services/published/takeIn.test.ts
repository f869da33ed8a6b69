/** Official files that a person brought: from the folder to an answer, with nobody asked and nothing changed. */
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, truncateSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { InstalledModel } from '../../../electron/contract/model.ts';
import type { Progress } from '../../../electron/contract/setup.ts';
import { listModels, readManifest, sweepUnfinished, verifyModel } from '../../../electron/services/models/manifest.ts';
import { nameOf } from '../../../electron/services/published/folder.ts';
import { licenceNamed } from '../../../electron/services/published/look.ts';
import { convertWork } from '../../../electron/workers/convertWork.ts';
import { convertedPractice, greedy, removeFolders } from '../inference/models.ts';
import { practice } from '../setup/prepareRoom.ts';
import { Place, sha256, stateOf } from './place.ts';

/** Bytes of a large file, most of it a hole, and of what is read of it at a time. */
const [large, chunk] = [256 * 2 ** 20, 4 * 2 ** 20];

let place: Place;
beforeEach(() => {
  place = new Place();
});
afterEach(() => place.end());
afterAll(removeFolders);

/** One of the questions whose answers the model was taught word for word. */
const [taught] = JSON.parse(readFileSync('build/practice-model/check-questions.json', 'utf8')) as [
  { question: string; answer: string },
];

async function answerOf({ engine }: Place, model: InstalledModel): Promise<string> {
  let text = '';
  const asked = await engine.generate(
    model,
    { cacheKey: 'c', messages: [{ role: 'user', text: taught.question }], sampling: greedy },
    { signal: new AbortController().signal, onText: (piece) => (text += piece) },
  );
  expect(asked.ok).toBe(true);
  return text;
}

/** What an author who made ONNX files publishes. */
async function readyFolder(): Promise<string> {
  const made = await convertedPractice('q4');
  for (const ours of ['loop_q4.onnx', 'half_q4.onnx']) rmSync(join(made, 'onnx', ours));
  return made;
}

describe('a folder of official files', () => {
  test('is shown as what it is, without a word about who published it', async () => {
    const folder = place.official();
    const shown = await place.published.inspect(folder);
    const bytes = readdirSync(practice).reduce((sum, name) => sum + readFileSync(join(practice, name)).length, 0);
    expect(shown).toMatchObject({
      ok: true,
      value: {
        name: 'Keyhole-1-Instruct',
        folder,
        architecture: 'LlamaForCausalLM',
        instruct: true,
        dtype: 'q4',
        files: readdirSync(practice).length,
        bytes,
        licence: 'apache-2.0',
        licenceTexts: [{ path: 'LICENSE', sha256: sha256(readFileSync(join(practice, 'LICENSE'))) }],
      },
    });
    if (!shown.ok) return;
    expect(shown.value.parameters).toBeGreaterThan(2e6);
    expect(shown.value).not.toHaveProperty('ready');
    const around = await place.published.inspect(join(folder, '..')); // the folder around it will do
    expect(around).toMatchObject({ ok: true, value: { folder, fingerprint: shown.value.fingerprint } });
  });

  test('becomes a model that says where it came from, answers, and is what the manifest says; the folder stays', async () => {
    const folder = place.official();
    const before = stateOf(folder);
    const taken = await place.takeIn(folder);
    if (!taken.ok) throw new Error(JSON.stringify(taken.problem));
    const model = taken.value;
    expect(place.notes).toEqual(['reading', 'converting', 'proving', 'measuring']);
    expect(model).toMatchObject({ repo: 'folder/Keyhole-1-Instruct', origin: 'folder', licence: 'apache-2.0' });
    expect(model.fidelity?.positions).toBeGreaterThan(5);
    expect(readdirSync(place.models)).toEqual([model.id]);
    const manifest = await readManifest(join(place.models, model.id));
    expect(manifest?.licenceSeen).toEqual({ name: 'apache-2.0', texts: ['LICENSE'] });
    expect(manifest?.sources).toEqual(
      readdirSync(practice)
        .sort()
        .map((path) => {
          const data = readFileSync(join(practice, path));
          return { path, bytes: data.length, sha256: sha256(data) };
        }),
    );
    expect(manifest && (await verifyModel(join(place.models, model.id), manifest))).toEqual([]);
    expect(await listModels(place.models)).toEqual([model]);
    expect(await answerOf(place, model)).toBe(taught.answer);
    expect(stateOf(folder)).toBe(before);
  });

  test('is taken from a cache as well, by its snapshot or its repository, links and all', async () => {
    const repository = place.cached();
    const commit = 'a'.repeat(40);
    const older = join(repository, 'snapshots', 'b'.repeat(40)); // which nobody asks for
    mkdirSync(older);
    writeFileSync(join(older, 'config.json'), '{}');
    const before = stateOf(repository);
    const shown = await place.published.inspect(repository);
    expect(shown).toMatchObject({
      ok: true,
      value: { name: 'Keyhole-1', folder: join(repository, 'snapshots', commit) },
    });
    const taken = await place.takeIn(join(repository, 'snapshots', commit));
    expect(taken).toMatchObject({ ok: true, value: { repo: 'folder/Keyhole-1' } });
    // The same files are the same model, wherever they lay.
    const copy = await place.takeIn(place.official('Keyhole-1'));
    expect(copy).toMatchObject({ ok: false, problem: { code: 'folder-unusable' } });
    expect(stateOf(repository)).toBe(before);
  });

  test('with ONNX files is taken as it is, also from a cache', async () => {
    const source = await readyFolder();
    for (const folder of [
      place.official('Doorstep-ONNX', source),
      place.cached('models--acme--Linked', 'd'.repeat(40), source),
    ]) {
      const shown = await place.published.inspect(folder);
      expect(shown).toMatchObject({ ok: true, value: { ready: true, dtype: 'q4', instruct: true } });
      place.notes.length = 0;
      const taken = await place.takeIn(folder);
      if (!taken.ok) throw new Error(JSON.stringify(taken.problem));
      expect(place.notes).toEqual(['reading', 'taking', 'trying', 'measuring']);
      const model = taken.value;
      expect(model).toMatchObject({ origin: 'folder', ready: true, contextLength: 1024 });
      const graph = join(place.models, model.id, 'onnx', 'model_q4.onnx_data');
      expect(readFileSync(graph).equals(readFileSync(join(source, 'onnx', 'model_q4.onnx_data')))).toBe(true);
      expect(await answerOf(place, model)).toBe(taught.answer);
    }
  });

  test('is left alone where its model is here and sound, and makes that anew where it is not', async () => {
    const folder = place.official();
    const first = await place.takeIn(folder);
    if (!first.ok) throw new Error(JSON.stringify(first.problem));
    expect(await place.takeIn(folder)).toMatchObject({ ok: false, problem: { code: 'folder-unusable' } });
    const weights = join(place.models, first.value.id, 'onnx', 'model_q4.onnx_data');
    const sound = readFileSync(weights);
    const bad = Buffer.from(sound);
    bad[999] = (bad[999] ?? 0) ^ 1;
    writeFileSync(weights, bad);
    expect(await place.takeIn(folder)).toMatchObject({ ok: true, value: { id: first.value.id } });
    expect(readFileSync(weights).equals(sound)).toBe(true);
  });
});

describe('what changed meanwhile is not taken in', () => {
  test('between the look and the word', async () => {
    const folder = place.official();
    const fingerprint = await place.fingerprint(folder);
    utimesSync(join(folder, 'config.json'), 1, 1);
    const taken = await place.published.takeIn(folder, fingerprint, place.job());
    expect(taken).toMatchObject({ ok: false, problem: { code: 'import-refused' } });
    expect(readdirSync(place.models)).toEqual([]);
  });

  test('while it is read', async () => {
    place.end();
    place = new Place({
      async convert(input, context) {
        const converted = await convertWork.convert(input, context);
        utimesSync(join(input.source, 'model-00002-of-00002.safetensors'), 1, 1);
        return converted;
      },
    });
    const taken = await place.takeIn(place.official());
    expect(taken).toMatchObject({ ok: false, problem: { code: 'import-refused' } });
    expect(readdirSync(place.models)).toEqual([]);
  });
});

describe('stopped', () => {
  test.each(['reading', 'converting', 'proving'])('while it is %s, it leaves nothing behind', async (part) => {
    const folder = place.official();
    const before = stateOf(folder);
    const taken = await place.takeIn(folder, stoppedWhile(part));
    expect(taken).toMatchObject({ ok: false, problem: { code: 'cancelled' } });
    expect(readdirSync(place.models)).toEqual([]);
    expect(stateOf(folder)).toBe(before);
    expect(place.engine.state().kind).toBe('stopped');
    expect(await place.takeIn(folder)).toMatchObject({ ok: true }); // and can be begun again
  });

  test.each(['reading', 'taking', 'trying'])('while ready files are %s, likewise', async (part) => {
    const folder = place.official('Ready', await readyFolder());
    const taken = await place.takeIn(folder, stoppedWhile(part));
    expect(taken).toMatchObject({ ok: false, problem: { code: 'cancelled' } });
    expect(readdirSync(place.models)).toEqual([]);
  });

  // A chunk of 4 MiB is under way when the word comes, and one more may have been begun: 8 MiB take less than half a second
  // on any disk that writes 16 MB a second. Without the stop it would be all of the file.
  test.each(['reading', 'taking'])('while a large file is %s, a few chunks more at most are handled', async (part) => {
    const source = join(place.root, 'large');
    cpSync(await readyFolder(), source, { recursive: true });
    truncateSync(join(source, 'onnx', 'model_q4.onnx_data'), large);
    const folder = place.official('Large', source);
    const stop = new AbortController();
    let [asked, stopped, last] = [0, 0, 0];
    const report = ({ doneBytes }: Progress, note?: string): void => {
      if (note !== part) return;
      last = doneBytes;
      if (asked > 0 || doneBytes < large / 4) return;
      asked = doneBytes;
      // As a click does, the word comes from outside of the work, which has to let it in.
      setImmediate(() => {
        stopped = last;
        stop.abort();
      });
    };
    const taken = await place.takeIn(folder, { signal: stop.signal, report });
    expect(taken).toMatchObject({ ok: false, problem: { code: 'cancelled' } });
    expect(asked).toBeLessThan(large / 2);
    expect(stopped - asked).toBeLessThanOrEqual(2 * chunk);
    expect(last - stopped).toBeLessThanOrEqual(2 * chunk);
    expect(readdirSync(place.models)).toEqual([]);
  });

  test('by a kill, it leaves what the next start sweeps', async () => {
    const folder = place.official();
    const left: string[] = [];
    place.end();
    place = new Place({
      async convert(input, context) {
        const converted = await convertWork.convert(input, context);
        const copy = join(place.root, 'killed');
        cpSync(place.models, copy, { recursive: true }); // the disk as a kill right now would leave it
        left.push(copy);
        return converted;
      },
    });
    cpSync(practice, folder, { recursive: true });
    expect(await place.takeIn(folder)).toMatchObject({ ok: true });
    const [killed = ''] = left;
    expect(await listModels(killed)).toEqual([]);
    expect(await sweepUnfinished(killed)).toBe(1);
    expect(readdirSync(killed)).toEqual([]);
  });
});

test.each([
  ['/home/ada/Llama-3.2-1B', 'Llama-3.2-1B'],
  ['C:\\models\\Llama 3 (copy)', 'Llama-3-copy'],
  ['/cache/models--meta-llama--Llama-3.2-1B/snapshots/0123', 'Llama-3.2-1B'],
  ['/cache/models--gpt2/snapshots/0123', 'gpt2'],
  ['/stick/Modèle é', 'Modele-e'],
  ['/stick/模型', 'model'],
  ['/stick/..', 'model'],
  [`/stick/${'x'.repeat(300)}`, 'x'.repeat(96)],
  ['/', 'model'],
])('the folder %s gives the name %s', (folder, name) => {
  expect(nameOf(folder)).toBe(name);
});

test.each([
  ['---\nlicense: llama3.2\n---\n', 'llama3.2'],
  ['---\nlanguage:\n- en\nlicense: other\nlicense_name: "acme community 1.0"\n---\n', 'acme community 1.0'],
  ["---\r\nlicense: 'apache-2.0'\r\n---\r\n", 'apache-2.0'],
  ['---\nlicense: other\n---\n', 'other'],
  ['---\nlicense:\n- mit\n---\n', ''],
  ['license: mit\n', ''],
  ['# Words\n---\nlicense: mit\n---\n', ''],
  ['', ''],
])('a README that begins %j names the licence %j', (text, licence) => {
  expect(licenceNamed(text)).toBe(licence);
});

/** A job that the person stops as soon as it says that it does `part`. */
function stoppedWhile(part: string) {
  const stop = new AbortController();
  const report = (_progress: unknown, note?: string): void => {
    if (note === part) stop.abort();
  };
  return { signal: stop.signal, report };
}
