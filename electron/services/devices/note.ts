import type { FellBack, ThreadsFound, ThreadsTrial } from '../../contract/devices.ts';
import { type Check, flag, matching, numberIn, oneOf, optional, record, text } from '../../contract/check.ts';
import { type Device, devices } from '../../contract/model.ts';

/** What a device turned out to be, as remembered. */
export interface NotedFinding {
  readonly device: Device;
  readonly kind: 'works' | 'absent' | 'fails' | 'unusable';
  readonly half?: boolean | undefined;
  readonly cause?: string | undefined;
}

export interface NotedSpeed {
  readonly modelId: string;
  readonly device: Device;
  readonly tokensPerSecond: number; // 0 = it could not be measured there
}

/** What is remembered between two runs. */
export interface DevicesNote extends OfDevices, OfThreads {
  readonly choice: Device | 'auto';
  readonly saving: boolean;
  readonly contexts: readonly { readonly modelId: string; readonly tokens: number }[];
  readonly driver: string;
  readonly processor?: string | undefined;
  readonly runtime: string;
}

/** What holds for one driver and one runtime only. */
interface OfDevices {
  readonly findings: readonly NotedFinding[];
  readonly speeds: readonly NotedSpeed[];
  /** What the person was told and has understood, one reason for each device. */
  readonly understood?: readonly FellBack[] | undefined;
}

/** What holds for one processor and one runtime only. */
interface OfThreads {
  readonly threads?: ThreadsFound | undefined;
  /** Written by versions that measured nothing else of threads: waiting ones keep their cores busy. */
  readonly spin?: boolean | undefined;
  /** What was measured of threads holds no more: the next model that is loaded measures them. */
  readonly stale?: boolean | undefined;
}

const nothingOfDevices: OfDevices = { findings: [], speeds: [], understood: undefined };
const nothingOfThreads: OfThreads = { threads: undefined, spin: undefined, stale: true };
/** Nothing is known any more. */
export const forgotten: OfDevices & OfThreads = { ...nothingOfDevices, ...nothingOfThreads };

export const freshNote: DevicesNote = {
  choice: 'auto',
  saving: false,
  contexts: [],
  driver: '',
  runtime: '',
  findings: [],
  speeds: [],
};

/**
 * What of a note still holds on a computer of this name. How threads work best does not change with a driver. Of a note
 * that knows no processor the speeds of 0 go: they may have been a lack of memory, which is nothing to remember.
 */
export function stillTrue(note: DevicesNote, here: Pick<DevicesNote, 'driver'> & { processor: string }): DevicesNote {
  const speeds = note.processor === undefined ? note.speeds.filter((one) => one.tokensPerSecond > 0) : note.speeds;
  return {
    ...note,
    speeds,
    ...(note.driver !== here.driver && nothingOfDevices),
    ...(note.processor !== undefined && note.processor !== here.processor && nothingOfThreads),
    ...here,
  };
}

const listOf =
  <T>(check: Check<T>): Check<readonly T[]> =>
  (value): value is readonly T[] =>
    Array.isArray(value) && value.length <= 1000 && value.every(check);

const id = matching(/^[A-Za-z0-9][\w.-]{0,219}$/);
const device = oneOf(devices);
const rate = numberIn(0, 1e9);
const trial = record<ThreadsTrial>({ cores: oneOf(['all', 'fast']), pinned: flag, spin: flag, tokensPerSecond: rate });

export const isDevicesNote = record<DevicesNote>({
  choice: oneOf(['auto', ...devices]),
  saving: flag,
  contexts: listOf(record({ modelId: id, tokens: numberIn(1, 2 ** 31) })),
  driver: text(100),
  processor: optional(text(200)),
  runtime: text(100),
  findings: listOf(
    record<NotedFinding>({
      device,
      kind: oneOf(['works', 'absent', 'fails', 'unusable']),
      half: optional(flag),
      cause: optional(text(2000)),
    }),
  ),
  speeds: listOf(record<NotedSpeed>({ modelId: id, device, tokensPerSecond: rate })),
  understood: optional(listOf(record<FellBack>({ device, cause: text(2000) }))),
  threads: optional(record<ThreadsFound>({ chosen: trial, others: listOf(trial) })),
  spin: optional(flag),
  stale: optional(flag),
});
