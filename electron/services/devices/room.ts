/**
 * Where models compute: what works on this computer, what was measured, what the person wants. Devices are tried in
 * processes of their own, before the first use and whenever a driver or the runtime changed. Running models is not this
 * room's business: the engine asks it for a plan.
 */
import type { DeviceFinding, DeviceReason, DevicesState, FellBack, ThreadsWay } from '../../contract/devices.ts';
import { type Device, devices, type InstalledModel } from '../../contract/model.ts';
import type { StateFile } from '../durable/stateFile.ts';
import type { Cores } from '../inference/cores.ts';
import type { LogEntry, WorkerProcess } from '../ports.ts';
import type { LoadInput } from '../work/protocol.ts';
import { createMeasurer, type Measuring } from './measure.ts';
import { type DevicesNote, forgotten, freshNote, type NotedFinding, stillTrue } from './note.ts';
import { tryDevice } from './tryOut.ts';

/** How the engine is to load a model. */
export interface DevicePlan extends Pick<LoadInput, 'half' | 'saving' | 'contextLength'>, Partial<ThreadsWay> {
  readonly device: Device;
  readonly why: DeviceReason;
  readonly fallback?: FellBack;
}

export interface Devices {
  start(): Promise<void>;
  state(): DevicesState;
  choose(choice: Device | 'auto'): Promise<DevicesState>;
  setSaving(on: boolean): Promise<DevicesState>;
  /** Context in tokens for one model; undefined = as the memory allows. */
  setContext(modelId: string, tokens: number | undefined): Promise<DevicesState>;
  /** Tries every device again and forgets what was measured. */
  look(): Promise<DevicesState>;
  /** Says no more that the CPU stands in for this device for this reason. */
  understand(fallback: FellBack): Promise<DevicesState>;
  /**
   * Where `model` computes. Tries and measures what is not known yet, after telling `onMeasure`; what does not fit into the
   * memory is not measured, unless that is the person's own risk. Never rejects.
   */
  plan(
    model: InstalledModel,
    options?: { readonly onMeasure?: () => void; readonly atOwnRisk?: boolean },
  ): Promise<DevicePlan>;
  /**
   * Measures, once per computer and with a model that can tell, how threads work best. Ends at once when the person says
   * stop. Never rejects.
   */
  tune(model: InstalledModel, signal?: AbortSignal): Promise<void>;
  /** A device was lost while it computed; `crashed` with the whole process. */
  lost(device: Device, cause: string, crashed: boolean): void;
  /** Ends whatever is being tried or measured. */
  close(): void;
}

/** Of what a runtime says about a device; what is cut off would help nobody. */
const mostCause = 1000;

const meant = (finding: NotedFinding | undefined): DeviceFinding => {
  if (!finding) return { kind: 'untried' };
  const { kind, cause = 'unknown', half = false } = finding;
  if (kind === 'works') return { kind, half };
  return kind === 'absent' ? { kind } : { kind, cause };
};

export function createDevices(options: {
  readonly note: StateFile<DevicesNote>;
  readonly startProcess: () => WorkerProcess;
  readonly folderOf: (model: InstalledModel) => string;
  /** What can be tried on this system at all, beside the CPU. */
  readonly possible: readonly Device[];
  /** Whether there is anything but the CPU to compute on; software that stands in for a card is not worth measuring. */
  readonly hardware: () => Promise<boolean>;
  readonly cores: () => Promise<Cores>;
  /** Names processor, drivers and system; see driver.ts. */
  readonly driver: () => Promise<string>;
  readonly processor: string;
  readonly onChange: (state: DevicesState) => void;
  readonly log: (entry: LogEntry) => void;
}): Devices {
  const { startProcess, log } = options;
  let note = freshNote;
  let looking: Promise<void> | undefined;
  /** Lost in this run without taking the process down: a driver that was reset, a computer that slept. */
  const away = new Map<Device, string>();
  const closing = new AbortController();

  const state = (): DevicesState => ({
    choice: note.choice,
    saving: note.saving,
    looking: looking !== undefined,
    devices: devices.map((device) => ({ device, finding: findingOf(device) })),
    speeds: note.speeds.filter(({ tokensPerSecond }) => tokensPerSecond > 0),
    ...(note.threads && { threads: note.threads }),
    understood: note.understood ?? [],
    contexts: note.contexts,
  });
  const findingOf = (device: Device): DeviceFinding => {
    const cause = away.get(device);
    if (cause !== undefined) return { kind: 'fails', cause };
    if (device === 'cpu') return { kind: 'works', half: false };
    if (!options.possible.includes(device)) return { kind: 'absent' };
    return meant(note.findings.find((one) => one.device === device));
  };
  const change = async (to: Partial<DevicesNote>): Promise<DevicesState> => {
    note = { ...note, ...to };
    await options.note.write(note);
    options.onChange(state());
    return state();
  };

  const isKnown = (device: Device): boolean => note.findings.some((one) => one.device === device);

  /** Tries what is not known. A runtime of another version makes everything unknown, and says so with its first answer. */
  const tryAll = async (): Promise<void> => {
    for (const device of options.possible) {
      if (isKnown(device)) continue;
      const answer = await tryDevice(device, { startProcess, log, signal: closing.signal });
      if (closing.signal.aborted) return;
      const cause = answer.ok ? undefined : (answer.problem.evidence[0]?.cause ?? answer.problem.title);
      const { runtime, ...found } = answer.ok
        ? answer.value
        : { runtime: note.runtime, kind: 'unusable' as const, cause };
      const known = runtime === note.runtime || note.runtime === '' ? note : { ...note, ...forgotten };
      const finding: NotedFinding = {
        device,
        ...found,
        ...('cause' in found && { cause: found.cause?.slice(0, mostCause) }),
      };
      log({ area: 'devices', event: finding.kind, device, cause: finding.cause });
      await change({ ...known, runtime, findings: [...known.findings, finding] });
    }
  };
  const ready = (): Promise<void> => {
    if (options.possible.every(isKnown)) return Promise.resolve();
    looking ??= tryAll()
      .catch((error: unknown) => log({ area: 'devices', event: 'not-tried', cause: String(error) }))
      .finally(() => {
        looking = undefined;
        options.onChange(state());
      });
    options.onChange(state());
    return looking;
  };

  const half = (device: Device): boolean => {
    const finding = findingOf(device);
    return finding.kind === 'works' && finding.half;
  };
  const measurer = createMeasurer({ ...options, half, note: () => note, change });
  const { speedOf, isUnfit } = measurer;

  const fastest = async (
    model: InstalledModel,
    onMeasure: () => void,
    how: Measuring,
  ): Promise<Pick<DevicePlan, 'device' | 'why'>> => {
    const isUnknown = (device: Device): boolean =>
      speedOf(model.id, device) === undefined && !isUnfit(model.id, device, how.atOwnRisk);
    const card = await options.hardware();
    if (card) await ready();
    const working = card ? devices.filter((device) => device !== 'cpu' && findingOf(device).kind === 'works') : [];
    if (working.length === 0) {
      if (note.stale && measurer.isUntuned(model) && isUnknown('cpu')) {
        onMeasure();
        await measurer.tune(model, how);
      }
      return { device: 'cpu', why: 'only' };
    }
    const all: readonly Device[] = ['cpu', ...working];
    const missing = all.filter(isUnknown);
    if (missing.length > 0) {
      onMeasure();
      await measurer.measure(model, missing, how);
    }
    if (all.every((one) => speedOf(model.id, one) === undefined)) return { device: 'cpu', why: 'unmeasured' };
    const [device = 'cpu'] = all.toSorted((a, b) => (speedOf(model.id, b) ?? 0) - (speedOf(model.id, a) ?? 0));
    return { device, why: 'fastest' };
  };

  return {
    async start() {
      const here = { driver: await options.driver(), processor: options.processor };
      note = stillTrue((await options.note.read()) ?? freshNote, here);
    },
    state,
    async choose(choice) {
      if (choice !== 'auto' && choice !== 'cpu') await ready();
      return change({ choice });
    },
    setSaving: (saving) => change({ saving }),
    setContext: (modelId, tokens) =>
      change({
        contexts: [
          ...note.contexts.filter((one) => one.modelId !== modelId),
          ...(tokens === undefined ? [] : [{ modelId, tokens }]),
        ],
      }),
    async look() {
      away.clear();
      measurer.forget();
      await change(forgotten);
      await ready();
      return state();
    },
    understand: ({ device, cause }) =>
      change({
        understood: [
          ...(note.understood ?? []).filter((one) => one.device !== device),
          { device, cause: cause.slice(0, mostCause) },
        ],
      }),
    async plan(model, { onMeasure = () => undefined, atOwnRisk = false } = {}) {
      const wished = note.choice;
      const tokens = note.contexts.find((one) => one.modelId === model.id)?.tokens;
      const rest = (): Omit<DevicePlan, 'device' | 'why'> => ({
        ...(note.saving ? { saving: true } : measurer.threads()),
        ...(tokens !== undefined && { contextLength: tokens }),
      });
      if (wished === 'cpu') return { ...rest(), device: wished, why: 'chosen' };
      if (wished !== 'auto') {
        await ready();
        const finding = findingOf(wished);
        if (finding.kind === 'works') return { ...rest(), device: wished, half: finding.half, why: 'chosen' };
        const cause = 'cause' in finding ? finding.cause : `${wished} is not part of this build`;
        return { ...rest(), device: 'cpu', why: 'fallback', fallback: { device: wished, cause } };
      }
      const { device, why } = await fastest(model, onMeasure, { signal: closing.signal, atOwnRisk });
      return { ...rest(), device, why, half: half(device) };
    },
    async tune(model, signal) {
      const ending = signal ? AbortSignal.any([signal, closing.signal]) : closing.signal;
      if (measurer.isUntuned(model)) await measurer.tune(model, { signal: ending });
    },
    lost(device, cause, crashed) {
      log({ area: 'devices', event: 'lost', device, cause, crashed });
      if (!crashed) {
        away.set(device, cause);
        options.onChange(state());
        return;
      }
      const others = note.findings.filter((one) => one.device !== device);
      void change({ findings: [...others, { device, kind: 'unusable', cause: cause.slice(0, mostCause) }] });
    },
    close: () => closing.abort(),
  };
}
