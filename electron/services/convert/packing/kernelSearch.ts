import { LEAST_AMPLITUDE, MOST_AMPLITUDE, SEARCH } from './format.ts';
import { across, FOUND, four, type Kernel, UNITS, wholeNumbers } from './kernelParts.ts';
import { type Code, f32, i32, int, type Local, type Locals, real, run, v128, vector, when } from './wasmCode.ts';

/** The search for a block's scale and zero point that packRows.ts calls leastError: four candidates, one per lane. */
export function leastError(kernel: Kernel): Code {
  const { format, locals, low, high, scale, zero } = kernel;
  const top = 2 ** format.bits - 1;
  const [half, inverse, centre] = [locals.add(f32), locals.add(f32), locals.add(f32)];
  const halved = (value: Local): Code => real.mul(value.get, real.constant(0.5));
  const plain = run(
    scale.set(real.div(half.get, real.constant(top / 2))),
    zero.set(vector.f32x4Lane(zerosFor(centre, [top, top, top, top], top), 0)),
  );
  return run(
    half.set(real.sub(halved(high), halved(low))),
    when(
      real.lessThan(real.constant(LEAST_AMPLITUDE), half.get),
      run(
        inverse.set(real.div(real.constant(0.5), half.get)),
        centre.set(real.mul(real.add(halved(high), halved(low)), inverse.get)),
        when(
          real.lessOrEqual(half.get, real.constant(MOST_AMPLITUDE)),
          search(kernel, { half, inverse, centre, top }),
          plain,
        ),
      ),
      run(scale.set(real.constant(1)), zero.set(real.constant(2 ** (format.bits - 1)))),
    ),
  );
}

/** The zero point that keeps the range's middle in the middle, for four numbers of steps. */
function zerosFor(centre: Local, steps: readonly number[], top: number): Code {
  const middle = vector.sub(
    vector.f32x4Splat(real.constant(top / 2)),
    vector.mul(vector.f32x4Splat(centre.get), vector.f32x4(steps)),
  );
  const least = vector.larger(vector.nearest(middle), vector.zero);
  return vector.smaller(least, vector.f32x4Splat(real.constant(top)));
}

function search(
  kernel: Kernel,
  range: { readonly half: Local; readonly inverse: Local; readonly centre: Local; readonly top: number },
): Code {
  const { format, locals, scale, zero } = kernel;
  const { half, inverse, centre, top } = range;
  const { span, factors } = SEARCH[format.bits];
  const [zeros, wholeZeros] = [locals.add(v128), locals.add(v128)];
  const [products, ratios, gains, most] = [locals.add(v128), locals.add(v128), locals.add(v128), locals.add(v128)];
  const fits = factors.map((factor) => ({ factor, ...fitLocals(locals) }));
  const found = int.shiftLeft(int.firstBit(vector.bits32(vector.equal(gains.get, most.get))), int.constant(2));
  const at = locals.add(i32);
  return run(
    toUnits(kernel, real.mul(inverse.get, real.constant(span))),
    zeros.set(
      zerosFor(
        centre,
        factors.map((factor) => (factor * span) / 2 ** 15),
        top,
      ),
    ),
    wholeZeros.set(wholeNumbers(zeros.get)),
    ...fits.map((fit, lane) => prepareFit(fit, wholeZeros, top, lane)),
    ...inPairs(fits).map((pair) => sumFits(kernel, pair)),
    products.set(
      vector.fromInts(
        sums(
          locals,
          fits.map((fit) => fit.products),
        ),
      ),
    ),
    ratios.set(
      vector.div(
        products.get,
        vector.fromInts(
          sums(
            locals,
            fits.map((fit) => fit.squares),
          ),
        ),
      ),
    ),
    gains.set(vector.mul(products.get, ratios.get)),
    most.set(gains.get),
    most.set(vector.f32x4Splat(across(vector.larger, most))),
    vector.store(int.constant(FOUND), ratios.get),
    vector.store(int.constant(FOUND), zeros.get, 16),
    at.set(found),
    scale.set(real.mul(real.load(at.get, FOUND), real.mul(half.get, real.constant(2 / span)))),
    zero.set(real.load(at.get, FOUND + 16)),
  );
}

/** Writes the block as whole numbers, for the search. */
function toUnits(kernel: Kernel, perUnit: Code): Code {
  const factor = kernel.locals.add(v128);
  const whole = (at: number): Code => wholeNumbers(vector.mul(four(kernel, at), factor.get));
  const code: Code[] = [factor.set(vector.f32x4Splat(perUnit))];
  for (let at = 0; at < kernel.format.block; at += 8) {
    code.push(vector.store(int.constant(UNITS), vector.i16x8Narrow(whole(at), whole(at + 4)), at * 2));
  }
  return run(...code);
}

/** One candidate of the search. */
interface Fit {
  readonly factor: number;
  readonly least: Local;
  readonly most: Local;
  readonly products: Local;
  readonly squares: Local;
}

function fitLocals(locals: Locals): Omit<Fit, 'factor'> {
  const sums = { products: locals.add(v128), squares: locals.add(v128) };
  return { ...sums, least: locals.add(v128), most: locals.add(v128) };
}

function prepareFit(fit: Fit, zeros: Local, top: number, lane: number): Code {
  const spread = (value: Code): Code =>
    vector.shuffle(
      value,
      vector.zero,
      Array.from({ length: 16 }, (_, byte) => 4 * lane + (byte & 1)),
    );
  return run(
    fit.least.set(spread(vector.i32x4Sub(vector.zero, zeros.get))),
    fit.most.set(spread(vector.i32x4Sub(vector.i32x4Splat(int.constant(top)), zeros.get))),
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
  const factors = fits.map(({ factor }) => ({ local: kernel.locals.add(v128), factor }));
  const code: Code[] = factors.map(({ local, factor }) => local.set(vector.i16x8Splat(int.constant(factor))));
  for (let at = 0; at < kernel.format.block; at += 8) {
    code.push(value.set(vector.load(int.constant(UNITS), at * 2)));
    fits.forEach(({ least, most, products, squares }, i) => {
      const rounded = vector.i16x8MulShift15(value.get, factors[i]?.local.get ?? []);
      code.push(
        steps.set(vector.i16x8Smaller(vector.i16x8Larger(rounded, least.get), most.get)),
        products.set(vector.i32x4Add(products.get, vector.i32x4Dot(value.get, steps.get))),
        squares.set(vector.i32x4Add(squares.get, vector.i32x4Dot(steps.get, steps.get))),
      );
    });
  }
  return run(...code);
}

/** Lane i of the answer is the sum of the lanes of vector i. */
function sums(locals: Locals, vectors: readonly Local[]): Code {
  const [a, b, c, d] = vectors;
  if (!a || !b || !c || !d) throw new Error('four vectors are needed');
  const lanes = (order: readonly number[]): number[] =>
    order.flatMap((lane) => [0, 1, 2, 3].map((byte) => 4 * lane + byte));
  const pair = (x: Local, y: Local): Code =>
    vector.i32x4Add(
      vector.shuffle(x.get, y.get, lanes([0, 4, 1, 5])),
      vector.shuffle(x.get, y.get, lanes([2, 6, 3, 7])),
    );
  const [first, last] = [locals.add(v128), locals.add(v128)];
  return run(
    first.set(pair(a, b)),
    last.set(pair(c, d)),
    vector.i32x4Add(
      vector.shuffle(first.get, last.get, lanes([0, 1, 4, 5])),
      vector.shuffle(first.get, last.get, lanes([2, 3, 6, 7])),
    ),
  );
}
