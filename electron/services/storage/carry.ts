/** Models carried by hand to a computer without a network, and back in: whole, proved, or not at all. */
import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { InstalledModel } from '../../contract/model.ts';
import { failed, ok, type Result } from '../../contract/result.ts';
import type { CarriedModel } from '../../contract/storage.ts';
import { freeSpace } from '../download/diskUse.ts';
import { makeFolder, publish, removeTree, replaceFile } from '../durable/files.ts';
import type { Engine } from '../generation/engine.ts';
import { graphPath, halfPath, loopPath } from '../inference/modelFolder.ts';
import { hashFile, openPlainFile, readInOrder } from '../models/hashFile.ts';
import {
  fingerprintOf,
  licenceText,
  type Manifest,
  manifestName,
  modelIdOf,
  readManifest,
  unfinishedPrefix,
  verifyModel,
  writeManifest,
} from '../models/manifest.ts';
import { copyProved } from './copyProved.ts';
import { copyNeedsRoom, folderUnusable, importRefused } from './explain.ts';
import type { JobContext } from './jobs.ts';

/** Room that stays free on the other disk. */
const spareBytes = 16 * 2 ** 20;
/** A licence is read, not scrolled for ever. */
const shownCharacters = 40_000;
const mostTextBytes = 5_000_000;

/** The file of an exported folder that a person opens: systems know files by their ending, and a folder has none. */
const openFileName = (repo: string): string => `${repo.slice(repo.indexOf('/') + 1)}.latchkey`;
const openFileText = (repo: string, fingerprint: string): string =>
  `${repo}, prepared by Latchkey. Open this file with Latchkey to import the model in its folder.\nFingerprint: ${fingerprint}\n`;

/** Refuses early what could not end well. */
export async function roomFor(folder: string, bytes: number): Promise<Result<undefined>> {
  const { bytes: free } = await freeSpace(folder);
  return free < bytes + spareBytes ? failed(copyNeedsRoom(bytes + spareBytes - free, folder)) : ok(undefined);
}

/**
 * Copies a model with its hashes into a folder of its own below `target`. It appears there whole; a copy that was broken
 * off goes on at its last proved file. Rejects as copyProved does.
 */
export async function exportModel(
  from: string,
  manifest: Manifest,
  target: string,
  job: JobContext,
): Promise<Result<{ readonly bytes: number; readonly fingerprint: string }>> {
  const { model, files } = manifest;
  const fingerprint = fingerprintOf(manifest);
  const final = join(target, model.id);
  const facts = { bytes: model.bytes, fingerprint };
  job.expect(model.bytes);
  if ((await lstat(final).catch(() => undefined)) !== undefined) {
    const there = await readManifest(final);
    const same = there !== undefined && fingerprintOf(there) === fingerprint;
    if (same && (await verifyModel(final, there, job)).length === 0) return ok(facts);
    return failed(folderUnusable(`It already holds something called ${model.id}.`, final));
  }
  const temporary = join(target, `.latchkey-${fingerprint.slice(0, 16)}`);
  const started = await hasBytes(temporary);
  const room = started ? ok(undefined) : await roomFor(target, model.bytes);
  if (!room.ok) return room;
  await makeFolder(temporary, 0o755);
  try {
    await copyProved(from, temporary, files, job);
    const sums = files.map(({ path, sha256 }) => `${sha256}  ${path}\n`).join('');
    await replaceFile(join(temporary, 'SHA256SUMS'), sums, 0o644);
    await replaceFile(join(temporary, openFileName(model.repo)), openFileText(model.repo, fingerprint), 0o644);
    await replaceFile(join(temporary, manifestName), `${JSON.stringify(manifest, undefined, 2)}\n`, 0o644);
    await publish(temporary, final);
  } catch (error) {
    await removeTree(temporary).catch(() => undefined);
    throw error;
  }
  return ok(facts);
}

async function hasBytes(folder: string): Promise<boolean> {
  return (await readdir(folder).catch(() => [])).length > 0;
}

/** Every file of a model of ours, by its role; anything else has no business in one. */
const roles = [
  /^(?:config|generation_config|tokenizer|tokenizer_config|special_tokens_map|chat_template)\.json$/,
  /^chat_template\.jinja$/,
  licenceText,
  /^README(?:[._-][A-Za-z0-9._-]{1,40})?$/i,
];

/** Weights beside a graph, in one file or in several. */
const isDataOf = (graph: string, path: string): boolean =>
  path.startsWith(`${graph}_data`) && /^(?:_\d{1,3})?$/.test(path.slice(`${graph}_data`.length));

/** Why a manifest does not describe a model of ours, or undefined. */
export function foreignReason({ model, files }: Manifest): string | undefined {
  if (model.id !== modelIdOf(model.repo, model.commit, model.dtype)) return `${model.id} is not the name of this model`;
  const graph = graphPath(model.dtype);
  const graphs = [graph, loopPath(model.dtype), halfPath(model.dtype)];
  const known = (path: string): boolean =>
    graphs.includes(path) || isDataOf(graph, path) || roles.some((role) => role.test(path));
  const stranger = files.find(({ path }) => !known(path));
  if (stranger) return `${stranger.path} is no file of a model`;
  const names = new Set(files.map(({ path }) => path));
  const missing = ['config.json', 'tokenizer.json', graph].find((name) => !names.has(name));
  return missing === undefined ? undefined : `${missing} is missing`;
}

/** The folder itself, or the one folder in it that holds a model; undefined where nothing was ever exported. */
async function modelFolderIn(
  chosen: string,
): Promise<Result<{ readonly folder: string; readonly manifest: Manifest } | undefined>> {
  const folders = [chosen];
  for (const entry of await readdir(chosen, { withFileTypes: true }).catch(() => [])) {
    if (entry.isDirectory() && folders.length < 200) folders.push(join(chosen, entry.name));
  }
  const found: { folder: string; manifest: Manifest }[] = [];
  let named = false;
  for (const folder of folders) {
    const facts = await lstat(join(folder, manifestName)).catch(() => undefined);
    named ||= facts !== undefined;
    const manifest = facts?.isFile() === true ? await readManifest(folder) : undefined;
    if (manifest) found.push({ folder, manifest });
    if (manifest && folder === chosen) break;
  }
  const [first, second] = found;
  if (!first && !named) return ok(undefined);
  if (!first) return failed(importRefused(`Its ${manifestName} is not one that Latchkey wrote.`, chosen));
  if (second) return failed(importRefused('It holds more than one model. Choose one of the folders in it.', chosen));
  const reason = foreignReason(first.manifest);
  return reason === undefined
    ? ok(first)
    : failed(importRefused('It does not hold a model that Latchkey exported.', reason));
}

/**
 * What a person should see before they let a model in; undefined where the folder holds none that was exported. Proves the
 * licence texts it shows; the rest is proved on import.
 */
export async function inspectModel(chosen: string): Promise<Result<CarriedModel | undefined>> {
  const found = await modelFolderIn(chosen);
  if (!found.ok) return found;
  if (!found.value) return ok(undefined);
  const { folder, manifest } = found.value;
  const { model, files, converter } = manifest;
  const texts: CarriedModel['licenceTexts'][number][] = [];
  for (const file of files.filter(({ path, bytes }) => licenceText.test(path) && bytes <= mostTextBytes)) {
    const text = await readProved(join(folder, file.path), file);
    if (text === undefined) {
      return failed(importRefused('Its licence text is not the one that its manifest names.', file.path));
    }
    texts.push({ path: file.path, text: text.slice(0, shownCharacters), sha256: file.sha256 });
  }
  return ok({
    repo: model.repo,
    commit: model.commit,
    ...(model.origin && { origin: model.origin }),
    dtype: model.dtype,
    bytes: model.bytes,
    files: files.length,
    converter,
    licence: model.licence,
    ...(model.licenceAccount !== undefined && { licenceAccount: model.licenceAccount }),
    licenceTexts: texts,
    fingerprint: fingerprintOf(manifest),
  });
}

async function readProved(
  path: string,
  { bytes, sha256 }: { bytes: number; sha256: string },
): Promise<string | undefined> {
  if ((await hashFile(path)) !== sha256) return undefined;
  const { file } = await openPlainFile(path);
  const parts: Buffer[] = [];
  try {
    await readInOrder(file, { bytes, take: (data) => void parts.push(Buffer.from(data)) });
  } finally {
    await file.close();
  }
  return Buffer.concat(parts).toString('utf8');
}

/**
 * Takes a carried model in: copies and proves every file, loads it once, and only then gives it its name. `fingerprint`
 * is what the person was shown; a folder that changed since then is refused.
 */
export async function importModel(
  options: {
    readonly chosen: string;
    readonly fingerprint: string;
    readonly modelsFolder: string;
    readonly engine: Engine;
    readonly now: () => number;
  },
  job: JobContext,
): Promise<Result<{ readonly bytes: number; readonly fingerprint: string; readonly model: InstalledModel }>> {
  const found = await modelFolderIn(options.chosen);
  if (!found.ok) return found;
  if (!found.value) return failed(importRefused(`It has no ${manifestName} any more.`, options.chosen));
  const { folder, manifest } = found.value;
  const fingerprint = fingerprintOf(manifest);
  if (fingerprint !== options.fingerprint) {
    return failed(
      importRefused('It changed after it was shown to you.', `${fingerprint} instead of ${options.fingerprint}`),
    );
  }
  const { id, bytes } = manifest.model;
  const final = join(options.modelsFolder, id);
  if ((await lstat(final).catch(() => undefined)) !== undefined) {
    return failed(
      folderUnusable('This model is on this computer already. Remove it there first to replace it.', final),
    );
  }
  const room = await roomFor(options.modelsFolder, bytes);
  if (!room.ok) return room;
  job.expect(bytes);
  const unfinished = join(options.modelsFolder, `${unfinishedPrefix}import-${fingerprint.slice(0, 16)}`);
  await removeTree(unfinished);
  await makeFolder(unfinished);
  try {
    await copyProved(folder, unfinished, manifest.files, job);
    const { sanity: _measuredElsewhere, ...brought } = manifest.model;
    const draft: InstalledModel = { ...brought, installedAt: options.now() };
    const sanity = await options.engine.sanityCheck(draft, unfinished);
    await options.engine.unload();
    if (!sanity.ok) return failed(importRefused('It does not run on this computer.', sanity.problem.title));
    job.signal.throwIfAborted();
    const model: InstalledModel = { ...draft, sanity: sanity.value };
    await writeManifest(unfinished, { ...manifest, model });
    await publish(unfinished, final);
    return ok({ bytes, fingerprint, model });
  } finally {
    await removeTree(unfinished);
  }
}
