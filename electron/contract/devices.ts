import { flag, nothing, numberIn, oneOf, optional, record, text } from './check.ts';
import { type Device, devices } from './model.ts';
import { id, request } from './request.ts';

/** Why a model computes where it does. */
export type DeviceReason =
  /** Nothing else works here. */
  | 'only'
  /** Measured with this model on this computer. */
  | 'fastest'
  /** There was too little memory to measure anything; the CPU asks for nothing special. */
  | 'unmeasured'
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

/** A device that a model was meant for, and why the CPU computes instead. */
export interface FellBack {
  readonly device: Device;
  readonly cause: string;
}

/** A way in which threads on the CPU can work. */
export interface ThreadsWay {
  /** One thread for each core, or for each fast one where there are two kinds. */
  readonly cores: 'all' | 'fast';
  /** Each thread stays on its core; otherwise the system moves them. */
  readonly pinned: boolean;
  /** Threads that wait keep their core busy for a moment, or give it back at once. */
  readonly spin: boolean;
}

export interface ThreadsTrial extends ThreadsWay {
  readonly tokensPerSecond: number;
}

/** How threads work best on this computer, and what else was measured beside it. */
export interface ThreadsFound {
  readonly chosen: ThreadsTrial;
  readonly others: readonly ThreadsTrial[];
}

/** Where models can compute, and where the person wants them to. */
export interface DevicesState {
  readonly choice: Device | 'auto';
  /** Fewer threads that give their cores back at once: slower, cooler, quieter. */
  readonly saving: boolean;
  readonly looking: boolean;
  readonly devices: readonly { readonly device: Device; readonly finding: DeviceFinding }[];
  /** Tokens per second by model and device, as measured on this computer with this driver and runtime. */
  readonly speeds: readonly { readonly modelId: string; readonly device: Device; readonly tokensPerSecond: number }[];
  /** Absent until a model was measured on the CPU. */
  readonly threads?: ThreadsFound;
  /** Devices that the CPU stands in for and the reasons that the person has understood: nobody says them again. */
  readonly understood: readonly FellBack[];
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
  /** The person was told that the CPU stands in, and why: not again until the reason is another. */
  'devices.understand': request<FellBack, DevicesState>(record({ device: oneOf(devices), cause: text(1e5) })),
  /** Tries every device again and forgets what was measured. */
  'devices.look': request<undefined, DevicesState>(nothing),
  /** Context of one model in tokens; without, as long as the memory allows. */
  'devices.setContext': request<{ readonly modelId: string; readonly tokens?: number | undefined }, DevicesState>(
    record({ modelId: id, tokens: optional(numberIn(1, 2 ** 31)) }),
  ),
} as const;
