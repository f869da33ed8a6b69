/**
 * Folders of official files that a person brought: fetched on another computer, by Python, by git, or left in a cache.
 * Here they are found, looked into and taken in. They are only ever read, and nobody is asked about them.
 */
import { createHash } from 'node:crypto';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { failed, ok, type Result } from '../../contract/result.ts';
import { unsafeReason } from '../download/safeName.ts';
import { noModelIn, severalModelsIn } from './explain.ts';

/** One plain file, by its path in the folder, with "/". */
export interface PublishedFile {
  readonly path: string;
  readonly bytes: number;
  readonly changedAt: number; // ms since epoch, as the disk has it
}

export interface PublishedFolder {
  readonly folder: string;
  /** What the model can be called after it: letters and digits at both ends, and as safe as a part of a repository id. */
  readonly name: string;
  readonly files: readonly PublishedFile[];
}

/** A repository has a few dozen files; what holds more is somebody's whole disk. */
const mostEntries = 5000;
const mostFolders = 200;

/** What makes a folder one of a model: by names, so that also one that cannot be used is answered as what it is. */
const tellTale = /^config\.json$|\.safetensors$|\.gguf$|^pytorch_model.*\.bin$|^onnx\/[^/]+\.onnx$/;
const isPublished = (files: readonly PublishedFile[]): boolean => files.some(({ path }) => tellTale.test(path));

/**
 * Plain files at the top and in `onnx`, links followed as caches need it. Names that could not stand on every file
 * system, and whatever is hidden, are left out: no model needs them.
 */
export async function listFiles(folder: string): Promise<readonly PublishedFile[]> {
  const files: PublishedFile[] = [];
  for (const prefix of ['', 'onnx/']) {
    const names = await readdir(join(folder, prefix)).catch((): string[] => []);
    for (const name of names.slice(0, mostEntries)) {
      if (name.startsWith('.') || unsafeReason(name) !== undefined) continue;
      const facts = await stat(join(folder, prefix, name)).catch(() => undefined);
      if (facts?.isFile()) files.push({ path: prefix + name, bytes: facts.size, changedAt: facts.mtimeMs });
    }
  }
  return files.sort((a, b) => (a.path < b.path ? -1 : 1));
}

/** The folder itself, the snapshot in a repository of a cache, or the one folder in it that holds a model. */
export async function findPublished(chosen: string): Promise<Result<PublishedFolder>> {
  const own = await listFiles(chosen);
  if (isPublished(own)) return ok({ folder: chosen, name: nameOf(chosen), files: own });
  const found: PublishedFolder[] = [];
  for (const folder of (await snapshotsIn(chosen)) ?? (await foldersIn(chosen))) {
    const files = await listFiles(folder);
    if (isPublished(files)) found.push({ folder, name: nameOf(folder), files });
  }
  const [first, second] = found;
  if (!first) return failed(noModelIn(chosen));
  return second ? failed(severalModelsIn(chosen)) : ok(first);
}

async function foldersIn(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  return entries
    .filter((entry) => entry.isDirectory() && !entry.name.startsWith('.'))
    .slice(0, mostFolders)
    .map(({ name }) => join(folder, name));
}

/** Of a repository in a cache: the snapshot that `main` names, else all of them; undefined for any other folder. */
async function snapshotsIn(folder: string): Promise<readonly string[] | undefined> {
  const snapshots = await foldersIn(join(folder, 'snapshots'));
  if (snapshots.length === 0) return undefined;
  const main = await readFile(join(folder, 'refs', 'main'), 'utf8').catch(() => '');
  const current = snapshots.find((snapshot) => snapshot === join(folder, 'snapshots', main.trim()));
  return current === undefined ? snapshots : [current];
}

/** A name from the last part of a path; in a cache, where that is a commit, from the repository around it. */
export function nameOf(folder: string): string {
  const [repository = '', above, last = ''] = folder.split(/[/\\]/).slice(-3);
  const cached = above === 'snapshots' && repository.startsWith('models--');
  const said = cached ? repository.slice(repository.lastIndexOf('--') + 2) : last;
  const plain = said
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .replace(/[^\w.-]+/g, '-')
    .slice(0, 96);
  return plain.replace(/^[^A-Za-z0-9]+|[^A-Za-z0-9]+$/g, '') || 'model';
}

/** One number over where these files are, how long they are and when they last changed. SHA-256, lower-case hex. */
export function fingerprintOfFiles(folder: string, files: readonly PublishedFile[]): string {
  const lines = files.map(({ path, bytes, changedAt }) => [path, bytes, changedAt]);
  return createHash('sha256')
    .update(JSON.stringify([folder, ...lines]))
    .digest('hex');
}
