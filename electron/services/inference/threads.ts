import { availableParallelism } from 'node:os';
import type { ThreadsWay } from '../../contract/devices.ts';
import type { Cores } from './cores.ts';

/** How the threads of a session are wished; what is not said is as usual: every core, free to move, busy while waiting. */
export interface ThreadsWish extends Partial<ThreadsWay> {
  /** To save power: goes before all of what was measured. */
  readonly saving?: boolean | undefined;
}

/** How the threads of one session work. */
export interface Threads {
  /** For one operator, the one that asks among them; 0 leaves the choice to ONNX Runtime. */
  readonly count: number;
  /** Threads that wait for work keep their core busy for a moment, or give it back at once. */
  readonly spin: boolean;
  /** The logical processor, from 0, on which each stays; the first is that of the thread which asks, and it stays free. */
  readonly processors?: readonly number[];
}

/**
 * One thread per physical core, because two on one core share its multipliers; of cores of two kinds only the fast ones
 * where that was measured to be better, because each operator waits for its slowest thread. To save power half of them,
 * free to move and never busy while they wait: what cores draw grows faster than what they do. Where only logical
 * processors are known, a core of an x64 processor has two as a rule.
 */
export function threadsFor(wish: ThreadsWish, cores: Cores): Threads {
  if (wish.saving) {
    const known = cores.all > 0 ? cores.all : availableParallelism() / (process.arch === 'x64' ? 2 : 1);
    return { count: Math.max(1, Math.floor(known / 2)), spin: false };
  }
  const count = (wish.cores === 'fast' ? cores.fast : undefined) ?? cores.all;
  const spin = wish.spin ?? true;
  return wish.pinned && cores.processors && count > 1
    ? { count, spin, processors: cores.processors.slice(0, count) }
    : { count, spin };
}

/**
 * Threads as ONNX Runtime takes them: https://onnxruntime.ai/docs/performance/tune-performance/threading.html. Processors
 * count from 1 there, and there is none for the thread that asks: it belongs to the process.
 */
export function sessionThreads({ count, spin, processors = [] }: Threads): {
  readonly intraOpNumThreads: number;
  readonly extra?: Record<string, unknown>;
} {
  const affinities = processors
    .slice(1)
    .map((id) => id + 1)
    .join(';');
  const session = {
    ...(!spin && { intra_op: { allow_spinning: '0' } }),
    ...(affinities !== '' && { intra_op_thread_affinities: affinities }),
  };
  return { intraOpNumThreads: count, ...(Object.keys(session).length > 0 && { extra: { session } }) };
}
