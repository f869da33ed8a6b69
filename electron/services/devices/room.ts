/**
 * Where models compute: what works on this computer, what was measured, what the person wants. Devices are tried in
 * processes of their own, before the first use and whenever a driver or the runtime changed. Running models is not this
 * room's business: the engine asks it for a plan.
 */
import type { DeviceFinding, DeviceReason, DevicesState } from '../../contract/devices.ts';
import { type Device, devices, type InstalledModel } from '../../contract/model.ts';
import type { StateFile } from '../durable/stateFile.ts';
import type { LogEntry, WorkerProcess } from '../ports.ts';
import type { LoadInput } from '../work/protocol.ts';
import { type DevicesNote, freshNote, type NotedFinding, type NotedSpeed } from './note.ts';
import { measureSpeed, tryDevice } from './tryOut.ts';

/** How the engine is to load a model. */
export interface DevicePlan extends Pick<LoadInput, 'half' | 'spin' | 'saving' | 'contextLength'> {
  readonly device: Device;
  readonly why: DeviceReason;
  readonly fallback?: { readonly device: Device; readonly cause: string };
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
  /** Where `model` computes. Tries and measures what is not known yet, after telling `onMeasure`. Never rejects. */
  plan(model: InstalledModel, onMeasure?: () => void): Promise<DevicePlan>;
  /** Measures, once per computer, how threads had better wait. Never rejects. */
  tune(model: InstalledModel): Promise<void>;
  /** A device was lost while it computed; `crashed` with the whole process. */
  lost(device: Device, cause: string, crashed: boolean): void;
}

/** Waiting threads that give their core back may be so much slower and are still preferred: they leave the fan silent. */
const quietEnough = 0.97;

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
  /** Names processor, drivers and system; see driver.ts. */
  readonly driver: () => Promise<string>;
  readonly onChange: (state: DevicesState) => void;
  readonly log: (entry: LogEntry) => void;
}): Devices {
  const { startProcess, log } = options;
  let note = freshNote;
  let looking: Promise<void> | undefined;
  /** Lost in this run without taking the process down: a driver that was reset, a computer that slept. */
  const away = new Map<Device, string>();

  const state = (): DevicesState => ({
    choice: note.choice,
    saving: note.saving,
    looking: looking !== undefined,
    devices: devices.map((device) => ({ device, finding: findingOf(device) })),
    speeds: note.speeds.filter(({ tokensPerSecond }) => tokensPerSecond > 0),
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
      const answer = await tryDevice(device, { startProcess, log });
      const cause = answer.ok ? undefined : (answer.problem.evidence[0]?.cause ?? answer.problem.title);
      const { runtime, ...found } = answer.ok
        ? answer.value
        : { runtime: note.runtime, kind: 'unusable' as const, cause };
      const known =
        runtime === note.runtime || note.runtime === '' ? note : { ...note, findings: [], speeds: [], spin: undefined };
      const finding: NotedFinding = {
        device,
        ...found,
        ...('cause' in found && { cause: found.cause?.slice(0, 1000) }),
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
  const speedOf = (modelId: string, device: Device): number | undefined =>
    note.speeds.find((one) => one.modelId === modelId && one.device === device)?.tokensPerSecond;

  const measureOn = async (model: InstalledModel, device: Device, spin: boolean): Promise<number> => {
    const how = { folder: options.folderOf(model), device, half: half(device), spin };
    const answer = await measureSpeed(model, how, { startProcess, log });
    const cause = answer.ok ? undefined : answer.problem.evidence[0]?.cause;
    log({ area: 'devices', event: 'measured', device, spin, rate: answer.ok ? answer.value : 0, cause });
    return answer.ok ? answer.value : 0;
  };
  /** The CPU both ways, so that what is not worth its noise is left. */
  const tune = async (model: InstalledModel): Promise<NotedSpeed> => {
    const [busy, quiet] = [await measureOn(model, 'cpu', true), await measureOn(model, 'cpu', false)];
    const spin = quiet < busy * quietEnough;
    await change({ spin });
    return { modelId: model.id, device: 'cpu', tokensPerSecond: spin ? busy : quiet };
  };
  const measure = async (model: InstalledModel, others: readonly Device[]): Promise<void> => {
    const { spin } = note;
    const speeds: NotedSpeed[] = [
      spin === undefined
        ? await tune(model)
        : { modelId: model.id, device: 'cpu', tokensPerSecond: await measureOn(model, 'cpu', spin) },
    ];
    for (const device of others) {
      speeds.push({ modelId: model.id, device, tokensPerSecond: await measureOn(model, device, false) });
    }
    const rest = note.speeds.filter(({ modelId }) => modelId !== model.id);
    await change({ speeds: [...rest, ...speeds] });
  };

  const fastest = async (model: InstalledModel, onMeasure: () => void): Promise<Pick<DevicePlan, 'device' | 'why'>> => {
    if (!(await options.hardware())) return { device: 'cpu', why: 'only' };
    await ready();
    const working = devices.filter((device) => device !== 'cpu' && findingOf(device).kind === 'works');
    if (working.length === 0) return { device: 'cpu', why: 'only' };
    const all: readonly Device[] = ['cpu', ...working];
    if (all.some((device) => speedOf(model.id, device) === undefined)) {
      onMeasure();
      await measure(model, working);
    }
    const [device = 'cpu'] = all.toSorted((a, b) => (speedOf(model.id, b) ?? 0) - (speedOf(model.id, a) ?? 0));
    return { device, why: 'fastest' };
  };

  return {
    async start() {
      const driver = await options.driver();
      const read = (await options.note.read()) ?? freshNote;
      note = read.driver === driver ? read : { ...read, driver, findings: [], speeds: [], spin: undefined };
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
      await change({ findings: [], speeds: [], spin: undefined });
      await ready();
      return state();
    },
    async plan(model, onMeasure = () => undefined) {
      const wished = note.choice;
      const tokens = note.contexts.find((one) => one.modelId === model.id)?.tokens;
      const rest = (): Pick<DevicePlan, 'spin' | 'saving' | 'contextLength'> => ({
        ...(note.saving ? { saving: true } : note.spin !== undefined && { spin: note.spin }),
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
      const { device, why } = await fastest(model, onMeasure);
      return { ...rest(), device, why, half: half(device) };
    },
    async tune(model) {
      if (note.spin !== undefined) return;
      const speed = await tune(model);
      const rest = note.speeds.filter(({ modelId }) => modelId !== model.id);
      await change({ speeds: [...rest, speed] });
    },
    lost(device, cause, crashed) {
      log({ area: 'devices', event: 'lost', device, cause, crashed });
      if (!crashed) {
        away.set(device, cause);
        options.onChange(state());
        return;
      }
      const others = note.findings.filter((one) => one.device !== device);
      void change({ findings: [...others, { device, kind: 'unusable', cause: cause.slice(0, 1000) }] });
    },
  };
}
