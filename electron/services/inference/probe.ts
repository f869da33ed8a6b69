import type { Device } from '../../contract/model.ts';
import type { ProbeOutput } from '../work/protocol.ts';
import { listDevices } from './device.ts';
import { runOnce, runtimeVersion } from './session.ts';
import { productFloat, productHalf } from './smallGraphs.ts';

const dims = [2, 2];
const given = [1, 2, -3, 0.5];
/** 2 * given x [[1, 2], [3, 4]] */
const wanted = [14, 20, -3, -8];

async function computes(graph: Uint8Array, device: Device): Promise<string | undefined> {
  try {
    const found = await runOnce(graph, device, { name: 'x', data: Float32Array.from(given), dims });
    const right = wanted.every((value, index) => Math.abs(value - (found[index] ?? NaN)) < 0.01);
    return right ? undefined : `it computes ${[...found].join(', ')} where ${wanted.join(', ')} is right`;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/**
 * Lets a device compute something small. Meant for a process of its own, which a broken driver may take down. Never
 * rejects: a device that does not work is an answer.
 */
export async function probeDevice(device: Device): Promise<ProbeOutput> {
  const runtime = runtimeVersion ?? 'unknown';
  if (!listDevices().includes(device)) return { kind: 'absent', runtime };
  const cause = await computes(productFloat, device);
  if (cause !== undefined) return { kind: 'fails', runtime, cause };
  return { kind: 'works', runtime, half: (await computes(productHalf, device)) === undefined };
}
