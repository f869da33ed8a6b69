import type { Action } from '../../electron/contract/problem.ts';

/** One primary and two quiet ones: more buttons side by side are no advice any more. */
const most = 3;

const same = (a: Action, b: Action): boolean =>
  a.kind === b.kind &&
  (a.kind !== 'request' || b.kind !== 'request' || a.request === b.request) &&
  (a.kind !== 'page' || b.kind !== 'page' || a.page === b.page);

/** An action that can stand in a menu: a page cannot, because its address may have to be shown. */
export type Hidden = Exclude<Action, { readonly kind: 'page' }>;

/**
 * The steps of a problem, and those that its place adds where the problem does not bring them (going on from here). No
 * step is ever left out: what has no room as a button stands in a menu. The place's own steps come right after the first
 * one of the problem, whose last ones are the risky and the rare ones.
 */
export function arrange(
  own: readonly Action[],
  also: readonly Action[],
): { readonly shown: readonly Action[]; readonly more: readonly Hidden[] } {
  const added = also.filter((one) => !own.some((other) => same(one, other)));
  const all = [...own.slice(0, 1), ...added, ...own.slice(1)];
  const more = all.slice(most).filter((one) => one.kind !== 'page');
  return { shown: all.filter((one) => one.kind === 'page' || !more.includes(one)), more };
}
