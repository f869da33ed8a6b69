import type { OpenFile } from '../durable/files.ts';
import type { Checkpoint } from './checkpoint.ts';
import { throwIfCancelled } from './conversionError.ts';
import { decodeWeights } from './dtypes.ts';
import type { Fill } from './graphBuilder.ts';
import { packedRow } from './quantize.ts';
import type { Quantizer } from './quantizer.ts';
import { numberBytes } from './quantizeTask.ts';
import { inverseFrequencies, ropeMagnitude, ropeRows } from './rope.ts';
import type { Rows } from './tensors.ts';

const NUMBERS_AT_ONCE = 1_048_576;

/** What a fill works with. */
export interface FillContext {
  readonly checkpoint: Checkpoint;
  readonly file: Pick<OpenFile, 'write'>;
  readonly quantizer: Quantizer;
  readonly contextLength: number;
  /** Called with bytes just written and the official tensor they came from. */
  readonly onWritten: (bytes: number, item: string) => void;
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
      if (running.size >= context.quantizer.width) await Promise.race(running);
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
      await context.file.write(out, fill.offset + at * fill.columns * width);
      context.onWritten(out.length, piece.tensor);
    };
  }
}

function* packedSteps(fill: FillOf<'packed'>, context: FillContext): Generator<() => Promise<void>> {
  const { columns, format, scaleType } = fill;
  const sizes = packedRow(columns, format);
  const scaleBytes = sizes.blocks * (scaleType === 'float' ? 4 : 2);
  for (const { piece, at } of pieces(fill.sources, columns, context.quantizer.taskWeights)) {
    yield async () => {
      const { tensor, first, rows } = piece;
      const official = await context.checkpoint.readRows(tensor, first, rows);
      const packed = await context.quantizer.quantize({ tensor, ...official, rows, columns, format, scaleType });
      await context.file.write(packed.data, fill.data + at * sizes.data);
      await context.file.write(packed.scales, fill.scales + at * scaleBytes);
      if (format.zeroPoints) await context.file.write(packed.zeroPoints, fill.zeroPoints + at * sizes.zeroPoints);
      context.onWritten(packed.data.length + packed.scales.length + packed.zeroPoints.length, tensor);
    };
  }
}

function* ropeSteps(fill: FillOf<'rope'>, context: FillContext): Generator<() => Promise<void>> {
  const frequencies = inverseFrequencies(fill.rope, context.contextLength);
  const rowBytes = frequencies.length * (fill.type === 'float' ? 4 : 2);
  const most = Math.max(1, Math.floor(context.quantizer.taskWeights / frequencies.length));
  for (let first = 0; first < fill.positions; first += most) {
    const rows = Math.min(most, fill.positions - first);
    yield async () => {
      const { cos, sin } = ropeRows(frequencies, ropeMagnitude(fill.rope), first, rows);
      await context.file.write(numberBytes(cos, fill.type), fill.cos + first * rowBytes);
      await context.file.write(numberBytes(sin, fill.type), fill.sin + first * rowBytes);
      context.onWritten(2 * rows * rowBytes, 'positions');
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
