/**
 * Converted models on disk: one folder each, described by one manifest. A folder without a valid manifest is not a model;
 * nothing here knows how models are made or run.
 */
import { createHash } from 'node:crypto';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Commit, Dtype, InstalledModel, RepoId } from '../../contract/model.ts';
import { publish, removeTree, replaceFile } from '../durable/files.ts';
import { hashFile } from './hashFile.ts';
import { isManifest } from './isManifest.ts';

export const manifestName = 'latchkey.json';

/** Files under preparation stand in folders of this prefix until they are proved. */
export const unfinishedPrefix = '.unfinished-';

export interface ManifestFile {
  readonly path: string;
  readonly bytes: number;
  readonly sha256: string;
}

/** What the person had agreed to when the model was prepared. */
export interface LicenceSeen {
  readonly name: string;
  readonly account?: string;
  /** When the Hub last said that this account may read the files; ms since epoch. Absent where no Hub was asked. */
  readonly checkedAt?: number;
  /** The texts that came with the weights; they are among the files, with their hashes. */
  readonly texts: readonly string[];
}

export interface Manifest {
  readonly format: 1;
  readonly model: InstalledModel;
  readonly converter: string; // version of the app that wrote the files
  readonly licenceSeen?: LicenceSeen;
  readonly files: readonly ManifestFile[];
  /** The official files that somebody brought, where the model was made from such. */
  readonly sources?: readonly ManifestFile[];
}

/** Names of texts that say what one may do with a model. */
export const licenceText = /^(?:LICEN[CS]E|NOTICE|USE_POLICY)(?:[._-][A-Za-z0-9._-]{1,40})?$/i;

/** Folder name of one model: unique per repository, commit and dtype, safe on every file system. */
export function modelIdOf(repo: RepoId, commit: Commit, dtype: Dtype): string {
  return `${repo.replace('/', '--')}--${commit.slice(0, 8)}--${dtype}`;
}

/**
 * The same number for the same model on every computer: over repository, commit, dtype, licence, converter and the name,
 * size and hash of each file. Not over what belongs to one computer (dates, measured speed). SHA-256, lower-case hex.
 */
export function fingerprintOf(manifest: Manifest): string {
  const { model, files, converter } = manifest;
  const head = [model.repo, model.commit, model.dtype, model.licence, converter];
  const lines = files.map(({ path, bytes, sha256 }) => `${sha256} ${String(bytes)} ${path}`).sort();
  return createHash('sha256')
    .update(JSON.stringify([...head, ...lines]))
    .digest('hex');
}

/** 1 MB: a manifest has a few kB. */
const mostManifestBytes = 2 ** 20;

/** Reads a manifest; undefined when the folder holds none that is valid. */
export async function readManifest(folder: string): Promise<Manifest | undefined> {
  try {
    const path = join(folder, manifestName);
    if ((await stat(path)).size > mostManifestBytes) return undefined;
    const value: unknown = JSON.parse(await readFile(path, 'utf8'));
    return isManifest(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** Writes the manifest: the last act of preparing a model. */
export async function writeManifest(folder: string, manifest: Manifest): Promise<void> {
  await replaceFile(join(folder, manifestName), `${JSON.stringify(manifest, undefined, 2)}\n`, 0o644);
}

/**
 * All installed models, newest first. Lengths are compared, bytes are not: see verifyModel. A model whose files are
 * missing or short is left out, because loading it could only fail.
 */
export async function listModels(modelsFolder: string): Promise<InstalledModel[]> {
  const entries = await readdir(modelsFolder, { withFileTypes: true }).catch(() => []);
  const found = await Promise.all(
    entries
      .filter((entry) => entry.isDirectory() && !entry.name.startsWith('.'))
      .map(async (entry) => {
        const folder = join(modelsFolder, entry.name);
        const manifest = await readManifest(folder);
        if (manifest?.model.id !== entry.name) return undefined;
        const sizes = await Promise.all(manifest.files.map((file) => sizeOf(join(folder, file.path))));
        return sizes.every((size, index) => size === manifest.files[index]?.bytes) ? manifest.model : undefined;
      }),
  );
  return found.filter((model) => model !== undefined).sort((a, b) => b.installedAt - a.installedAt);
}

async function sizeOf(path: string): Promise<number | undefined> {
  return stat(path).then(
    (entry) => entry.size,
    () => undefined,
  );
}

/**
 * Names of files whose bytes are not what the manifest says; empty = the model is intact. Rejects with the system's error
 * when a disk cannot be read at all (a file that is only missing counts as wrong), or AbortError.
 */
export async function verifyModel(
  folder: string,
  manifest: Manifest,
  { signal, onBytes }: { readonly signal?: AbortSignal; readonly onBytes?: (bytes: number, path: string) => void } = {},
): Promise<readonly string[]> {
  const wrong: string[] = [];
  for (const file of manifest.files) {
    const hash = await hashFile(join(folder, ...file.path.split('/')), {
      ...(signal && { signal }),
      onBytes: (bytes) => onBytes?.(bytes, file.path),
    });
    if (hash !== file.sha256) wrong.push(file.path);
  }
  return wrong;
}

/** Removes a model. Its name goes first: a removal that is cut off leaves no half model, only something to sweep. */
export async function removeModel(modelsFolder: string, id: string): Promise<void> {
  const going = join(modelsFolder, `${unfinishedPrefix}${id}`);
  await removeTree(going);
  await publish(join(modelsFolder, id), going).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
  });
  await removeTree(going);
}

/** Whether a name in the models folder is what an interrupted preparation, import or move left there. */
export function isLeftover(name: string): boolean {
  return name.startsWith(unfinishedPrefix) || /^\.tmp-[0-9a-f]{16}$/.test(name);
}

/** Removes what an interrupted preparation left behind; answers how many folders. */
export async function sweepUnfinished(modelsFolder: string): Promise<number> {
  const names = (await readdir(modelsFolder).catch(() => [])).filter(isLeftover);
  for (const name of names) await removeTree(join(modelsFolder, name));
  return names.length;
}
