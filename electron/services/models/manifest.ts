/**
 * Converted models on disk: one folder each, described by one manifest. A folder without a valid manifest is not a model;
 * nothing here knows how models are made or run.
 */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { Commit, Dtype, InstalledModel, RepoId } from '../../contract/model.ts';
import { dtypes } from '../../contract/model.ts';
import { removeTree, replaceFile } from '../durable/files.ts';

export const manifestName = 'latchkey.json';

/** Files under preparation stand in folders of this prefix until they are proved. */
export const unfinishedPrefix = '.unfinished-';

export interface ManifestFile {
  readonly path: string;
  readonly bytes: number;
  readonly sha256: string;
}

export interface Manifest {
  readonly format: 1;
  readonly model: InstalledModel;
  readonly converter: string; // version of the app that wrote the files
  readonly files: readonly ManifestFile[];
}

/** Folder name of one model: unique per repository, commit and dtype, safe on every file system. */
export function modelIdOf(repo: RepoId, commit: Commit, dtype: Dtype): string {
  return `${repo.replace('/', '--')}--${commit.slice(0, 8)}--${dtype}`;
}

function isManifest(value: unknown): value is Manifest {
  if (typeof value !== 'object' || value === null) return false;
  const { format, model, files } = value as Partial<Manifest>;
  return (
    format === 1 &&
    typeof model === 'object' &&
    typeof model.id === 'string' &&
    typeof model.repo === 'string' &&
    typeof model.commit === 'string' &&
    dtypes.includes(model.dtype) &&
    Array.isArray(files) &&
    files.every((file: Partial<ManifestFile>) => typeof file.path === 'string' && typeof file.bytes === 'number')
  );
}

/** Reads a manifest; undefined when the folder holds none that is valid. */
export async function readManifest(folder: string): Promise<Manifest | undefined> {
  try {
    const value: unknown = JSON.parse(await readFile(join(folder, manifestName), 'utf8'));
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

/** Names of files whose bytes are not what the manifest says; empty = the model is intact. */
export async function verifyModel(folder: string, manifest: Manifest): Promise<readonly string[]> {
  const wrong: string[] = [];
  for (const file of manifest.files) {
    const hash = createHash('sha256');
    const read = await pipeline(createReadStream(join(folder, file.path)), hash).then(
      () => true,
      () => false,
    );
    if (!read || hash.digest('hex') !== file.sha256) wrong.push(file.path);
  }
  return wrong;
}

/** Removes what an interrupted preparation left behind; answers how many folders. */
export async function sweepUnfinished(modelsFolder: string): Promise<number> {
  const names = (await readdir(modelsFolder).catch(() => [])).filter((name) => name.startsWith(unfinishedPrefix));
  for (const name of names) await removeTree(join(modelsFolder, name));
  return names.length;
}
