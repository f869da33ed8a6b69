import { type FileHandle, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { ConversionError } from './conversionError.ts';
import { isWeightDtype, weightBytes, type WeightDtype } from './dtypes.ts';
import { JsonCursor, JsonError } from './jsonCursor.ts';
import type { StoredRows } from './packing/packTask.ts';
import { headerLength, parseHeader, PREFIX_BYTES } from './safetensorsHeader.ts';
import { openToRead } from '../durable/reading.ts';

/** One tensor of a checkpoint, wherever its shard is. */
export interface CheckpointTensor {
  readonly dtype: string;
  readonly shape: readonly number[];
}

/** Official weights, open for reading by ranges. */
export interface Checkpoint {
  readonly tensors: ReadonlyMap<string, CheckpointTensor>;
  /** Reads rows [first, first + rows) of a tensor seen as [shape[0], everything else]; little-endian bytes. */
  readRows(name: string, first: number, rows: number): Promise<{ dtype: WeightDtype; bytes: Uint8Array }>;
  /** Where the same rows lie on disk, for others to read; undefined when the stored bytes alone are not the weights. */
  placeOf(name: string, first: number, rows: number): ({ dtype: WeightDtype } & StoredRows) | undefined;
  close(): Promise<void>;
}

const INDEX = 'model.safetensors.index.json';
const SINGLE = 'model.safetensors';
const MOST_INDEX_BYTES = 25_000_000;
const MOST_SHARDS = 1000;
/** One plain path segment: what a remote index says can never name anything outside the folder. */
const SHARD_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,200}\.safetensors$/;

interface Place extends CheckpointTensor {
  readonly file: string;
  readonly handle: FileHandle;
  readonly offset: number; // bytes from the start of the file
}

/**
 * Opens `model.safetensors`, or, where that is not there, all shards that `model.safetensors.index.json` names, in `folder`.
 * Every header is validated before this returns. Throws ConversionError 'damaged-file' or 'nothing-to-run'.
 */
export async function openCheckpoint(folder: string): Promise<Checkpoint> {
  // The single file first, then the index: the order in which transformers looks, and in which files are chosen.
  const index = (await isFile(join(folder, SINGLE))) ? undefined : await readIndex(folder);
  const files = index ? [...new Set(index.values())].sort() : [SINGLE];
  const handles: FileHandle[] = [];
  const places = new Map<string, Place>();
  const close = async (): Promise<void> => {
    await Promise.all(handles.map((handle) => handle.close()));
  };
  try {
    for (const file of files) {
      const handle = await openShard(folder, file);
      handles.push(handle);
      for (const [name, place] of await readShard(handle, file)) {
        if (places.has(name)) throw new ConversionError('damaged-file', `${name} is in two shards`, file);
        places.set(name, place);
      }
    }
    for (const [name, file] of index ?? []) {
      if (places.get(name)?.file !== file)
        throw new ConversionError('damaged-file', `${name} is not in ${file}`, INDEX);
    }
  } catch (error) {
    await close();
    throw error;
  }
  return {
    tensors: places,
    async readRows(name, first, rows) {
      const { dtype, handle, position, length, file } = rowsOf(places, name, first, rows);
      return { dtype, bytes: await readExactly(handle, position, length, file) };
    },
    placeOf(name, first, rows) {
      const { dtype, handle, position, file } = rowsOf(places, name, first, rows);
      return { dtype, descriptor: handle.fd, position, file };
    },
    close,
  };
}

/** Parses a shard index: tensor name -> shard file name. Throws ConversionError 'damaged-file'. */
export function parseIndex(text: string): Map<string, string> {
  const index = new Map<string, string>();
  try {
    const cursor = new JsonCursor(text);
    cursor.object((key) => {
      if (key !== 'weight_map') return cursor.skip();
      cursor.object((name) => void index.set(name, cursor.string()));
    });
    cursor.end();
  } catch (error) {
    if (error instanceof JsonError) throw new ConversionError('damaged-file', error.message, INDEX);
    throw error;
  }
  const shards = new Set(index.values());
  for (const shard of shards) {
    if (!SHARD_NAME.test(shard)) {
      throw new ConversionError('damaged-file', `${JSON.stringify(shard.slice(0, 80))} is not a shard name`, INDEX);
    }
  }
  if (shards.size === 0) throw new ConversionError('damaged-file', 'names no tensors', INDEX);
  if (shards.size > MOST_SHARDS) throw new ConversionError('damaged-file', `names ${shards.size} shards`, INDEX);
  return index;
}

const isFile = (path: string): Promise<boolean> =>
  stat(path).then(
    (found) => found.isFile(),
    () => false,
  );

async function readIndex(folder: string): Promise<Map<string, string> | undefined> {
  const path = join(folder, INDEX);
  const found = await stat(path).catch(() => undefined);
  if (!found) return undefined;
  if (found.size > MOST_INDEX_BYTES) throw new ConversionError('damaged-file', `is ${found.size} bytes long`, INDEX);
  try {
    return parseIndex(new TextDecoder('utf-8', { fatal: true }).decode(await readFile(path)));
  } catch (error) {
    if (error instanceof TypeError) throw new ConversionError('damaged-file', 'is not UTF-8', INDEX);
    throw error;
  }
}

async function openShard(folder: string, file: string): Promise<FileHandle> {
  try {
    return await openToRead(join(folder, file));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    if (file === SINGLE) throw new ConversionError('nothing-to-run', 'no safetensors weights in this folder', file);
    throw new ConversionError('damaged-file', 'a shard that the index names is missing', file);
  }
}

async function readShard(handle: FileHandle, file: string): Promise<Map<string, Place>> {
  const found = await handle.stat();
  if (!found.isFile()) throw new ConversionError('damaged-file', 'is not a regular file', file);
  if (found.size < PREFIX_BYTES) throw new ConversionError('damaged-file', 'shorter than 8 bytes', file);
  const length = headerLength(await readExactly(handle, 0, PREFIX_BYTES, file), found.size, file);
  const header = await readExactly(handle, PREFIX_BYTES, length, file);
  const start = PREFIX_BYTES + length;
  const places = new Map<string, Place>();
  for (const [name, info] of parseHeader(header, found.size - start, file)) {
    places.set(name, { dtype: info.dtype, shape: info.shape, file, handle, offset: start + info.begin });
  }
  return places;
}

interface PlacedRows {
  readonly dtype: WeightDtype;
  readonly handle: FileHandle;
  readonly position: number; // bytes from the start of the file
  readonly length: number; // bytes
  readonly file: string;
}

function rowsOf(places: ReadonlyMap<string, Place>, name: string, first: number, rows: number): PlacedRows {
  const place = places.get(name);
  if (!place || !isWeightDtype(place.dtype)) throw new Error(`${name} was not checked before reading`);
  const [height = 1, ...rest] = place.shape;
  if (first < 0 || rows < 0 || first + rows > height) throw new Error(`${name}: rows ${first}+${rows} of ${height}`);
  const rowBytes = rest.reduce((product, size) => product * size, 1) * weightBytes(place.dtype);
  const { dtype, handle, file } = place;
  return { dtype, handle, position: place.offset + first * rowBytes, length: rows * rowBytes, file };
}

/** Reads exactly `length` bytes or throws: a short read means that the file shrank under us. */
async function readExactly(handle: FileHandle, position: number, length: number, file: string): Promise<Uint8Array> {
  const bytes = new Uint8Array(length);
  let done = 0;
  while (done < length) {
    const { bytesRead } = await handle.read(bytes, done, length - done, position + done);
    if (bytesRead === 0) throw new ConversionError('damaged-file', 'ended before its last tensor', file);
    done += bytesRead;
  }
  return bytes;
}
