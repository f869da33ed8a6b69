import { createHash } from 'node:crypto';
import type { Content } from './content.ts';

/** Hashes of one file: the git blob id of what git stores, and the sha256 of the content. Lower-case hex. */
export interface ContentHashes {
  readonly gitOid: string;
  readonly sha256: string;
}

/** Reads the content once and makes both hashes; git hashes "blob <size>\0" before the bytes. */
export async function hashContent(content: Content): Promise<ContentHashes> {
  const git = createHash('sha1').update(`blob ${content.size}\0`);
  const sha256 = createHash('sha256');
  for await (const piece of content.read(0, content.size)) {
    git.update(piece);
    sha256.update(piece);
  }
  return { gitOid: git.digest('hex'), sha256: sha256.digest('hex') };
}

/** The text that git keeps in place of a Git LFS file (git-lfs docs/spec.md, version 1). */
export function lfsPointer(sha256: string, size: number): string {
  return `version https://git-lfs.github.com/spec/v1\noid sha256:${sha256}\nsize ${size}\n`;
}

/** Git object id of a piece of text stored as a blob. */
export function blobOid(text: string): string {
  return objectOid('blob', Buffer.from(text));
}

export interface TreeMember {
  readonly name: string;
  readonly oid: string;
  readonly folder: boolean;
}

/** Git object id of one folder. Git sorts names as if folders ended in a slash. */
export function treeOid(members: readonly TreeMember[]): string {
  const key = (member: TreeMember): Buffer => Buffer.from(member.folder ? `${member.name}/` : member.name);
  const rows = [...members].sort((one, other) => Buffer.compare(key(one), key(other)));
  const parts = rows.map(({ name, oid, folder }) =>
    Buffer.concat([Buffer.from(`${folder ? '40000' : '100644'} ${name}\0`), Buffer.from(oid, 'hex')]),
  );
  return objectOid('tree', Buffer.concat(parts));
}

/** Git object id of a commit; the same tree, parent, title and second give the same id. */
export function commitOid(commit: { tree: string; parent?: string; title: string; seconds: number }): string {
  const by = `Practice Labs <labs@practice.invalid> ${commit.seconds} +0000`;
  const parent = commit.parent === undefined ? '' : `parent ${commit.parent}\n`;
  const text = `tree ${commit.tree}\n${parent}author ${by}\ncommitter ${by}\n\n${commit.title}\n`;
  return objectOid('commit', Buffer.from(text));
}

function objectOid(kind: 'blob' | 'tree' | 'commit', bytes: Buffer): string {
  return createHash('sha1').update(`${kind} ${bytes.byteLength}\0`).update(bytes).digest('hex');
}
