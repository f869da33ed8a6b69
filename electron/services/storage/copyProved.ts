import { createHash } from 'node:crypto';
import { lstat, realpath } from 'node:fs/promises';
import { dirname, join, sep } from 'node:path';
import { createFile, makeFolder, removeTree, syncFolder } from '../durable/files.ts';
import { hashFile, openPlainFile, readInOrder } from '../models/hashFile.ts';
import type { ManifestFile } from '../models/manifest.ts';

/** A file is not what the manifest says it is. */
export class DamagedFile extends Error {
  override readonly name = 'DamagedFile';
  readonly path: string;
  constructor(path: string, reason: string) {
    super(`${path}: ${reason}`);
    this.path = path;
  }
}

/** Throws DamagedFile unless `path` lies in `folder` without any link on the way. */
async function plainPath(folder: string, path: string): Promise<string> {
  let at = folder;
  for (const part of path.split('/')) {
    at = join(at, part);
    const facts = await lstat(at).catch(() => undefined);
    if (facts === undefined) throw new DamagedFile(path, 'is missing');
    if (facts.isSymbolicLink()) throw new DamagedFile(path, 'is a link');
  }
  // Links are told by lstat; junctions and mounts of other kinds by where it really ends.
  const [root, real] = await Promise.all([realpath(folder), realpath(at)]);
  if (!real.startsWith(root.endsWith(sep) ? root : root + sep)) throw new DamagedFile(path, 'leaves its folder');
  return at;
}

/** A fifth of a second on a slow stick; on a fast disk 256 MiB took as long as with one sync at the end. */
const syncEveryBytes = 8 * 2 ** 20;

async function copyOne(from: string, to: string, file: ManifestFile, options: CopyOptions): Promise<void> {
  const source = options.follow
    ? await realpath(join(from, ...file.path.split('/')))
    : await plainPath(from, file.path);
  const { file: handle, bytes } = await openPlainFile(source).catch(() => {
    throw new DamagedFile(file.path, 'is not a plain file');
  });
  try {
    if (bytes !== file.bytes) {
      throw new DamagedFile(file.path, `has ${String(bytes)} bytes instead of ${String(file.bytes)}`);
    }
    const out = await createFile(to, options.mode ?? 0o644);
    try {
      const hash = createHash('sha256');
      let [position, synced] = [0, 0];
      const read = await readInOrder(handle, {
        bytes,
        signal: options.signal,
        async take(data) {
          hash.update(data);
          await out.write(data, position);
          position += data.length;
          // What the system still holds back cannot be stopped: a slow disk would keep a person waiting who said stop.
          if (position - synced >= syncEveryBytes) {
            await out.syncData();
            synced = position;
          }
          options.onBytes(data.length, file.path);
        },
      });
      if (read !== bytes || hash.digest('hex') !== file.sha256) {
        throw new DamagedFile(file.path, 'its bytes do not have the SHA-256 of the manifest');
      }
      await out.sync();
    } finally {
      await out.close();
    }
  } finally {
    await handle.close();
  }
}

interface CopyOptions {
  readonly signal: AbortSignal;
  /** Bytes copied or found in place, as they come. */
  readonly onBytes: (bytes: number, path: string) => void;
  /** Links in the source are followed, as those of a cache have to be. */
  readonly follow?: true;
  /** Of the copies; folders get the same with leave to enter. Usually for everybody to read, as models are. */
  readonly mode?: 0o600;
}

/**
 * Copies the files of a manifest into `to` (a temporary folder of ours), reading the copies back. What an earlier try
 * finished there is proved and kept. Never writes more than a file's declared bytes, follows no link unless told to, opens
 * only plain files. Rejects with DamagedFile when the source is not what the manifest says (the bad copy is gone then), with the
 * system's error, or with AbortError.
 */
export async function copyProved(
  from: string,
  to: string,
  files: readonly ManifestFile[],
  options: CopyOptions,
): Promise<void> {
  const folders = new Set<string>([to]);
  for (const file of files) {
    const target = join(to, ...file.path.split('/'));
    await makeFolder(dirname(target), options.mode === undefined ? 0o755 : 0o700);
    folders.add(dirname(target));
    const there = await hashFile(target, { signal: options.signal });
    if (there === file.sha256) {
      options.onBytes(file.bytes, file.path);
      continue;
    }
    await removeTree(target);
    try {
      await copyOne(from, target, file, options);
    } catch (error) {
      await removeTree(target);
      throw error;
    }
    if ((await hashFile(target, { signal: options.signal })) !== file.sha256) {
      await removeTree(target);
      throw new DamagedFile(file.path, 'the copy reads back differently: the disk it is on is not reliable');
    }
  }
  for (const folder of folders) await syncFolder(folder);
}
