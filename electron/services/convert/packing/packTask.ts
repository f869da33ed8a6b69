import { readSync } from 'node:fs';
import { writeAt } from '../../durable/files.ts';
import { ConversionError } from '../conversionError.ts';
import { numberBytes, weightBytes } from '../dtypes.ts';
import type { BlockFormat } from './format.ts';
import type { OfficialRows, Packer } from './packer.ts';

/** Where official bytes lie: an open file of this process, which all its threads share. */
export interface StoredRows {
  readonly descriptor: number;
  readonly position: number; // bytes from the start of the file
  readonly file: string; // named in refusals
}

/** Rows to read, pack and write. Crosses to a thread as it is; weights that need more than decoding come as bytes. */
export interface PackTask {
  readonly official: OfficialRows;
  readonly from: StoredRows | Uint8Array;
  readonly format: BlockFormat;
  readonly scaleType: 'float' | 'float16';
  /** Positions of the first row's parts in an open file. */
  readonly to: {
    readonly descriptor: number;
    readonly data: number;
    readonly scales: number;
    readonly zeroPoints: number;
  };
}

/** Weights read, packed and written at once: what a core keeps in its own cache while it works on them. */
const WEIGHTS_AT_ONCE = 262_144;

/** Does one task from file to file. Throws ConversionError, and what the file system throws. */
export function runPackTask(packer: Packer, task: PackTask): void {
  const { official, from, format, to } = task;
  const { rows, columns, dtype } = official;
  const rowBytes = columns * weightBytes(dtype);
  const most = Math.max(1, Math.floor(WEIGHTS_AT_ONCE / columns));
  let [data, scales, zeroPoints] = [to.data, to.scales, to.zeroPoints];
  for (let first = 0; first < rows; first += most) {
    const piece = { ...official, rows: Math.min(most, rows - first) };
    const room = packer.room(piece.rows * rowBytes);
    if (from instanceof Uint8Array) room.set(from.subarray(first * rowBytes, (first + piece.rows) * rowBytes));
    else readExactly({ ...from, position: from.position + first * rowBytes }, room);
    const packed = packer.pack(piece, format);
    const scaleBytes = numberBytes(packed.scales, task.scaleType);
    writeAt(to.descriptor, packed.data, data);
    writeAt(to.descriptor, scaleBytes, scales);
    writeAt(to.descriptor, packed.zeroPoints, zeroPoints);
    data += packed.data.length;
    scales += scaleBytes.length;
    zeroPoints += packed.zeroPoints.length;
  }
}

/** Fills `into` or throws: a short read means that the file shrank under us. */
function readExactly({ descriptor, position, file }: StoredRows, into: Uint8Array): void {
  for (let done = 0; done < into.length;) {
    const count = readSync(descriptor, into, done, into.length - done, position + done);
    if (count === 0) throw new ConversionError('damaged-file', 'ended before its last tensor', file);
    done += count;
  }
}
