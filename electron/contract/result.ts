/**
 * The words both sides of the border speak. This folder imports nothing, runs anywhere and holds no behaviour beyond
 * input checks: the page, the hosts and the services all compile against it.
 */
import type { Problem } from './problem.ts';

/** Outcome of anything that can fail in a way a person should hear about. Bugs throw instead. */
export type Result<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly problem: Problem };

/** Wraps a success. */
export function ok<T>(value: T): Result<T> {
  return { ok: true, value };
}

/** Wraps an expected failure. */
export function failed(problem: Problem): Result<never> {
  return { ok: false, problem };
}

/** Compile-time proof that a union was handled completely; throws if a value slipped through at run time. */
export function assertNever(value: never): never {
  throw new Error(`Unhandled case: ${JSON.stringify(value)}`);
}
