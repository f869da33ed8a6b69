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

export interface OpenedSession {
  readonly session: DecoderSession;
  readonly device: Device;
  /** Why it is not the device that was asked for. */
  readonly fallback?: string;
}

/**
 * Opens a model on the wished device. `auto` means the CPU: our graphs are tuned for it and it is everywhere. A device
 * that does not work here falls back to the CPU and says why.
 *
 * @throws ONNX Runtime's error when the CPU cannot open the graph either.
 */
export async function openOnDevice(
  { graph, cpuGraph }: { readonly graph: string; readonly cpuGraph: string },
  wish: Device | 'auto',
): Promise<OpenedSession> {
  const threads = await coreCount();
  const onCpu = (): Promise<DecoderSession> => openSession(cpuGraph, { device: 'cpu', threads });
  if (wish === 'auto' || wish === 'cpu') return { session: await onCpu(), device: 'cpu' };
  if (!listDevices().includes(wish)) {
    return { session: await onCpu(), device: 'cpu', fallback: `${wish} is not part of this build` };
  }
  try {
    return { session: await openSession(graph, { device: wish, threads }), device: wish };
  } catch (error) {
    const fallback = error instanceof Error ? error.message : String(error);
    return { session: await onCpu(), device: 'cpu', fallback };
  }
}
