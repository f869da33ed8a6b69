import type { ThreadsFound, ThreadsTrial, ThreadsWay } from '../../contract/devices.ts';
import type { InstalledModel } from '../../contract/model.ts';
import type { Cores } from '../inference/cores.ts';

/** Waiting threads that give their core back may be so much slower and are still preferred: they leave the fan silent. */
const quietEnough = 0.97;

/**
 * So much faster must threads be on fewer cores, or each on a core of its own, to be taken: twice, because a short
 * measurement can be lucky. What was measured is a computer at rest. Where other programs want the cores as well, a thread
 * that has to stay waits for whatever else runs on its core, and the others wait for it; free ones move out of the way.
 */
const worthIt = 1.05;

/** Bytes of weights. */
const smallest = 64e6;

/**
 * Whether what is measured with a model says how threads work best with others. A smaller one writes a token in so little
 * time that handing work from thread to thread is most of it.
 */
export const tellsOfThreads = ({ bytes }: Pick<InstalledModel, 'bytes'>): boolean => bytes >= smallest;

/**
 * Finds out how threads work best here, in at most six short measurements: waiting busily against waiting quietly, then
 * only the fast cores, then staying on a core, the last two only where this computer has such a choice. `measure` gives
 * tokens per second; undefined or 0 = nothing can be learned, and then there is no answer at all.
 */
export async function chooseThreads(
  cores: Cores,
  measure: (way: ThreadsWay) => Promise<number | undefined>,
): Promise<ThreadsFound | undefined> {
  const attempt = async (way: ThreadsWay): Promise<ThreadsTrial | undefined> => {
    const tokensPerSecond = await measure(way);
    return tokensPerSecond ? { ...way, tokensPerSecond } : undefined;
  };
  const usual: ThreadsWay = { cores: 'all', pinned: false, spin: true };
  const busy = await attempt(usual);
  const quiet = busy && (await attempt({ ...usual, spin: false }));
  if (!quiet) return undefined;
  const isQuiet = quiet.tokensPerSecond >= busy.tokensPerSecond * quietEnough;
  let [chosen, others]: [ThreadsTrial, ThreadsTrial[]] = isQuiet ? [quiet, [busy]] : [busy, [quiet]];
  const beats = ({ tokensPerSecond }: ThreadsTrial): boolean => tokensPerSecond > chosen.tokensPerSecond * worthIt;

  const challenges: readonly Partial<ThreadsWay>[] = [
    ...(cores.fast === undefined ? [] : [{ cores: 'fast' } as const]),
    ...((cores.processors?.length ?? 0) > 1 ? [{ pinned: true }] : []),
  ];
  for (const change of challenges) {
    const { tokensPerSecond: _, ...now } = chosen;
    const first = await attempt({ ...now, ...change });
    const second = first && beats(first) ? await attempt({ ...now, ...change }) : first;
    if (!first || !second) return undefined;
    const worse = first.tokensPerSecond < second.tokensPerSecond ? first : second;
    [chosen, others] = beats(worse) ? [worse, [...others, chosen]] : [chosen, [...others, worse]];
  }
  return { chosen, others };
}
