import { type BlockFormat, LEAST_AMPLITUDE, MOST_AMPLITUDE, ROUNDER, STEP_OFFSETS } from './format.ts';
import {
  choose,
  type Code,
  f32,
  i32,
  int,
  type Local,
  Locals,
  real,
  repeat,
  run,
  v128,
  vector,
  wasmModule,
  when,
} from './wasmCode.ts';

/** How the kernel's input is stored: as bfloat16, or as float32. */
export type KernelInput = 'bf16' | 'f32';

/** The start of the memory is the kernel's: one decoded block. After it there is room for a caller to pad one. */
const SCRATCH = 0;
export const PADDED_BLOCK = 1024;
export const FREE_FROM = 2048;

/**
 * `run(source, data, scales, zeroPoints, first, end)` packs blocks [first, end) of one row: `source`, `data` and `scales`
 * are the addresses of block `first`, `zeroPoints` that of the row's block 0. Not 0 when a weight is not a number.
 */
export type RunKernel = (
  source: number,
  data: number,
  scales: number,
  zeroPoints: number,
  first: number,
  end: number,
) => number;

/** What the pieces of the kernel share while it is written. */
interface Kernel {
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

/**
 * The bytes of a module that does what packRows.ts says, four weights at a time, for one format and one kind of input.
 * Everything that does not depend on weights is a constant in it, and the loops over a block are written out.
 */
export function packingKernel(format: BlockFormat, input: KernelInput): Uint8Array<ArrayBuffer> {
  const parameters = [i32, i32, i32, i32, i32, i32] as const;
  const locals = new Locals(parameters);
  const source = locals.parameter(0);
  const data = locals.parameter(1);
  const scales = locals.parameter(2);
  const zeroPoints = locals.parameter(3);
  const index = locals.parameter(4);
  const end = locals.parameter(5);
  const [low, high, scale, zero] = [locals.add(f32), locals.add(f32), locals.add(f32), locals.add(f32)];
  const kernel: Kernel = { format, input, locals, source, strange: locals.add(v128), low, high, scale, zero };
  const advance = (pointer: Local, by: number): Code => pointer.set(int.add(pointer.get, int.constant(by)));
  const body = run(
    repeat(
      run(
        read(kernel),
        format.zeroPoints ? leastError(kernel) : symmetric(kernel),
        packBlock(kernel, data),
        real.store(scales.get, scale.get),
        format.zeroPoints ? putZero(kernel, zeroPoints, index) : [],
        advance(source, format.block * (input === 'bf16' ? 2 : 4)),
        advance(data, (format.block * format.bits) / 8),
        advance(scales, 4),
        advance(index, 1),
      ),
      int.lessThan(index.get, end.get),
    ),
    vector.anyBit(kernel.strange.get),
  );
  return wasmModule(parameters, i32, locals, body);
}

/** Byte order that puts every bfloat16 number of half a vector above two zero bytes: a float32 number. */
const WIDEN_FIRST = [0, 1, 16, 17, 2, 3, 18, 19, 4, 5, 20, 21, 6, 7, 22, 23];
const WIDEN_LAST = [8, 9, 24, 25, 10, 11, 26, 27, 12, 13, 28, 29, 14, 15, 30, 31];

/** Reads the block, decodes it where it is not float32, and finds its range and weights that are not numbers. */
function read(kernel: Kernel): Code {
  const { format, input, locals, source, strange } = kernel;
  const [least, most, raw, wide] = [locals.add(v128), locals.add(v128), locals.add(v128), locals.add(v128)];
  const widen = (value: Code): Code =>
    run(least.set(vector.smaller(least.get, value)), most.set(vector.larger(most.get, value)));
  const code: Code[] = [least.set(vector.zero), most.set(vector.zero)];
  const exponents = // all ones in a NaN and in an infinity
    input === 'bf16' ? vector.i16x8Splat(int.constant(0x7f80)) : vector.i32x4Splat(int.constant(0x7f800000));
  const equal = input === 'bf16' ? vector.i16x8Equal : vector.i32x4Equal;
  for (let at = 0; at < format.block; at += input === 'bf16' ? 8 : 4) {
    code.push(raw.set(vector.load(source.get, at * (input === 'bf16' ? 2 : 4))));
    code.push(strange.set(vector.or(strange.get, equal(vector.and(raw.get, exponents), exponents))));
    if (input === 'f32') code.push(widen(raw.get));
    else {
      [WIDEN_FIRST, WIDEN_LAST].forEach((order, part) => {
        code.push(wide.set(vector.shuffle(vector.zero, raw.get, order)));
        code.push(vector.store(int.constant(SCRATCH), wide.get, (at + 4 * part) * 4), widen(wide.get));
      });
    }
  }
  code.push(kernel.low.set(across(vector.smaller, least)), kernel.high.set(across(vector.larger, most)));
  return run(...code);
}

/** Four weights of the block, as float32. */
function four(kernel: Kernel, at: number): Code {
  return kernel.input === 'bf16' ? vector.load(int.constant(SCRATCH), at * 4) : vector.load(kernel.source.get, at * 4);
}

/** Combines the four lanes of `lanes`, which is overwritten. */
function across(combine: (a: Code, b: Code) => Code, lanes: Local): Code {
  const bytes = (order: readonly number[]): number[] => order.flatMap((lane) => [0, 1, 2, 3].map((i) => 4 * lane + i));
  const swapped = (order: readonly number[]): Code => vector.shuffle(lanes.get, lanes.get, bytes(order));
  return run(
    lanes.set(combine(lanes.get, swapped([2, 3, 0, 1]))),
    lanes.set(combine(lanes.get, swapped([1, 0, 3, 2]))),
    vector.f32x4Lane(lanes.get, 0),
  );
}

function symmetric({ format, low, high, scale, zero }: Kernel): Code {
  const middle = 2 ** (format.bits - 1);
  const minus = (value: Code): Code => real.sub(real.constant(0), value);
  const isLow = real.lessThan(high.get, minus(low.get));
  return run(
    zero.set(real.constant(middle)),
    scale.set(real.constant(1)),
    when(
      real.lessThan(real.constant(LEAST_AMPLITUDE), choose(isLow, minus(low.get), high.get)),
      scale.set(real.mul(choose(isLow, low.get, high.get), real.constant(-1 / middle))),
    ),
  );
}

function leastError(kernel: Kernel): Code {
  const { format, locals, low, high, scale, zero } = kernel;
  const top = 2 ** format.bits - 1;
  const [half, inverse, centre, most] = [locals.add(f32), locals.add(f32), locals.add(f32), locals.add(f32)];
  const halved = (value: Local): Code => real.mul(value.get, real.constant(0.5));
  const middleFor = (steps: number): Code =>
    real.nearest(real.sub(real.constant(top / 2), real.mul(centre.get, real.constant(steps))));
  const fits: Fit[] = STEP_OFFSETS.map((offset) => ({ steps: top + offset, ...fitLocals(locals) }));
  const zeroFor = (target: Local, steps: number): Code =>
    run(
      target.set(middleFor(steps)),
      target.set(choose(real.lessThan(target.get, real.constant(0)), real.constant(0), target.get)),
      target.set(choose(real.lessThan(real.constant(top), target.get), real.constant(top), target.get)),
    );
  const search = run(
    most.set(real.constant(0)),
    ...fits.map((fit) => zeroFor(fit.zero, fit.steps)),
    ...fits.map((fit) => prepareFit(fit, inverse, top)),
    ...inPairs(fits).map((pair) => sumFits(kernel, pair)),
    ...fits.map((fit) => takeBest(kernel, fit, most)),
  );
  return run(
    half.set(real.sub(halved(high), halved(low))),
    when(
      real.lessThan(real.constant(LEAST_AMPLITUDE), half.get),
      run(
        inverse.set(real.div(real.constant(0.5), half.get)),
        centre.set(real.mul(real.add(halved(high), halved(low)), inverse.get)),
        scale.set(real.div(half.get, real.constant(top / 2))),
        zeroFor(zero, top),
        when(real.lessOrEqual(half.get, real.constant(MOST_AMPLITUDE)), search),
      ),
      run(scale.set(real.constant(1)), zero.set(real.constant(2 ** (format.bits - 1)))),
    ),
  );
}

/** One candidate of the search. */
interface Fit {
  readonly steps: number;
  readonly zero: Local;
  readonly factor: Local;
  readonly least: Local;
  readonly most: Local;
  readonly products: Local;
  readonly squares: Local;
  readonly product: Local;
  readonly scale: Local;
}

function fitLocals(locals: Locals): Omit<Fit, 'steps'> {
  const vectors = { factor: locals.add(v128), least: locals.add(v128), most: locals.add(v128) };
  const sums = { products: locals.add(v128), squares: locals.add(v128) };
  return { ...vectors, ...sums, zero: locals.add(f32), product: locals.add(f32), scale: locals.add(f32) };
}

function prepareFit(fit: Fit, inverse: Local, top: number): Code {
  return run(
    fit.factor.set(vector.f32x4Splat(real.mul(inverse.get, real.constant(fit.steps)))),
    fit.least.set(vector.f32x4Splat(real.sub(real.constant(0), fit.zero.get))),
    fit.most.set(vector.f32x4Splat(real.sub(real.constant(top), fit.zero.get))),
    fit.products.set(vector.zero),
    fit.squares.set(vector.zero),
  );
}

/** Two candidates at a time: as many sums and limits as sixteen vector registers hold. */
function inPairs(fits: readonly Fit[]): Fit[][] {
  return fits.flatMap((_, i) => (i % 2 === 0 ? [fits.slice(i, i + 2)] : []));
}

function sumFits(kernel: Kernel, fits: readonly Fit[]): Code {
  const [value, steps] = [kernel.locals.add(v128), kernel.locals.add(v128)];
  const code: Code[] = [];
  for (let at = 0; at < kernel.format.block; at += 4) {
    code.push(value.set(four(kernel, at)));
    for (const { factor, least, most, products, squares } of fits) {
      const rounded = vector.nearest(vector.mul(value.get, factor.get));
      code.push(
        steps.set(vector.smaller(vector.larger(rounded, least.get), most.get)),
        products.set(vector.add(products.get, vector.mul(value.get, steps.get))),
        squares.set(vector.add(squares.get, vector.mul(steps.get, steps.get))),
      );
    }
  }
  return run(...code);
}

function takeBest({ scale, zero }: Kernel, fit: Fit, most: Local): Code {
  const gain = real.mul(fit.product.get, fit.scale.get);
  return run(
    fit.product.set(laneSum(fit.products)),
    fit.scale.set(real.div(fit.product.get, laneSum(fit.squares))),
    when(real.lessThan(most.get, gain), run(most.set(gain), scale.set(fit.scale.get), zero.set(fit.zero.get))),
  );
}

/** (a + b) + (c + d). */
function laneSum(lanes: Local): Code {
  const lane = (index: number): Code => vector.f32x4Lane(lanes.get, index);
  return real.add(real.add(lane(0), lane(1)), real.add(lane(2), lane(3)));
}

/** Rounds all weights of the block with the scale found and writes them. */
function packBlock(kernel: Kernel, data: Local): Code {
  const { format, locals, scale, zero } = kernel;
  const [inverse, offset, pairs] = [locals.add(v128), locals.add(v128), locals.add(v128)];
  const rounder = vector.i32x4Splat(int.constant(floatBits(ROUNDER)));
  const whole = (at: number): Code =>
    vector.i32x4Sub(vector.add(vector.mul(four(kernel, at), inverse.get), offset.get), rounder);
  const sixteen = (at: number): Code =>
    vector.i8x16NarrowUnsigned(
      vector.i16x8Narrow(whole(at), whole(at + 4)),
      vector.i16x8Narrow(whole(at + 8), whole(at + 12)),
    );
  const code: Code[] = [
    inverse.set(vector.f32x4Splat(real.div(real.constant(1), scale.get))),
    offset.set(vector.f32x4Splat(real.add(zero.get, real.constant(ROUNDER)))),
  ];
  for (let at = 0; at < format.block; at += 16) {
    if (format.bits === 8) {
      code.push(vector.store(data.get, sixteen(at), at));
      continue;
    }
    code.push(pairs.set(vector.i8x16MinUnsigned(sixteen(at), vector.i8x16Splat(int.constant(15)))));
    // In each pair of bytes, the second moves down beside the first; then every second byte is dropped.
    const joined = vector.or(pairs.get, vector.i16x8ShiftRight(pairs.get, int.constant(4)));
    code.push(pairs.set(vector.and(joined, vector.i16x8Splat(int.constant(0xff)))));
    code.push(vector.storeLow64(data.get, vector.i8x16NarrowUnsigned(pairs.get, pairs.get), at / 2));
  }
  return run(...code);
}

function putZero({ format, zero }: Kernel, zeroPoints: Local, index: Local): Code {
  const value = int.fromReal(zero.get);
  if (format.bits === 8) return int.store8(int.add(zeroPoints.get, index.get), value);
  const at = int.add(zeroPoints.get, int.shiftRight(index.get, int.constant(1)));
  const high = int.or(int.load8(at), int.shiftLeft(value, int.constant(4)));
  return when(int.and(index.get, int.constant(1)), int.store8(at, high), int.store8(at, value));
}

function floatBits(value: number): number {
  return new Int32Array(Float32Array.of(value).buffer)[0] ?? 0;
}
