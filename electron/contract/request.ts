import { type Check, matching } from './check.ts';

/** Ids we make ourselves: UUIDs and model folder names. */
export const id = matching(/^[A-Za-z0-9][\w.-]{0,199}$/);

/** One row of the table: what is asked, and what is answered. */
export interface Request<I, O> {
  readonly check: Check<I>;
  readonly output?: O; // carries the type only
}

export function request<I, O>(check: Check<I>): Request<I, O> {
  return { check };
}
