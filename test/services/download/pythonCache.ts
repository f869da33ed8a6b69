/**
 * A reader and a writer of the Hugging Face cache as huggingface_hub 1.28 behaves, written from its documented layout
 * and independent of our own code, so that both sides can disagree.
 */
import { createHash, randomBytes } from 'node:crypto';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, relative } from 'node:path';

const repoFolder = (cache: string, repo: string) => join(cache, `models--${repo.split('/').join('--')}`);

/** try_to_load_from_cache: a path, 'missing' when it is known to be, or nothing. */
export function tryToLoadFromCache(cache: string, repo: string, file: string, revision = 'main'): string | undefined {
  const folder = repoFolder(cache, repo);
  if (!existsSync(folder)) return undefined;
  let commit = revision;
  const ref = join(folder, 'refs', revision);
  if (!/^[0-9a-f]{40}$/.test(revision) && existsSync(ref)) commit = readFileSync(ref, 'utf8');
  if (existsSync(join(folder, '.no_exist', commit, file))) return 'missing';
  const snapshots = join(folder, 'snapshots');
  if (!existsSync(snapshots) || !readdirSync(snapshots).includes(commit)) return undefined;
  const path = join(snapshots, commit, file);
  return existsSync(path) && statSync(path).isFile() ? path : undefined;
}

/** scan_cache_dir: warnings for everything that Python would call a corrupted cache. */
export function scanCache(cache: string): {
  readonly warnings: string[];
  readonly bytes: number;
  readonly files: number;
} {
  const warnings: string[] = [];
  let bytes = 0;
  let files = 0;
  for (const name of readdirSync(cache)) {
    if (name === '.locks' || name === 'CACHEDIR.TAG') continue;
    const folder = join(cache, name);
    if (!statSync(folder).isDirectory() || !/^(models|datasets|spaces)--/.test(name)) {
      warnings.push(`not a repository: ${name}`);
      continue;
    }
    const snapshots = join(folder, 'snapshots');
    if (!existsSync(snapshots)) {
      warnings.push(`no snapshots: ${name}`);
      continue;
    }
    const blobs = new Set<string>();
    const commits = new Set<string>();
    for (const commit of readdirSync(snapshots)) {
      commits.add(commit);
      const walk = (at: string): void => {
        for (const entry of readdirSync(at)) {
          const path = join(at, entry);
          if (lstatSync(path).isDirectory()) {
            walk(path);
            continue;
          }
          if (!existsSync(path)) {
            warnings.push(`dangling: ${relative(folder, path)}`);
            continue;
          }
          const facts = statSync(path);
          files++;
          if (!blobs.has(String(facts.ino))) bytes += facts.size;
          blobs.add(String(facts.ino));
        }
      };
      walk(join(snapshots, commit));
    }
    const refs = join(folder, 'refs');
    for (const entry of existsSync(refs) ? readdirSync(refs, { recursive: true, withFileTypes: true }) : []) {
      if (!entry.isFile()) continue;
      const commit = readFileSync(join(entry.parentPath, entry.name), 'utf8');
      if (!commits.has(commit)) warnings.push(`ref ${entry.name} to a missing commit ${commit}`);
    }
  }
  return { warnings, bytes, files };
}

/** hf_hub_download as it leaves one file behind. `links` false = HF_HUB_DISABLE_SYMLINKS. */
export function pythonDownload(
  cache: string,
  options: { repo: string; commit: string; file: string; data: Buffer; lfs: boolean; links: boolean },
): void {
  const { repo, commit, file, data, lfs, links } = options;
  const folder = repoFolder(cache, repo);
  const etag = lfs
    ? createHash('sha256').update(data).digest('hex')
    : createHash('sha1')
        .update(`blob ${String(data.length)}\0`)
        .update(data)
        .digest('hex');
  const pointer = join(folder, 'snapshots', commit, file);
  mkdirSync(dirname(pointer), { recursive: true });
  mkdirSync(join(folder, 'blobs'), { recursive: true });
  mkdirSync(join(folder, 'refs'), { recursive: true });
  mkdirSync(join(cache, '.locks', `models--${repo.split('/').join('--')}`), { recursive: true });
  writeFileSync(join(cache, '.locks', `models--${repo.split('/').join('--')}`, `${etag}.lock`), '');
  writeFileSync(join(folder, 'refs', 'main'), commit);
  const blob = join(folder, 'blobs', etag);
  const incomplete = `${blob}.${randomBytes(4).toString('hex')}.incomplete`;
  writeFileSync(incomplete, data);
  renameSync(incomplete, blob);
  if (links) symlinkSync(relative(dirname(pointer), blob), pointer);
  else renameSync(blob, pointer);
}
