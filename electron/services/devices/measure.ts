/** What is measured on this computer and remembered: how fast a model writes on each device, and how threads work best. */
import type { ThreadsWay } from '../../contract/devices.ts';
import type { Device, InstalledModel } from '../../contract/model.ts';
import type { Cores } from '../inference/cores.ts';
import type { LogEntry, WorkerProcess } from '../ports.ts';
import { chooseThreads, tellsOfThreads } from './chooseThreads.ts';
import type { DevicesNote } from './note.ts';
import { measureSpeed } from './tryOut.ts';

/** What one measurement may do. */
export interface Measuring {
  /** Ends it at once; nothing is remembered then. */
  readonly signal: AbortSignal;
  /** The model is loaded although the memory will not do by the estimate. */
  readonly atOwnRisk?: boolean | undefined;
}

export interface Measurer {
  /** Tokens per second; 0 = it cannot write there; undefined = not known. */
  readonly speedOf: (modelId: string, device: Device) => number | undefined;
  /**
   * It did not fit into the memory in this run, there or on the CPU, whose estimate is the same: nothing to remember, and
   * nothing to try before each answer. At the person's own risk it is another question.
   */
  readonly isUnfit: (modelId: string, device: Device, atOwnRisk: boolean | undefined) => boolean;
  /** How threads are to work, as far as that is known. */
  threads(): Partial<ThreadsWay>;
  /** It is not known how threads work best, and this model can tell. */
  isUntuned(model: InstalledModel): boolean;
  /** Finds out how threads work best, and so how fast the model writes on the CPU. */
  tune(model: InstalledModel, how: Measuring): Promise<void>;
  /** Measures the model on these devices. */
  measure(model: InstalledModel, on: readonly Device[], how: Measuring): Promise<void>;
  /** What did not fit may fit now. */
  forget(): void;
}

export function createMeasurer(options: {
  readonly startProcess: () => WorkerProcess;
  readonly folderOf: (model: InstalledModel) => string;
  readonly cores: () => Promise<Cores>;
  /** Whether a device computes in half precision. */
  readonly half: (device: Device) => boolean;
  readonly note: () => DevicesNote;
  readonly change: (to: Partial<DevicesNote>) => Promise<unknown>;
  readonly log: (entry: LogEntry) => void;
}): Measurer {
  const { note, change, log } = options;
  const unfit = new Set<string>();

  const speedOf = (modelId: string, device: Device): number | undefined =>
    note().speeds.find((one) => one.modelId === modelId && one.device === device)?.tokensPerSecond;
  const unfitName = (modelId: string, device: Device, atOwnRisk = false): string =>
    `${modelId} on ${device}${atOwnRisk ? ' at own risk' : ''}`;
  const isUnfit: Measurer['isUnfit'] = (modelId, device, atOwnRisk) =>
    [device, 'cpu' as const].some((one) => unfit.has(unfitName(modelId, one, atOwnRisk)));
  const keepSpeed = async (modelId: string, device: Device, tokensPerSecond: number): Promise<void> => {
    const others = note().speeds.filter((one) => one.modelId !== modelId || one.device !== device);
    await change({ speeds: [...others, { modelId, device, tokensPerSecond }], understood: undefined });
  };
  const threads = (): Partial<ThreadsWay> => {
    const { threads: found, spin } = note();
    if (!found) return spin === undefined ? {} : { spin };
    const { tokensPerSecond: _, ...way } = found.chosen;
    return way;
  };

  const isUntuned = (model: InstalledModel): boolean => !note().threads && tellsOfThreads(model);

  /** Tokens per second, 0 where it cannot write; undefined = nothing was learned: too little memory, or stopped. */
  const rateOn = async (
    model: InstalledModel,
    device: Device,
    { signal, atOwnRisk = false, ...way }: Measuring & Partial<ThreadsWay>,
  ): Promise<number | undefined> => {
    const how = { folder: options.folderOf(model), device, half: options.half(device), atOwnRisk, ...way };
    const answer = await measureSpeed(model, how, { startProcess: options.startProcess, log, signal });
    const problem = answer.ok ? undefined : answer.problem;
    const rate = answer.ok ? answer.value : 0;
    log({ area: 'devices', event: 'measured', device, ...way, rate, cause: problem?.evidence[0]?.cause });
    if (problem?.code === 'not-enough-memory') unfit.add(unfitName(model.id, device, atOwnRisk));
    return problem?.code === 'not-enough-memory' || problem?.code === 'cancelled' ? undefined : rate;
  };

  const tune = async (model: InstalledModel, how: Measuring): Promise<void> => {
    let rate: number | undefined;
    const measureOne = async (way: ThreadsWay): Promise<number | undefined> => {
      rate = await rateOn(model, 'cpu', { ...how, ...way });
      return rate;
    };
    const found = await chooseThreads(await options.cores(), measureOne);
    if (found) await change({ threads: found, spin: undefined, stale: undefined });
    const speed = found?.chosen.tokensPerSecond ?? rate;
    if (speed !== undefined) await keepSpeed(model.id, 'cpu', speed);
  };

  return {
    speedOf,
    isUnfit,
    threads,
    isUntuned,
    tune,
    async measure(model, on, how) {
      for (const device of on) {
        if (device === 'cpu' && isUntuned(model)) await tune(model, how);
        else {
          const rate = await rateOn(model, device, { ...how, ...(device === 'cpu' && threads()) });
          if (rate !== undefined) await keepSpeed(model.id, device, rate);
        }
        if (how.signal.aborted || isUnfit(model.id, 'cpu', how.atOwnRisk)) return;
      }
    },
    forget: () => unfit.clear(),
  };
}
