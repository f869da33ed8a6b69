import type { SuggestedModel } from '../../electron/contract/model.ts';

/** "1.2 B" in numbers; undefined for anything else. */
function parametersOf(text: string | undefined): number | undefined {
  const [, number, unit = ''] = /^([\d.]+)\s*([MB])$/.exec(text ?? '') ?? [];
  return number === undefined ? undefined : Number(number) * (unit === 'B' ? 1e9 : 1e6);
}

/**
 * PURE: the open model to offer in the place of a gated one: the nearest in size among those that can chat, the smallest
 * download where the size is not known.
 */
export function openAlternative(
  suggested: readonly SuggestedModel[],
  wanted: { readonly repo: string; readonly parameters?: number | undefined },
): SuggestedModel | undefined {
  const open = suggested.filter((model) => !model.gated && model.instruct && model.repo !== wanted.repo);
  const target = wanted.parameters ?? parametersOf(suggested.find(({ repo }) => repo === wanted.repo)?.parameters);
  const distance = (model: SuggestedModel): number => {
    const size = parametersOf(model.parameters);
    if (target === undefined || size === undefined) return model.downloadBytes;
    return Math.abs(Math.log(size / target));
  };
  return open.toSorted((a, b) => distance(a) - distance(b))[0];
}
