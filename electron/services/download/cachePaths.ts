/**
 * Names inside the Hugging Face cache that Python's huggingface_hub shares with us. Pure: nothing here touches the disk.
 * Layout: hub/models--owner--name/{blobs/<etag>, snapshots/<commit>/<path>, refs/<revision>, trees, .no_exist}.
 */
import { isAbsolute, join, relative, resolve, sep } from 'node:path';
import type { Commit, ModelFile, RepoId } from '../../contract/model.ts';
import { unsafeReason } from './safeName.ts';

const repoId = /^[A-Za-z0-9_][\w.-]{0,95}(\/[A-Za-z0-9_][\w.-]{0,95})?$/;
const commitId = /^[0-9a-f]{40}$/;

/** The folders of one repository in the cache. Throws for an id that no Hub would give. */
export function repoPaths(
  hubCache: string,
  repo: RepoId,
): {
  readonly folder: string;
  readonly blobs: string;
  readonly refs: string;
  readonly snapshots: string;
  readonly trees: string;
  readonly missing: string;
  /** Ours: partial files and notes. Python looks only at the folders above, so nothing here confuses it. */
  readonly own: string;
} {
  if (!repoId.test(repo) || repo.includes('--') || repo.includes('..')) throw new Error(`Not a repository id: ${repo}`);
  const folder = join(hubCache, `models--${repo.replaceAll('/', '--')}`);
  return {
    folder,
    blobs: join(folder, 'blobs'),
    refs: join(folder, 'refs'),
    snapshots: join(folder, 'snapshots'),
    trees: join(folder, 'trees'),
    missing: join(folder, '.no_exist'),
    own: join(folder, '.latchkey'),
  };
}

/** Throws unless this is a full commit hash: it becomes a folder name. */
export function checkedCommit(commit: Commit): Commit {
  if (!commitId.test(commit)) throw new Error(`Not a commit: ${commit}`);
  return commit;
}

/** Where one file of a repository belongs below `root`. Throws for an unsafe name, even if somebody checked it before. */
export function below(root: string, path: string): string {
  const reason = unsafeReason(path);
  const full = resolve(root, ...path.split('/'));
  const way = relative(root, full);
  if (reason !== undefined || way === '' || way.split(sep)[0] === '..' || isAbsolute(way)) {
    throw new Error(`Unsafe file name (${reason ?? 'leaves its folder'}): ${JSON.stringify(path)}`);
  }
  return full;
}

/** What a symbolic link in a snapshot says: one more step up per sub-folder. Always with forward slashes. */
export function linkTarget(path: string, etag: string): string {
  return `${'../'.repeat(path.split('/').length + 1)}blobs/${etag}`;
}

/** Whether a link says `wanted`. Windows turns the slashes of what it is told. */
export function saysTarget(said: string | undefined, wanted: string): boolean {
  return said?.replaceAll('\\', '/') === wanted;
}

/** How the content of a file is proved, and the name of its blob: sha256 for LFS files, git's sha1 for the others. */
export type Checksum = { readonly kind: 'sha256' | 'git-sha1'; readonly hex: string };

/** The file's checksum, or undefined when the Hub masked it or sent something else. */
export function checksumOf(file: ModelFile): Checksum | undefined {
  if (file.sha256 !== undefined) {
    return /^[0-9a-f]{64}$/.test(file.sha256) ? { kind: 'sha256', hex: file.sha256 } : undefined;
  }
  if (file.gitSha1 === undefined || !commitId.test(file.gitSha1)) return undefined;
  return { kind: 'git-sha1', hex: file.gitSha1 };
}
