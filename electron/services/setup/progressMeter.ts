import type { Progress } from '../../contract/setup.ts';

/** Time constant of the smoothing in seconds: long enough to read, short enough to follow a change of network. */
const smoothSeconds = 3;

/** Turns "so many bytes of so many" into a rate (bytes per second, smoothed) and seconds left. Measured, never assumed. */
export function progressMeter(now: () => number): (doneBytes: number, totalBytes: number, item?: string) => Progress {
  let at = now();
  let done = 0;
  let rate = 0;
  return (doneBytes, totalBytes, item) => {
    const seconds = (now() - at) / 1000;
    if (seconds >= 0.05 && doneBytes >= done) {
      const measured = (doneBytes - done) / seconds;
      const weight = rate === 0 ? 1 : 1 - Math.exp(-seconds / smoothSeconds);
      rate += weight * (measured - rate);
      at = now();
      done = doneBytes;
    }
    return {
      doneBytes,
      totalBytes,
      bytesPerSecond: rate,
      ...(rate > 0 && { secondsLeft: (totalBytes - doneBytes) / rate }),
      ...(item !== undefined && { item }),
    };
  };
}
