import type { Progress } from '../../contract/setup.ts';
import type { StateFile } from '../durable/stateFile.ts';

/** How fast the last download on this computer was, so that the next plan can say how long it takes. */
export interface LastSpeed {
  /** Bytes per second; undefined before the first download. */
  bytesPerSecond(): number | undefined;
  /** Listens to one download; call the answer when it ends, however it does. */
  watch(): { readonly hear: (progress: Progress) => void; readonly end: () => Promise<void> };
}

/** Shorter ones say more about the first handshake than about the line, ms. */
const leastMs = 3000;

export const isSpeed = (value: unknown): value is number => typeof value === 'number' && value > 0 && value < 1e12;

/** Opens what is remembered. `clock` is monotonic, ms. Nothing here ever fails a download. */
export async function openLastSpeed(file: StateFile<number>, clock: () => number): Promise<LastSpeed> {
  let last = await file.read();
  return {
    bytesPerSecond: () => last,
    watch() {
      // Only time in which bytes came: what was in the cache already took none, and a wait is no speed.
      let ms = 0;
      let bytes = 0;
      let before: number | undefined;
      return {
        hear({ bytesPerSecond }) {
          const now = clock();
          if (before !== undefined && bytesPerSecond > 0) {
            ms += now - before;
            bytes += (bytesPerSecond * (now - before)) / 1000;
          }
          before = now;
        },
        async end() {
          if (ms < leastMs) return;
          last = (bytes / ms) * 1000;
          await file.write(last).catch(() => undefined);
        },
      };
    },
  };
}
