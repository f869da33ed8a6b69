import { readFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { type Device, devices } from '../../contract/model.ts';
import { type DecoderSession, openSession, supportedProviders } from './session.ts';

/** Execution providers of this build that a person can choose; the CPU is always among them. */
export function listDevices(): readonly Device[] {
  const names = new Set(supportedProviders().map(({ name }) => name));
  return devices.filter((device) => device === 'cpu' || names.has(device));
}

/** Counts distinct (package, core) pairs of a Linux /proc/cpuinfo; undefined where it does not name cores. */
export function countCores(cpuinfo: string): number | undefined {
  const cores = new Set<string>();
  for (const block of cpuinfo.split(/\n\s*\n/u)) {
    const core = /^core id\s*:\s*(\d+)/mu.exec(block)?.[1];
    if (core !== undefined) cores.add(`${/^physical id\s*:\s*(\d+)/mu.exec(block)?.[1] ?? 0}/${core}`);
  }
  return cores.size > 0 ? cores.size : undefined;
}

/**
 * Threads for one operator: one per physical core, because two on one core share its multipliers. 0 = ONNX Runtime's
 * own count of cores, which does the same, but on Linux ignores limits set from outside (containers, taskset).
 */
export async function coreCount(): Promise<number> {
  if (process.platform !== 'linux') return 0;
  const cores = countCores(await readFile('/proc/cpuinfo', 'utf8').catch(() => ''));
  return Math.min(cores ?? availableParallelism(), availableParallelism());
}

/** How a session is to be opened. */
export interface SessionWish {
  readonly device: Device;
  /** Compute in half precision where the model brings a graph for it; for devices only. */
  readonly half?: boolean | undefined;
  readonly spin?: boolean | undefined;
  readonly saving?: boolean | undefined;
}

/** The graphs of a model folder. */
export interface Graphs {
  readonly graph: string;
  readonly cpuGraph: string;
  readonly halfGraph: string | undefined;
}

/**
 * Threads on the CPU. To save power half the cores: what they draw grows faster than what they do. Where only logical
 * processors are known, a core of an x64 processor has two as a rule.
 */
export async function threadsFor({ saving }: { readonly saving?: boolean | undefined }): Promise<number> {
  const cores = await coreCount();
  if (!saving) return cores;
  const known = cores > 0 ? cores : availableParallelism() / (process.arch === 'x64' ? 2 : 1);
  return Math.max(1, Math.floor(known / 2));
}

export interface OpenedSession {
  readonly session: DecoderSession;
  readonly device: Device;
  readonly threads: number;
  /** Why it is not the device that was asked for. */
  readonly fallback?: string;
}

/** Opens the graph for CPUs. @throws ONNX Runtime's error */
export async function openOnCpu({ cpuGraph }: Graphs, wish: Omit<SessionWish, 'device'>): Promise<OpenedSession> {
  const threads = await threadsFor(wish);
  const spin = wish.saving ? false : wish.spin;
  return { session: await openSession(cpuGraph, { device: 'cpu', threads, spin }), device: 'cpu', threads };
}

/**
 * Opens a model on the wished device. One that does not work here falls back to the CPU and says why.
 *
 * @throws ONNX Runtime's error when the CPU cannot open the graph either.
 */
export async function openOnDevice(graphs: Graphs, wish: SessionWish): Promise<OpenedSession> {
  const { device } = wish;
  if (device === 'cpu') return openOnCpu(graphs, wish);
  const instead = async (fallback: string): Promise<OpenedSession> => ({
    ...(await openOnCpu(graphs, wish)),
    fallback,
  });
  if (!listDevices().includes(device)) return instead(`${device} is not part of this build`);
  const path = (wish.half ? graphs.halfGraph : undefined) ?? graphs.graph;
  try {
    const threads = await threadsFor(wish);
    return { session: await openSession(path, { device, threads }), device, threads };
  } catch (error) {
    return instead(error instanceof Error ? error.message : String(error));
  }
}
