import type { OpenFile } from '../durable/files.ts';
import type { Checkpoint } from './checkpoint.ts';
import { throwIfCancelled } from './conversionError.ts';
import { decodeWeights, numberBytes } from './dtypes.ts';
import type { Fill } from './graphBuilder.ts';
import type { Place } from './onnx.ts';
import { packedRow } from './packing/format.ts';
import type { Packers } from './packing/packers.ts';
import { inverseFrequencies, ropeMagnitude, ropeRows } from './rope.ts';
import type { Rows } from './tensors.ts';

// Both are worked on by the calling thread, which must stay answering: some ten milliseconds.
const NUMBERS_AT_ONCE = 1_048_576;
const ANGLES_AT_ONCE = 262_144;

/** What a fill works with. */
export interface FillContext {
  readonly checkpoint: Checkpoint;
  readonly file: Pick<OpenFile, 'write' | 'descriptor'>;
  readonly packers: Packers;
  readonly contextLength: number;
  /** Called with what was just written and the official tensor it came from. */
  readonly onWritten: (places: readonly Place[], item: string) => void;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Writes everything a plan asks for, in pieces of a few megabytes, several at a time. Where each byte goes was settled
 * by the plan, so the order in which pieces finish does not change the file.
 */
export async function fillWeights(fills: readonly Fill[], context: FillContext): Promise<void> {
  const running = new Set<Promise<void>>();
  let failure: { readonly error: unknown } | undefined;
  try {
    for (const step of steps(fills, context)) {
      throwIfCancelled(context.signal);
      const work: Promise<void> = step()
        .catch((error: unknown) => void (failure ??= { error }))
        .finally(() => running.delete(work));
      running.add(work);
      if (running.size >= context.packers.width) await Promise.race(running);
      if (failure) break;
    }
  } finally {
    await Promise.all(running); // nothing may write after this returns
  }
  if (failure) throw failure.error;
}

function* steps(fills: readonly Fill[], context: FillContext): Generator<() => Promise<void>> {
  for (const fill of fills) {
    switch (fill.kind) {
      case 'numbers':
        yield* numberSteps(fill, context);
        break;
      case 'packed':
        yield* packedSteps(fill, context);
        break;
      case 'rope':
        yield* ropeSteps(fill, context);
    }
  }
}

type FillOf<K extends Fill['kind']> = Extract<Fill, { readonly kind: K }>;

function* numberSteps(fill: FillOf<'numbers'>, context: FillContext): Generator<() => Promise<void>> {
  const width = fill.type === 'float' ? 4 : 2;
  for (const { piece, at } of pieces(fill.sources, fill.columns, NUMBERS_AT_ONCE)) {
    yield async () => {
      const { dtype, bytes } = await context.checkpoint.readRows(piece.tensor, piece.first, piece.rows);
      const numbers = decodeWeights(dtype, bytes, piece.tensor);
      if (fill.add) for (let i = 0; i < numbers.length; i++) numbers[i] = (numbers[i] ?? 0) + fill.add;
      const out = numberBytes(numbers, fill.type);
      const offset = fill.offset + at * fill.columns * width;
      await context.file.write(out, offset);
      context.onWritten([{ offset, length: out.length }], piece.tensor);
    };
  }
}

function* packedSteps(fill: FillOf<'packed'>, context: FillContext): Generator<() => Promise<void>> {
  const { columns, format, scaleType } = fill;
  const { checkpoint } = context;
  const sizes = packedRow(columns, format);
  const scaleBytes = sizes.blocks * (scaleType === 'float' ? 4 : 2);
  for (const { piece, at } of pieces(fill.sources, columns, context.packers.taskWeights)) {
    yield async () => {
      const { tensor, first, rows } = piece;
      const stored = checkpoint.placeOf(tensor, first, rows) ?? (await checkpoint.readRows(tensor, first, rows));
      const parts = {
        data: { offset: fill.data + at * sizes.data, length: rows * sizes.data },
        scales: { offset: fill.scales + at * scaleBytes, length: rows * scaleBytes },
        zeroPoints: { offset: fill.zeroPoints + at * sizes.zeroPoints, length: rows * sizes.zeroPoints },
      };
      await context.packers.pack({
        official: { tensor, dtype: stored.dtype, rows, columns },
        from: 'bytes' in stored ? stored.bytes : stored,
        format,
        scaleType,
        to: {
          descriptor: context.file.descriptor,
          data: parts.data.offset,
          scales: parts.scales.offset,
          zeroPoints: parts.zeroPoints.offset,
        },
      });
      context.onWritten(Object.values(parts), tensor);
    };
  }
}

function* ropeSteps(fill: FillOf<'rope'>, context: FillContext): Generator<() => Promise<void>> {
  const frequencies = inverseFrequencies(fill.rope, context.contextLength);
  const rowBytes = frequencies.length * (fill.type === 'float' ? 4 : 2);
  const most = Math.max(1, Math.floor(ANGLES_AT_ONCE / frequencies.length));
  for (let first = 0; first < fill.positions; first += most) {
    const rows = Math.min(most, fill.positions - first);
    yield async () => {
      const { cos, sin } = ropeRows(frequencies, ropeMagnitude(fill.rope), first, rows);
      const places = [fill.cos, fill.sin].map((start) => ({
        offset: start + first * rowBytes,
        length: rows * rowBytes,
      }));
      await context.file.write(numberBytes(cos, fill.type), fill.cos + first * rowBytes);
      await context.file.write(numberBytes(sin, fill.type), fill.sin + first * rowBytes);
      context.onWritten(places, 'positions');
    };
  }
}

/** Cuts stacked sources into pieces of at most `most` weights (but whole rows); `at` is the row in the stack. */
function* pieces(sources: readonly Rows[], columns: number, most: number): Generator<{ piece: Rows; at: number }> {
  const step = Math.max(1, Math.floor(most / columns));
  let at = 0;
  for (const source of sources) {
    for (let done = 0; done < source.rows; done += step) {
      const rows = Math.min(step, source.rows - done);
      yield { piece: { tensor: source.tensor, first: source.first + done, rows }, at: at + done };
    }
    at += source.rows;
  }
}
