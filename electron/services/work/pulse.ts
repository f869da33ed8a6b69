import type { Doing } from './protocol.ts';

/** Watches that a process which has something to do is heard from. */
export interface Pulse {
  /** Something came from the process. */
  heard(): void;
  /** It said that it will block its thread; 0 seconds: that it is done. */
  expect(doing: Doing, seconds: number): void;
  /** What it is blocked by, as far as it said. */
  readonly doing: Doing | undefined;
  /** Looks from now on; does nothing while it already does. */
  start(): void;
  stop(): void;
}

/** 250 ms: four looks a second cost nothing and find a hang within a quarter of a second of the limit. */
const lookMilliseconds = 250;
/** A process that answers each look and says before it blocks is never silent for 5 s unless it hangs. */
const silentSeconds = 5;
/** Until its first word: starting a process can wait for a slow disk or a virus scanner. */
const startSeconds = 60;

/**
 * `ping` is sent at each look, `onSilence` is called once when nothing came for as long as is allowed. Silence is counted
 * in looks, not by the clock: a computer that slept, or is so busy that we ourselves were not running, accuses nobody.
 */
export function watchPulse({
  ping,
  onSilence,
}: {
  readonly ping: () => void;
  readonly onSilence: (doing: Doing | undefined) => void;
}): Pulse {
  let looks = 0;
  let allowed = startSeconds;
  let doing: Doing | undefined;
  let timer: ReturnType<typeof setInterval> | undefined;
  const stop = (): void => {
    clearInterval(timer);
    timer = undefined;
  };
  const look = (): void => {
    looks += 1;
    if (looks * lookMilliseconds <= allowed * 1000) return ping();
    stop();
    onSilence(doing);
  };
  return {
    get doing() {
      return doing;
    },
    heard() {
      looks = 0;
      // What it announced still stands: an answer to a ping can overtake the work that it was sent before.
      if (doing === undefined) allowed = silentSeconds;
    },
    expect(what, seconds) {
      looks = 0;
      doing = seconds > 0 ? what : undefined;
      allowed = seconds > 0 ? seconds : silentSeconds;
    },
    start() {
      if (timer !== undefined) return;
      looks = 0;
      timer = setInterval(look, lookMilliseconds);
      timer.unref();
    },
    stop,
  };
}
