import { flag, nothing, numberIn, oneOf, optional, record } from './check.ts';
import { type Device, devices } from './model.ts';
import { id, request } from './request.ts';

/** Why a model computes where it does. */
export type DeviceReason =
  /** Nothing else works here. */
  | 'only'
  /** Measured with this model on this computer. */
  | 'fastest'
  /** The person's choice. */
  | 'chosen'
  /** The one that was meant for it does not work. */
  | 'fallback';

/** What is known of one way to compute on this computer. */
export type DeviceFinding =
  | { readonly kind: 'works'; readonly half: boolean } // half = it computes in half precision
  /** This build of the runtime does not have it on this system. */
  | { readonly kind: 'absent' }
  /** A library of its maker is missing, no adapter was found, it computed wrong, ... in the runtime's own words. */
  | { readonly kind: 'fails'; readonly cause: string }
  /** It took the process that tried it down, or never came back. */
  | { readonly kind: 'unusable'; readonly cause: string }
  | { readonly kind: 'untried' };

/** Where models can compute, and where the person wants them to. */
export interface DevicesState {
  readonly choice: Device | 'auto';
  /** Fewer threads that give their cores back at once: slower, cooler, quieter. */
  readonly saving: boolean;
  readonly looking: boolean;
  readonly devices: readonly { readonly device: Device; readonly finding: DeviceFinding }[];
  /** Tokens per second by model and device, as measured on this computer with this driver and runtime. */
  readonly speeds: readonly { readonly modelId: string; readonly device: Device; readonly tokensPerSecond: number }[];
  /** Context in tokens by model, where the person chose one. */
  readonly contexts: readonly { readonly modelId: string; readonly tokens: number }[];
}

/** The requests about devices; part of the table in ipc.ts. */
export const deviceRequests = {
  'devices.get': request<undefined, DevicesState>(nothing),
  'devices.choose': request<{ readonly device: Device | 'auto' }, DevicesState>(
    record({ device: oneOf(['auto', ...devices]) }),
  ),
  'devices.setSaving': request<{ readonly on: boolean }, DevicesState>(record({ on: flag })),
  /** Tries every device again and forgets what was measured. */
  'devices.look': request<undefined, DevicesState>(nothing),
  /** Context of one model in tokens; without, as long as the memory allows. */
  'devices.setContext': request<{ readonly modelId: string; readonly tokens?: number | undefined }, DevicesState>(
    record({ modelId: id, tokens: optional(numberIn(1, 2 ** 31)) }),
  ),
} as const;
