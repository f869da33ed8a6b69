import { mask } from './modelInfo.ts';
import type { StoredCommit, StoredFile } from './repositories.ts';

type Entry = Readonly<Record<string, unknown>> & { readonly path: string };

export interface ListWishes {
  /** Folder below the root, '' = the root. */
  readonly folder: string;
  readonly recursive: boolean;
  /** With the last commit and the scan results of each entry. */
  readonly expand: boolean;
  readonly masked: boolean;
}

/** Entries of a folder: files and sub-folders; undefined when there is no such folder. */
export function listFiles(commit: StoredCommit, wishes: ListWishes): Entry[] | undefined {
  const { folder, recursive } = wishes;
  if (folder !== '' && !commit.folders.has(folder)) return undefined;
  const prefix = folder === '' ? '' : `${folder}/`;
  const inside = (path: string): boolean =>
    path.startsWith(prefix) && (recursive || !path.slice(prefix.length).includes('/'));
  const folders = [...commit.folders].filter(([path]) => inside(path));
  const files = [...commit.files.values()].filter((file) => inside(file.path));
  return [
    ...folders.map(([path, oid]) => folderEntry(path, oid, { commit, ...wishes })),
    ...files.map((file) => fileEntry(file, { commit, ...wishes })),
  ];
}

/** The same rows for named paths; unknown ones are left out. */
export function pathsInfo(
  commit: StoredCommit,
  paths: readonly string[],
  wishes: Pick<ListWishes, 'expand' | 'masked'>,
): Entry[] {
  return paths.flatMap((path) => {
    const file = commit.files.get(path);
    if (file) return [fileEntry(file, { commit, ...wishes })];
    const oid = commit.folders.get(path);
    return oid === undefined ? [] : [folderEntry(path, oid, { commit, ...wishes })];
  });
}

interface RowWishes {
  readonly commit: StoredCommit;
  readonly expand: boolean;
  readonly masked: boolean;
}

function folderEntry(path: string, oid: string, { commit, expand }: RowWishes): Entry {
  return { type: 'directory', oid, size: 0, path, ...(expand && { lastCommit: lastCommit(commit) }) };
}

/** Without access the sha256 and the Xet hash are 64 asterisks; git id and size never are (Hub facts 1.4). */
function fileEntry(file: StoredFile, { commit, expand, masked }: RowWishes): Entry {
  const { path, oid, lfs } = file;
  const size = file.toldSize === null ? {} : { size: file.toldSize };
  return {
    type: 'file',
    oid,
    ...size,
    ...(lfs && {
      lfs: { oid: masked ? mask : lfs.sha256, ...size, pointerSize: lfs.pointerSize },
      xetHash: masked ? mask : lfs.xetHash,
    }),
    path,
    ...(expand && { lastCommit: lastCommit(commit), securityFileStatus: { status: 'safe' } }),
  };
}

function lastCommit({ id, title, date }: StoredCommit): unknown {
  return { id, title, date };
}

/** One page of a listing: where it starts, and the cursor of the next one. */
export function cutPage<T>(
  rows: readonly T[],
  { limit, cursor }: { limit: number; cursor: string | null },
): { readonly rows: readonly T[]; readonly next?: string } {
  const start = cursor === null ? 0 : Number(Buffer.from(cursor, 'base64url').toString().replace(/^at:/, ''));
  const from = Number.isSafeInteger(start) && start > 0 ? start : 0;
  const end = from + limit;
  const page = rows.slice(from, end);
  return end < rows.length ? { rows: page, next: Buffer.from(`at:${end}`).toString('base64url') } : { rows: page };
}
