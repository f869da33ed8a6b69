/** Measured progress: bytes that are really there, a speed smoothed over a few seconds. */
import type { Progress } from '../../contract/setup.ts';

export interface ProgressMeter {
  /** Call with every new byte count; the speed follows from it. */
  measure(doneBytes: number, fetchedBytes: number, item: string | undefined): Progress;
}

// Time in which an old speed loses most of its weight.
const memoryMs = 3000;

/** `clock` is monotonic, ms. */
export function startProgressMeter(totalBytes: number, clock: () => number): ProgressMeter {
  let speed: number | undefined;
  let lastAt = clock();
  let lastFetched = 0;
  return {
    measure(doneBytes, fetchedBytes, item) {
      const at = clock();
      const span = at - lastAt;
      if (span > 0) {
        const current = ((fetchedBytes - lastFetched) / span) * 1000;
        const weight = 1 - Math.exp(-span / memoryMs);
        speed = speed === undefined ? current : speed + (current - speed) * weight;
        lastAt = at;
        lastFetched = fetchedBytes;
      }
      const bytesPerSecond = Math.max(0, Math.round(speed ?? 0));
      return {
        doneBytes,
        totalBytes,
        bytesPerSecond,
        ...(bytesPerSecond > 0 ? { secondsLeft: Math.ceil((totalBytes - doneBytes) / bytesPerSecond) } : {}),
        ...(item === undefined ? {} : { item }),
      };
    },
  };
}
