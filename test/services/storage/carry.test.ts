import { execFileSync, spawnSync } from 'node:child_process';
import { chmod, link, mkdir, readdir, readFile, rename, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ok } from '../../../electron/contract/result.ts';
import {
  fingerprintOf,
  listModels,
  type Manifest,
  manifestName,
  readManifest,
} from '../../../electron/services/models/manifest.ts';
import { exportModel, foreignReason, importModel, inspectModel } from '../../../electron/services/storage/carry.ts';
import { convertedPractice, removeFolders } from '../inference/models.ts';
import { contents, engine, filesOf, job, manifestOf, plant, removeFolder, sha256, temporaryFolder } from './world.ts';

const files = filesOf(1);
const manifest = manifestOf('acme/tiny', files);
const fingerprint = fingerprintOf(manifest);
let place: string;
let stick: string;
let here: string;
beforeEach(async () => {
  place = temporaryFolder();
  stick = join(place, 'stick');
  here = join(place, 'models');
  await mkdir(stick);
  await mkdir(here);
});
afterEach(() => removeFolder(place));

const take = (chosen: string, shown = fingerprint) =>
  importModel({ chosen, fingerprint: shown, modelsFolder: here, engine, now: () => 5 }, job());

afterAll(removeFolders);
test('an import knows every file that the converter writes', async () => {
  const folder = await convertedPractice('q4');
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const paths = entries
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)));
  expect(paths).toContain('onnx/loop_q4.onnx');
  const written = manifestOf('acme/tiny', new Map(paths.map((path) => [path, Buffer.from(path)])));
  expect(foreignReason(written)).toBeUndefined();
  const strange = manifestOf('acme/tiny', new Map([...paths, 'onnx/run.py'].map((path) => [path, Buffer.from(path)])));
  expect(foreignReason(strange)).toBe('onnx/run.py is no file of a model');
});

describe('export', () => {
  test('makes a folder that holds the model, its manifest and sums that sha256sum accepts', async () => {
    const from = await plant(join(place, 'a'), manifest, files);
    const result = await exportModel(from, manifest, stick, job());
    expect(result).toEqual(ok({ bytes: manifest.model.bytes, fingerprint }));
    const copy = join(stick, manifest.model.id);
    expect(await contents(copy)).toMatchObject(
      Object.fromEntries([...files].map(([path, data]) => [path, sha256(data)])),
    );
    expect(execFileSync('sha256sum', ['-c', '--quiet', 'SHA256SUMS'], { cwd: copy, encoding: 'utf8' })).toBe('');
    expect(await exportModel(from, manifest, stick, job())).toMatchObject({ ok: true });
  });

  test('refuses a model whose bytes have changed, and leaves nothing behind', async () => {
    const from = await plant(join(place, 'a'), manifest, files);
    const bad = Buffer.from(files.get('onnx/model_q4.onnx_data')!);
    bad[777]! ^= 1;
    await writeFile(join(from, 'onnx/model_q4.onnx_data'), bad);
    await expect(exportModel(from, manifest, stick, job())).rejects.toThrow('SHA-256');
    expect(await contents(stick)).toEqual({});
  });

  test('never replaces what already stands under that name', async () => {
    const from = await plant(join(place, 'a'), manifest, files);
    await mkdir(join(stick, manifest.model.id));
    await writeFile(join(stick, manifest.model.id, 'mine.txt'), 'mine');
    expect(await exportModel(from, manifest, stick, job())).toMatchObject({ problem: { code: 'folder-unusable' } });
    expect(await contents(stick)).toEqual({ [`${manifest.model.id}/mine.txt`]: sha256(Buffer.from('mine')) });
  });

  test('that was cut off by a kill goes on at its last proved file', async () => {
    const from = await plant(join(place, 'a'), manifest, files);
    const temporary = join(stick, `.latchkey-${fingerprint.slice(0, 16)}`);
    await mkdir(join(temporary, 'onnx'), { recursive: true });
    await writeFile(join(temporary, 'tokenizer.json'), files.get('tokenizer.json')!);
    await writeFile(join(temporary, 'onnx/model_q4.onnx'), files.get('onnx/model_q4.onnx')!.subarray(0, 100));
    expect(await exportModel(from, manifest, stick, job())).toMatchObject({ ok: true });
    expect(Object.keys(await contents(stick)).every((path) => path.startsWith(manifest.model.id))).toBe(true);
  });
});

describe('import', () => {
  test('shows the licence, then takes in exactly what was exported, from the folder or the one around it', async () => {
    const from = await plant(join(place, 'a'), manifest, files);
    await exportModel(from, manifest, stick, job());
    const seen = await inspectModel(stick);
    expect(seen).toMatchObject({
      ok: true,
      value: {
        repo: 'acme/tiny',
        licence: 'llama3.2',
        licenceAccount: 'ada',
        fingerprint,
        licenceTexts: [{ path: 'LICENSE.txt', text: 'Licence 1: be kind.' }],
      },
    });
    expect(await take(stick)).toMatchObject({ ok: true, value: { fingerprint, model: { installedAt: 5 } } });
    expect((await listModels(here)).map(({ id }) => id)).toEqual([manifest.model.id]);
    expect(await contents(join(here, manifest.model.id))).toMatchObject(
      Object.fromEntries([...files].map(([path, data]) => [path, sha256(data)])),
    );
    expect(await take(stick)).toMatchObject({ problem: { code: 'folder-unusable' } });
  });

  test('of a model that came from a folder there keeps saying so', async () => {
    const { licenceAccount: _nobody, ...model } = manifest.model;
    const repo = 'folder/tiny';
    const brought = {
      ...manifest,
      model: { ...model, id: manifest.model.id.replace('acme', 'folder'), repo, origin: 'folder' as const },
      sources: [{ path: 'config.json', bytes: 2, sha256: sha256(Buffer.from('{}')) }],
    };
    await plant(stick, brought, files);
    expect(await inspectModel(stick)).toMatchObject({ ok: true, value: { repo, origin: 'folder' } });
    expect(await take(stick, fingerprintOf(brought))).toMatchObject({
      ok: true,
      value: { model: { origin: 'folder' } },
    });
    expect(await readManifest(join(here, brought.model.id))).toMatchObject({ sources: brought.sources });
    const unknown = { ...brought, model: { ...brought.model, origin: 'acme' } };
    await writeFile(join(stick, brought.model.id, manifestName), JSON.stringify(unknown));
    expect(await inspectModel(stick)).toMatchObject({ problem: { code: 'import-refused' } });
  });

  test('leaves nothing behind when the model does not run here', async () => {
    await plant(stick, manifest, files);
    const broken = {
      ...engine,
      sanityCheck: async () => ({
        ok: false as const,
        problem: { code: 'engine-stopped' as const, title: 'x', explanation: '', actions: [], evidence: [] },
      }),
    };
    const result = await importModel(
      { chosen: stick, fingerprint, modelsFolder: here, engine: broken, now: () => 5 },
      job(),
    );
    expect(result).toMatchObject({ problem: { code: 'import-refused' } });
    expect(await contents(here)).toEqual({});
  });

  test('a folder that changed between the look and the word is refused', async () => {
    await plant(stick, manifest, files);
    expect(await take(stick, 'f'.repeat(64))).toMatchObject({ problem: { code: 'import-refused' } });
  });

  const weights = 'onnx/model_q4.onnx_data';
  type Spoil = (folder: string) => Promise<unknown>;
  test.each<[string, Spoil]>([
    [
      'one flipped bit',
      async (at) => {
        const data = Buffer.from(files.get(weights)!);
        data[1234]! ^= 8;
        await writeFile(join(at, weights), data);
      },
    ],
    ['a shortened file', (at) => truncate(join(at, weights), 100)],
    ['a lengthened file', (at) => writeFile(join(at, weights), Buffer.alloc(10), { flag: 'a' })],
    ['a missing file', (at) => rm(join(at, weights))],
    [
      'a link to a file elsewhere, with the right bytes',
      async (at) => {
        await rename(join(at, weights), join(place, 'elsewhere'));
        await symlink(join(place, 'elsewhere'), join(at, weights));
      },
    ],
    [
      'a folder that is a link',
      async (at) => {
        await rename(join(at, 'onnx'), join(place, 'onnx-elsewhere'));
        await symlink(join(place, 'onnx-elsewhere'), join(at, 'onnx'));
      },
    ],
    [
      'a pipe instead of a file',
      async (at) => {
        await rm(join(at, 'tokenizer.json'));
        spawnSync('mkfifo', [join(at, 'tokenizer.json')]);
      },
    ],
    [
      'a folder instead of a file',
      async (at) => {
        await rm(join(at, 'tokenizer.json'));
        await mkdir(join(at, 'tokenizer.json'));
      },
    ],
    ['a changed licence text', (at) => writeFile(join(at, 'LICENSE.txt'), 'Licence 1: be mean.')],
  ])('%s is refused, and nothing of it stays', async (_name, spoil) => {
    await spoil(await plant(stick, manifest, files));
    const looked = await inspectModel(stick);
    const outcome = looked.ok
      ? await take(stick).catch((error: unknown) => ({ ok: false, error: (error as Error).name }))
      : looked;
    expect(outcome.ok).toBe(false);
    if ('error' in outcome) expect(outcome.error).toBe('DamagedFile');
    expect(await contents(here)).toEqual({});
  });

  const alter = (change: (value: Record<string, unknown>) => unknown): string => {
    const value = structuredClone(manifest) as unknown as Record<string, unknown>;
    return JSON.stringify(change(value) ?? value);
  };
  const withFile = (path: unknown, more: object = {}): string =>
    alter((value) => {
      (value['files'] as unknown[]).push({ path, bytes: 0, sha256: sha256(Buffer.alloc(0)), ...more });
    });
  const model = (key: string, value: unknown): string =>
    alter((whole) => {
      (whole['model'] as Record<string, unknown>)[key] = value;
    });
  test.each<[string, string]>([
    ['not JSON', '{"format":1'],
    ['empty', ''],
    ['a list', '[]'],
    ['of a later format', alter((value) => void (value['format'] = 2))],
    ['with a key nobody knows', alter((value) => void (value['run'] = 'rm -rf'))],
    ['without files', alter((value) => void (value['files'] = []))],
    ['of 2 MB', alter((value) => void (value['converter'] = 'x'.repeat(2 ** 21)))],
    [
      'with 100,000 files',
      alter(
        (value) =>
          void (value['files'] = Array.from({ length: 100_000 }, (_, index) => ({
            path: `f${String(index)}`,
            bytes: 0,
            sha256: sha256(Buffer.alloc(0)),
          }))),
      ),
    ],
    ['that climbs out', withFile('../../evil.sh')],
    ['with an absolute name', withFile('/etc/cron.d/evil')],
    ['with a drive', withFile('C:\\Windows\\evil.dll')],
    ['with a network share', withFile('\\\\host\\share\\x')],
    ['with a device name', withFile('con')],
    ['with an alternate stream', withFile('LICENSE:evil')],
    ['with a name that is a number', withFile(7)],
    ['with its own name among the files', withFile(manifestName)],
    ['with a program beside the weights', withFile('onnx/custom_ops.so')],
    ['with a Python file', withFile('modeling_tiny.py')],
    ['with twins', withFile('CONFIG.json')],
    ['with the same file twice', withFile('config.json', { bytes: 10 })],
    ['with a negative size', withFile('LICENSE.md', { bytes: -1 })],
    ['with a size beyond numbers', withFile('LICENSE.md', { bytes: 2 ** 60 })],
    ['with a size as text', withFile('LICENSE.md', { bytes: '1e3' })],
    ['with a hash that is none', withFile('LICENSE.md', { sha256: 'abc' })],
    ['whose sizes do not add up', model('bytes', 12)],
    ['whose id is a path', model('id', '../outside')],
    ['whose id is another model', model('id', 'acme--other--cccccccc--q4')],
    ['whose repository is a path', model('repo', '../..')],
    ['whose commit is short', model('commit', 'abc')],
    ['whose dtype is unknown', model('dtype', 'q3')],
    ['whose context is no number', model('contextLength', '2048')],
    ['whose sampling is out of range', model('sampling', { temperature: 99 })],
    [
      'without weights',
      alter((value) => {
        const kept = (value['files'] as Manifest['files']).filter(({ path }) => !path.startsWith('onnx/'));
        value['files'] = kept;
        (value['model'] as Record<string, unknown>)['bytes'] = kept.reduce((sum, { bytes }) => sum + bytes, 0);
      }),
    ],
  ])('a manifest %s is refused', async (_name, text) => {
    const folder = await plant(stick, manifest, files);
    expect(await inspectModel(stick)).toMatchObject({ ok: true }); // the control
    await writeFile(join(folder, manifestName), text);
    expect(await inspectModel(stick)).toMatchObject({ ok: false, problem: { code: 'import-refused' } });
    expect(await take(stick)).toMatchObject({ ok: false });
    expect(await contents(here)).toEqual({});
  });

  test('a folder that was never exported is somebody else’s to judge; a broken export is not', async () => {
    await writeFile(join(stick, 'config.json'), '{}');
    await writeFile(join(stick, 'model.safetensors'), '');
    expect(await inspectModel(stick)).toEqual(ok(undefined));
    expect(await take(stick)).toMatchObject({ ok: false, problem: { code: 'import-refused' } });
    await writeFile(join(stick, manifestName), '{}');
    expect(await inspectModel(stick)).toMatchObject({ ok: false, problem: { code: 'import-refused', actions: [] } });
  });

  test('a manifest that is a link is not read', async () => {
    const folder = await plant(stick, manifest, files);
    await rename(join(folder, manifestName), join(place, 'manifest.json'));
    await symlink(join(place, 'manifest.json'), join(folder, manifestName));
    expect(await inspectModel(stick)).toMatchObject({ problem: { code: 'import-refused' } });
  });

  test('what lies beside the model in the folder is not taken in', async () => {
    const folder = await plant(stick, manifest, files);
    await writeFile(join(folder, 'autorun.sh'), 'echo');
    await chmod(join(folder, 'autorun.sh'), 0o777);
    await link(join(folder, 'config.json'), join(folder, 'other.json'));
    expect(await take(stick)).toMatchObject({ ok: true });
    const names = Object.keys(await contents(join(here, manifest.model.id))).sort();
    expect(names).toEqual([...files.keys(), manifestName].sort());
    expect(await readFile(join(here, manifest.model.id, 'config.json'))).toEqual(files.get('config.json'));
  });

  test('two models at once must be told apart by the person', async () => {
    await plant(stick, manifest, files);
    const other = filesOf(2);
    await plant(stick, manifestOf('acme/other', other), other);
    expect(await inspectModel(stick)).toMatchObject({ problem: { code: 'import-refused' } });
    expect(await inspectModel(join(stick, manifest.model.id))).toMatchObject({ ok: true });
  });
});

test('the fingerprint is of the bytes, not of the computer', () => {
  const { model } = manifest;
  const elsewhere = {
    ...manifest,
    model: { ...model, installedAt: 9, sanity: { prompt: '', text: '', tokens: 1, tokensPerSecond: 1 } },
  };
  expect(fingerprintOf(elsewhere)).toBe(fingerprint);
  const turned = { ...manifest, files: [...manifest.files].reverse() };
  expect(fingerprintOf(turned)).toBe(fingerprint);
  for (const changed of [
    { ...manifest, model: { ...model, licence: 'mit' } },
    { ...manifest, model: { ...model, commit: 'd'.repeat(40) } },
    { ...manifest, converter: '0.1.1' },
    { ...manifest, files: manifest.files.slice(1) },
  ]) {
    expect(fingerprintOf(changed)).not.toBe(fingerprint);
  }
});
