/** What the fault sweep has written, known to both sides of it. */
import type { TreeEntry } from '../../../electron/services/download/cache.ts';
import { gitSha1, noise, sha256 } from '../download/faultServer.ts';

export const works = ['state', 'publish-links', 'publish-files', 'naive-state', 'naive-publish'] as const;

export interface FaultedJob {
  readonly work: (typeof works)[number];
  readonly folder: string;
}

export const statePath = 'state.json';

/** Large enough to be written in more than one piece by whoever writes piece by piece. */
export interface State {
  readonly n: number;
  readonly text: string;
}
export const stateOf = (n: number): State => ({ n, text: String(n).repeat(100_000) });
export const isState = (value: unknown): value is State =>
  typeof value === 'object' &&
  value !== null &&
  'n' in value &&
  'text' in value &&
  typeof value.n === 'number' &&
  value.text === stateOf(value.n).text;

/** A model of three contents: weights, a small file under two names, and an empty one. */
export function models() {
  const file = (data: Buffer, kind: 'sha256' | 'git-sha1', ...paths: string[]) => ({
    paths,
    data,
    checksum: { kind, hex: kind === 'sha256' ? sha256(data) : gitSha1(data) },
  });
  return {
    repo: 'acme/faulted',
    commit: 'f'.repeat(40),
    files: [
      file(noise(70_000, 3), 'sha256', 'model.safetensors'),
      file(Buffer.from('{"n":1}'), 'git-sha1', 'config.json', 'sub/config.json'),
      file(Buffer.alloc(0), 'git-sha1', 'empty.txt'),
    ],
  };
}

export const tree = (): readonly TreeEntry[] =>
  models().files.flatMap(({ paths, data, checksum }) =>
    paths.map((path) => ({
      path,
      bytes: data.length,
      gitSha1: gitSha1(data),
      ...(checksum.kind === 'sha256' && { sha256: checksum.hex }),
    })),
  );
