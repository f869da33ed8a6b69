import type { Announce, Doing } from '../work/protocol.ts';
import type { DecoderSession } from './session.ts';

/** Does work that blocks the thread, between its announcement and its end. */
export function announced<T>(announce: Announce, doing: Doing, seconds: number, work: () => T): T {
  announce(doing, seconds);
  try {
    return work();
  } finally {
    announce(doing, 0);
  }
}

/** A first run can compile shaders or read weights from a slow disk. */
const firstSeconds = 60;
/** A run may take so many times longer than the slowest one of its kind: other programs want the processor, too. */
const patience = 8;
/** Runs that are surely shorter than this need no announcement: the watch allows 5 s anyway. */
const worthSaying = 0.4;
/** Runs over more tokens than this are reading a prompt; others write. */
const writes = 8;

/** Does one run of a graph over so many tokens. */
export type WatchedRun = <T>(tokens: number, run: () => Promise<T>) => Promise<T>;

/**
 * Announces the runs of one graph when they may be long: the slower this computer was until now, the more time they are
 * given. Seconds are per token for prompts and per run for single steps, because those are two different speeds.
 */
export function watchRuns(announce: Announce): WatchedRun {
  const slowest: { prompt?: number; step?: number } = {};
  return async (tokens, run) => {
    const kind = tokens > writes ? 'prompt' : 'step';
    const unit = kind === 'prompt' ? tokens : 1;
    const known = slowest[kind];
    const say = known === undefined || known * unit > worthSaying;
    if (say) announce('run', known === undefined ? firstSeconds + tokens : Math.max(5, known * unit * patience));
    const began = performance.now();
    try {
      return await run();
    } finally {
      slowest[kind] = Math.max(known ?? 0, (performance.now() - began) / 1000 / unit);
      if (say) announce('run', 0);
    }
  };
}

/** A session whose runs are announced; see watchRuns. */
export function announceRuns(session: DecoderSession, announce: Announce): DecoderSession {
  const watched = watchRuns(announce);
  return {
    ...session,
    run: (feeds, fetches) => watched(feeds['input_ids']?.dims[1] ?? 1, () => session.run(feeds, fetches)),
  };
}
