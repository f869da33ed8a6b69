import { createHash } from 'node:crypto';
import { readdir, stat } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { type Content, diskContent, generatedContent, memoryContent, wholeContent } from './content.ts';
import {
  blobOid,
  commitOid,
  type ContentHashes,
  hashContent,
  lfsPointer,
  type TreeMember,
  treeOid,
} from './gitHashes.ts';

/** Untrue facts for tests: what lists and headers say instead of the true size (null = nothing at all). */
export interface FileClaims {
  readonly size?: number | string | null;
}

/** One file of a repository: from disk, given as text, or made on demand. */
export type FileSpec = { readonly claims?: FileClaims } & FileSource;

type FileSource =
  | { readonly path: string; readonly disk: string }
  | { readonly path: string; readonly text: string }
  | {
      readonly path: string;
      readonly bytes: number;
      readonly generate: (offset: number, length: number) => Uint8Array;
      /** Spares reading the content once when it is known. */
      readonly hashes?: ContentHashes;
    };

export interface RepositorySpec {
  /** "owner/name", or a bare name as the oldest ones have. */
  readonly id: string;
  readonly gated?: false | 'auto' | 'manual';
  readonly private?: boolean;
  readonly disabled?: boolean;
  /** Answers "not available in your region" to everybody. */
  readonly regionBlocked?: boolean;
  /** README front matter. */
  readonly card?: Readonly<Record<string, unknown>>;
  readonly files: readonly FileSpec[];
  /** Names that lead here by 307. */
  readonly formerIds?: readonly string[];
  /** Extra branches and tags on the first commit. */
  readonly revisions?: readonly string[];
}

/** A file as one commit has it. */
export interface StoredFile {
  readonly path: string;
  readonly size: number;
  /** The size as told to clients; the true one unless a test wants a lie. */
  readonly toldSize: number | string | null;
  /** Git blob id: of the content, or of the pointer for LFS files. */
  readonly oid: string;
  readonly lfs?: { readonly sha256: string; readonly pointerSize: number; readonly xetHash: string };
  readonly content: Content;
}

export interface StoredCommit {
  readonly id: string;
  readonly title: string;
  /** ISO time. */
  readonly date: string;
  readonly files: ReadonlyMap<string, StoredFile>;
  /** Git ids of all folders, by path. */
  readonly folders: ReadonlyMap<string, string>;
}

export interface Repository {
  readonly spec: RepositorySpec;
  /** 24 hex digits. */
  readonly internalId: string;
  readonly owner: string;
  /** The commit a revision names; undefined = no such revision. */
  at(revision: string): Promise<StoredCommit | undefined>;
  /** Adds a commit to main. */
  commit(files: Readonly<Record<string, string>>): Promise<StoredCommit>;
}

/** Which files the Hub keeps outside git, as the usual .gitattributes has it. */
export const lfsPatterns: readonly string[] = [
  '*.safetensors',
  '*.bin',
  '*.onnx',
  '*.onnx_data',
  '*.gguf',
  '*.pth',
  'tokenizer.json',
];

function isLfs(path: string): boolean {
  const name = path.slice(path.lastIndexOf('/') + 1);
  return lfsPatterns.some((pattern) => (pattern.startsWith('*') ? name.endsWith(pattern.slice(1)) : name === pattern));
}

const hex = (text: string, algorithm: 'sha1' | 'sha256'): string => createHash(algorithm).update(text).digest('hex');
const firstCommitSeconds = Date.UTC(2026, 8, 1, 9) / 1000;

/** Makes a repository. Its files are read and hashed when somebody first asks for them. */
export function createRepository(spec: RepositorySpec, hashDisk: HashDisk): Repository {
  let history: Promise<StoredCommit[]> | undefined;
  const commits = (): Promise<StoredCommit[]> =>
    (history ??= Promise.all(spec.files.map((file) => storeFile(file, hashDisk))).then((files) => [
      makeCommit(files, { title: 'Upload the model', number: 0 }),
    ]));

  return {
    spec,
    internalId: hex(spec.id, 'sha1').slice(0, 24),
    owner: spec.id.includes('/') ? spec.id.slice(0, spec.id.indexOf('/')) : '',
    async at(revision) {
      const all = await commits();
      if (revision === 'main' || revision === 'HEAD' || revision === 'refs/heads/main') return all.at(-1);
      if (spec.revisions?.includes(revision)) return all[0];
      return all.find((commit) => commit.id === revision);
    },
    async commit(changes) {
      const all = await commits();
      const newest = all.at(-1);
      const changed = await Promise.all(
        Object.entries(changes).map(([path, text]) => storeFile({ path, text }, hashDisk)),
      );
      const files = new Map(newest?.files);
      for (const file of changed) files.set(file.path, file);
      const commit = makeCommit([...files.values()], {
        title: 'Update the model',
        number: all.length,
        ...(newest && { parent: newest.id }),
      });
      all.push(commit);
      return commit;
    },
  };
}

function makeCommit(
  files: readonly StoredFile[],
  { title, number, parent }: { title: string; number: number; parent?: string },
): StoredCommit {
  const sorted = [...files].sort((one, other) => (one.path < other.path ? -1 : 1));
  const folders = new Map<string, string>();
  const tree = folderOid(sorted, '', folders);
  const seconds = firstCommitSeconds + number * 86_400;
  return {
    id: commitOid({ tree, title, seconds, ...(parent !== undefined && { parent }) }),
    title,
    date: new Date(seconds * 1000).toISOString(),
    files: new Map(sorted.map((file) => [file.path, file])),
    folders,
  };
}

/** Git id of the folder with this prefix ("" or "onnx/"); notes every folder below in `folders`. */
function folderOid(files: readonly StoredFile[], prefix: string, folders: Map<string, string>): string {
  const members = new Map<string, TreeMember>();
  for (const file of files) {
    if (!file.path.startsWith(prefix)) continue;
    const [name = '', ...deeper] = file.path.slice(prefix.length).split('/');
    if (members.has(name)) continue;
    const folder = deeper.length > 0;
    const oid = folder ? folderOid(files, `${prefix}${name}/`, folders) : file.oid;
    if (folder) folders.set(`${prefix}${name}`, oid);
    members.set(name, { name, oid, folder });
  }
  return treeOid([...members.values()]);
}

async function storeFile(spec: FileSpec, hashDisk: HashDisk): Promise<StoredFile> {
  const { content, hashes } = await openFile(spec, hashDisk);
  const { size } = content;
  const toldSize = spec.claims?.size === undefined ? size : spec.claims.size;
  if (!isLfs(spec.path)) return { path: spec.path, size, toldSize, oid: hashes.gitOid, content };
  const pointer = lfsPointer(hashes.sha256, size);
  return {
    path: spec.path,
    size,
    toldSize,
    oid: blobOid(pointer),
    lfs: { sha256: hashes.sha256, pointerSize: pointer.length, xetHash: hex(`xet ${hashes.sha256}`, 'sha256') },
    content,
  };
}

async function openFile(spec: FileSpec, hashDisk: HashDisk): Promise<{ content: Content; hashes: ContentHashes }> {
  if ('disk' in spec) return hashDisk(spec.disk);
  if ('text' in spec) {
    const content = memoryContent(spec.text);
    return { content, hashes: await hashContent(content) };
  }
  const content = generatedContent(spec.bytes, spec.generate);
  return { content, hashes: spec.hashes ?? (await hashContent(content)) };
}

/** Opens and hashes a file on disk. */
export type HashDisk = (path: string) => Promise<{ content: Content; hashes: ContentHashes }>;

/** Hashes each file on disk once, however many repositories show it. */
export function createHashDisk(): HashDisk {
  const known = new Map<string, Promise<{ content: Content; hashes: ContentHashes }>>();
  return (path) => {
    const found = known.get(path);
    if (found) return found;
    const opened = stat(path).then(async ({ size }) => {
      const content = diskContent(path, size);
      return { content, hashes: await hashContent(content) };
    });
    known.set(path, opened);
    return opened;
  };
}

/** All files below a folder, hidden ones and the authors' README and licence aside. Rejects when there is no folder. */
export async function listFolder(folder: string): Promise<FileSpec[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile() && !entry.name.startsWith('.') && !/^(?:README|LICENSE)\b/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .map((disk) => ({ path: relative(folder, disk).replaceAll('\\', '/'), disk }))
    .sort((one, other) => (one.path < other.path ? -1 : 1));
}

/** A small file's text. */
export async function fileText(file: StoredFile): Promise<string> {
  return (await wholeContent(file.content)).toString('utf8');
}
