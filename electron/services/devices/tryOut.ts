import type { Device, InstalledModel } from '../../contract/model.ts';
import { failed, type Result } from '../../contract/result.ts';
import { cancelled } from '../explain.ts';
import { engineExit, engineHung } from '../generation/explain.ts';
import { explainInference } from '../inference/explain.ts';
import type { LogEntry, WorkerProcess } from '../ports.ts';
import { connectWorker, type WorkerClient } from '../work/client.ts';
import type { InferWork, LoadInput, ProbeOutput } from '../work/protocol.ts';

interface Lent {
  readonly startProcess: () => WorkerProcess;
  readonly log: (entry: LogEntry) => void;
  /** Ends the process at once. */
  readonly signal: AbortSignal;
}

/** A device that has not computed something small after this long never will. */
const probeSeconds = 45;
/** Loading a large model from a slow disk, twice reading and writing a few words. */
const measureSeconds = 240;

/** A process of its own for one question: whatever a driver does to it, nothing else is hurt. */
async function alone<T>(
  { startProcess, log, signal }: Lent,
  seconds: number,
  ask: (worker: WorkerClient<InferWork>) => Promise<Result<T>>,
): Promise<Result<T>> {
  if (signal.aborted) return failed(cancelled());
  const worker = connectWorker<InferWork>(startProcess(), { explainExit: engineExit, explainHang: engineHung, log });
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    worker.kill();
  }, seconds * 1000);
  const kill = (): void => worker.kill();
  signal.addEventListener('abort', kill, { once: true });
  const answer = await ask(worker);
  signal.removeEventListener('abort', kill);
  clearTimeout(timer);
  worker.kill();
  if (signal.aborted) return failed(cancelled());
  return late
    ? failed({ ...engineHung(undefined), evidence: [{ cause: `no answer after ${seconds} seconds` }] })
    : answer;
}

/** Lets a device compute something small; a failure is that of the process. */
export function tryDevice(device: Device, lent: Lent): Promise<Result<ProbeOutput>> {
  return alone(lent, probeSeconds, (worker) => worker.call('probe', { device }));
}

/** Enough that a clock's resolution does not matter, few enough that nobody waits long. */
const [warmTokens, measuredTokens] = [8, 24];
const prompt = 'Hello, I am a software engineer.';
/** Room for the prompt and the tokens; a longer cache would only cost memory. */
const measuredContext = 512;

/**
 * Tokens per second that a model writes at the beginning of a chat, after it has written a few words. Problems:
 * 'not-enough-memory' and 'cancelled', which say nothing about the device, and whatever else kept it from writing.
 */
export function measureSpeed(
  model: InstalledModel,
  how: Pick<LoadInput, 'folder' | 'device' | 'half' | 'atOwnRisk' | 'cores' | 'pinned' | 'spin'>,
  lent: Lent,
): Promise<Result<number>> {
  return alone<number>(lent, measureSeconds, async (worker) => {
    const loaded = await worker.call('load', { ...how, dtype: model.dtype, contextLength: measuredContext });
    if (!loaded.ok) return loaded;
    const { fallback } = loaded.value;
    if (fallback) return failed(explainInference(new Error(fallback.cause)));
    const warm = await worker.call('sanityCheck', { prompt, maxNewTokens: warmTokens });
    if (!warm.ok) return warm;
    const measured = await worker.call('sanityCheck', { prompt, maxNewTokens: measuredTokens });
    if (!measured.ok) return measured;
    return { ok: true, value: measured.value.tokensPerSecond };
  });
}
