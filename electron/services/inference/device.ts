import { type Device, devices } from '../../contract/model.ts';
import { readCores } from './cores.ts';
import { type DecoderSession, openSession, supportedProviders } from './session.ts';
import { threadsFor, type ThreadsWish } from './threads.ts';

/** Execution providers of this build that a person can choose; the CPU is always among them. */
export function listDevices(): readonly Device[] {
  const names = new Set(supportedProviders().map(({ name }) => name));
  return devices.filter((device) => device === 'cpu' || names.has(device));
}

/** How a session is to be opened. */
export interface SessionWish extends ThreadsWish {
  readonly device: Device;
  /** Compute in half precision where the model brings a graph for it; for devices only. */
  readonly half?: boolean | undefined;
}

/** The graphs of a model folder. */
export interface Graphs {
  readonly graph: string;
  readonly cpuGraph: string;
  readonly halfGraph: string | undefined;
}

export interface OpenedSession {
  readonly session: DecoderSession;
  readonly device: Device;
  readonly threads: number;
  /** Why it is not the device that was asked for. */
  readonly fallback?: string;
}

/** Opens the graph for CPUs. @throws ONNX Runtime's error */
export async function openOnCpu({ cpuGraph }: Graphs, wish: ThreadsWish): Promise<OpenedSession> {
  const { count: threads, ...how } = threadsFor(wish, await readCores());
  return { session: await openSession(cpuGraph, { device: 'cpu', threads, ...how }), device: 'cpu', threads };
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
    // What its threads are measured to do best is known of the CPU's own graphs; here they only help a device out.
    const { count: threads, spin } = threadsFor({ saving: wish.saving }, await readCores());
    return { session: await openSession(path, { device, threads, spin }), device, threads };
  } catch (error) {
    return instead(error instanceof Error ? error.message : String(error));
  }
}
