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

/** What is remembered between two runs. Findings, speeds and `spin` hold for one driver and one runtime only. */
export interface DevicesNote {
  readonly choice: Device | 'auto';
  readonly saving: boolean;
  readonly contexts: readonly { readonly modelId: string; readonly tokens: number }[];
  readonly driver: string;
  readonly runtime: string;
  readonly findings: readonly NotedFinding[];
  readonly speeds: readonly NotedSpeed[];
  /** Waiting threads keep their cores busy, because that was measured to be faster. */
  readonly spin?: boolean | undefined;
}

export const freshNote: DevicesNote = {
  choice: 'auto',
  saving: false,
  contexts: [],
  driver: '',
  runtime: '',
  findings: [],
  speeds: [],
};

const listOf =
  <T>(check: Check<T>): Check<readonly T[]> =>
  (value): value is readonly T[] =>
    Array.isArray(value) && value.length <= 1000 && value.every(check);

const id = matching(/^[A-Za-z0-9][\w.-]{0,219}$/);
const device = oneOf(devices);

export const isDevicesNote = record<DevicesNote>({
  choice: oneOf(['auto', ...devices]),
  saving: flag,
  contexts: listOf(record({ modelId: id, tokens: numberIn(1, 2 ** 31) })),
  driver: text(100),
  runtime: text(100),
  findings: listOf(
    record<NotedFinding>({
      device,
      kind: oneOf(['works', 'absent', 'fails', 'unusable']),
      half: optional(flag),
      cause: optional(text(2000)),
    }),
  ),
  speeds: listOf(record<NotedSpeed>({ modelId: id, device, tokensPerSecond: numberIn(0, 1e9) })),
  spin: optional(flag),
});
