import { type BlockFormat, ROUNDER } from './format.ts';
import { type Code, int, type Local, type Locals, real, run, vector } from './wasmCode.ts';

/** How the kernel's input is stored: as bfloat16, or as float32. */
export type KernelInput = 'bf16' | 'f32';

/** The start of the memory is the kernel's: one block as float32, one in units, what the search found. */
export const SCRATCH = 0;
export const UNITS = 1024;
export const FOUND = 1536;
/** Here a caller may fill a short block up. */
export const PADDED_BLOCK = 2048;
export const FREE_FROM = 3072;

/** What the pieces of the kernel share while it is written. */
export interface Kernel {
  readonly format: BlockFormat;
  readonly input: KernelInput;
  readonly locals: Locals;
  readonly source: Local;
  readonly strange: Local; // bits set once a weight was not a number
  readonly low: Local; // smallest weight of the block, and 0
  readonly high: Local;
  readonly scale: Local;
  readonly zero: Local;
}

/** Four weights of the block, as float32. */
export function four(kernel: Kernel, at: number): Code {
  return kernel.input === 'bf16' ? vector.load(int.constant(SCRATCH), at * 4) : vector.load(kernel.source.get, at * 4);
}

/** Combines the four lanes of `lanes`, which is overwritten. */
export function across(combine: (a: Code, b: Code) => Code, lanes: Local): Code {
  const bytes = (order: readonly number[]): number[] => order.flatMap((lane) => [0, 1, 2, 3].map((i) => 4 * lane + i));
  const swapped = (order: readonly number[]): Code => vector.shuffle(lanes.get, lanes.get, bytes(order));
  return run(
    lanes.set(combine(lanes.get, swapped([2, 3, 0, 1]))),
    lanes.set(combine(lanes.get, swapped([1, 0, 3, 2]))),
    vector.f32x4Lane(lanes.get, 0),
  );
}

const rounderBits = new Int32Array(Float32Array.of(ROUNDER).buffer)[0] ?? 0;

/** Four numbers rounded to int32, after adding a whole number to each: `offset` is that number plus ROUNDER. */
export function wholeNumbers(values: Code, offset: Code = vector.f32x4Splat(real.constant(ROUNDER))): Code {
  return vector.i32x4Sub(vector.add(values, offset), vector.i32x4Splat(int.constant(rounderBits)));
}
