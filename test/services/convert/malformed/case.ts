/** Words for cases of one thing gone wrong in a folder that was fine. */
import { safetensorsBytes, type TinyModel, tinyModel, writeCheckpoint } from '../../../reference/checkpoint.ts';
import { type TinyConfigName, tinyConfigs } from '../../../reference/configs.ts';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A repository folder by file name. */
export type Files = Map<string, Buffer>;

export interface MalformedCase {
  readonly name: string;
  /** The folder before anything went wrong; it converts. */
  readonly control: ControlName;
  readonly spoil: (files: Files) => void;
  /** Pieces of the refusal as a report shows it: "code: file: reason". */
  readonly refusal: readonly string[];
  /** 'damaged-file' unless something else is the matter. */
  readonly code?: 'unsupported-architecture' | 'nothing-to-run';
}

/** A tiny configuration, in one file or in three shards. */
export type ControlName = TinyConfigName | 'llama in three shards';

export const WEIGHTS = 'model.safetensors';
export const INDEX = 'model.safetensors.index.json';

const controls = new Map<ControlName, Files>();

/** A fresh copy of a good folder. */
export function controlFiles(name: ControlName): Files {
  let files = controls.get(name);
  if (!files) {
    const folder = mkdtempSync(join(tmpdir(), 'control-'));
    const shards = name === 'llama in three shards' ? 3 : 1;
    writeCheckpoint(folder, tinyModel(tinyConfigs[shards === 3 ? 'llama' : (name as TinyConfigName)], 5), { shards });
    files = new Map(readdirSync(folder).map((file) => [file, readFileSync(join(folder, file))]));
    rmSync(folder, { recursive: true });
    controls.set(name, files);
  }
  return new Map(files);
}

/** Header text and data of a safetensors file. */
export function apart(bytes: Buffer): { header: string; data: Buffer } {
  const end = 8 + Number(bytes.readBigUInt64LE(0));
  return { header: bytes.toString('utf8', 8, end), data: bytes.subarray(end) };
}

/** A safetensors file; `claimed` is what its first eight bytes say. */
export function together(header: string | Uint8Array, data: Uint8Array, claimed?: bigint): Buffer {
  const text = Buffer.from(header);
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(claimed ?? BigInt(text.length));
  return Buffer.concat([length, text, data]);
}

/** Puts `to` in the place of the first `from` in the header. */
export const inHeader =
  (from: string, to: string, file = WEIGHTS) =>
  (files: Files): void => {
    const { header, data } = apart(files.get(file)!);
    if (!header.includes(from)) throw new Error(`the header has no ${from}`);
    files.set(
      file,
      together(
        header.replace(from, () => to),
        data,
      ),
    );
  };

/** Changes config.json; undefined takes a field away. */
export const inConfig =
  (patch: Readonly<Record<string, unknown>>) =>
  (files: Files): void => {
    const config = JSON.parse(files.get('config.json')!.toString()) as object;
    files.set('config.json', Buffer.from(JSON.stringify({ ...config, ...patch })));
  };

/** Puts a file there, or another in its place. */
export const withFile =
  (name: string, content: string | Uint8Array) =>
  (files: Files): void =>
    void files.set(name, Buffer.from(content));

/** Takes a file away. */
export const withoutFile =
  (name: string) =>
  (files: Files): void =>
    void files.delete(name);

/** Writes the weights anew from changed tensors. */
export const inTensors =
  (change: (tensors: Map<string, TinyModel['tensors'] extends ReadonlyMap<string, infer T> ? T : never>) => void) =>
  (files: Files): void => {
    const tensors = new Map(tinyModel(tinyConfigs.llama, 5).tensors);
    change(tensors);
    files.set(WEIGHTS, safetensorsBytes(tensors));
  };
