/** Run-time checks for values that cross the border. Small on purpose: a closed list of shapes, no coercion. */
export type Check<T> = (value: unknown) => value is T;

export const nothing = (value: unknown): value is undefined => value === undefined || value === null;

export const flag = (value: unknown): value is boolean => typeof value === 'boolean';

/** A string of at most `max` UTF-16 units. */
export const text =
  (max: number): Check<string> =>
  (value): value is string =>
    typeof value === 'string' && value.length <= max;

export const matching =
  (pattern: RegExp): Check<string> =>
  (value): value is string =>
    typeof value === 'string' && value.length <= 500 && pattern.test(value);

/** A finite number within [min, max]. */
export const numberIn =
  (min: number, max: number): Check<number> =>
  (value): value is number =>
    typeof value === 'number' && value >= min && value <= max;

export const oneOf =
  <const T extends readonly string[]>(words: T): Check<T[number]> =>
  (value): value is T[number] =>
    typeof value === 'string' && words.includes(value);

export const optional =
  <T>(check: Check<T>): Check<T | undefined> =>
  (value): value is T | undefined =>
    value === undefined || check(value);

/** A plain object with exactly these keys: unknown keys are refused, so nothing rides along. */
export const record =
  <T extends object>(shape: { readonly [K in keyof T]-?: Check<T[K]> }): Check<T> =>
  (value): value is T => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
    const entries = Object.entries<Check<unknown>>(shape as Record<string, Check<unknown>>);
    const known = new Set(entries.map(([key]) => key));
    return (
      Object.keys(value).every((key) => known.has(key)) &&
      entries.every(([key, check]) =>
        check(Object.hasOwn(value, key) ? (value as Record<string, unknown>)[key] : undefined),
      )
    );
  };
