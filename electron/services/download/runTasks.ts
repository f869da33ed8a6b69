/** Shares a changing number of connections between all files of a download, until everything is there or one thing failed. */
import type { RepoId } from '../../contract/model.ts';
import type { Problem } from '../../contract/problem.ts';
import type { Progress } from '../../contract/setup.ts';
import type { LogEntry, NetworkWatch } from '../ports.ts';
import { adapt, type Connections } from './connections.ts';
import type { FileTask, Segment } from './fileTask.ts';
import { startMissJudge } from './misses.ts';
import { startProgressMeter } from './progress.ts';
import type { Tuning } from './tuning.ts';
import { wait } from './waits.ts';

export interface RunOptions {
  readonly repo: RepoId;
  readonly tuning: Tuning;
  readonly onProgress: (progress: Progress) => void;
  readonly signal: AbortSignal;
  readonly now: () => number;
  readonly log: (entry: LogEntry) => void;
  readonly watchNetwork?: NetworkWatch | undefined;
}

// Opening is mostly waiting for the disk; a few at once keep small files from queueing.
const openAtOnce = 3;

/** Runs all tasks; answers the Problem that stopped them. Rejects with a system error, a bug, or AbortError. */
export async function runTasks(tasks: readonly FileTask[], options: RunOptions): Promise<Problem | undefined> {
  const { tuning, log } = options;
  const stop = new AbortController();
  const signal = AbortSignal.any([options.signal, stop.signal]);
  const judge = startMissJudge(options);
  const meter = startProgressMeter(
    tasks.reduce((sum, task) => sum + task.totalBytes, 0),
    () => performance.now(),
  );
  let connections: Connections = { target: Math.min(tuning.startConnections, tuning.maxConnections), rest: 0 };
  let busy = 0; // connections at work
  let under = 0; // pieces of work of any kind
  let opening = 0;
  const fetched = () => tasks.reduce((sum, task) => sum + task.fetchedBytes(), 0);
  let failure: { readonly problem: Problem } | { readonly error: unknown } | undefined;
  const attempts = new Set<AbortController>(); // requests under way
  const idle = Promise.withResolvers<undefined>();

  function fail(reason: NonNullable<typeof failure>): void {
    failure ??= reason;
    stop.abort();
  }

  function start(work: () => Promise<void>): void {
    under++;
    const after = (): void => {
      under--;
      pump();
      if (under === 0) idle.resolve(undefined);
    };
    work().then(after, (error: unknown) => {
      fail({ error });
      after();
    });
  }

  async function settle(task: FileTask): Promise<void> {
    const problem = await task.settle(signal, pump);
    if (problem) fail({ problem });
  }

  async function open(task: FileTask): Promise<void> {
    opening++;
    try {
      await task.open(signal);
    } finally {
      opening--;
    }
    await settle(task);
  }

  async function fetch(segment: Segment): Promise<void> {
    const { task } = segment;
    const attempt = new AbortController();
    const either = AbortSignal.any([signal, attempt.signal]);
    attempts.add(attempt);
    busy++;
    try {
      while (judge.heldUntil() > performance.now()) await wait(judge.heldUntil() - performance.now(), signal); // a new network lifts no limit of the Hub
      const startedAt = performance.now();
      const result = await task.fetch(segment, either);
      judge.gained(segment, result.gained);
      if (result.miss) {
        const verdict = judge.judge(segment, result, startedAt);
        log({
          area: 'download',
          event: 'miss',
          kind: result.miss.kind,
          file: task.path,
          at: segment.from,
          gained: result.gained,
        });
        if (verdict.kind === 'stop') fail(verdict);
        else await wait(verdict.ms, either);
      }
    } catch (error) {
      if (signal.aborted || !attempt.signal.aborted) throw error;
    } finally {
      attempts.delete(attempt);
      busy--;
      task.release(segment);
    }
    start(() => settle(task));
  }

  // Nobody failed: what arrived is kept, and each place is asked for again over a new connection.
  function startAnew(): void {
    log({ area: 'download', event: 'network-changed', connections: attempts.size });
    for (const task of tasks) task.dropLink();
    for (const attempt of attempts) attempt.abort();
  }

  function nextSegment(): Segment | undefined {
    for (const task of tasks) {
      if (task.state() === 'waiting') {
        if (opening >= openAtOnce) return undefined;
        start(() => open(task));
        continue;
      }
      const segment = task.claim(connections.target);
      if (segment) return segment;
    }
    return undefined;
  }

  function pump(): void {
    while (!signal.aborted && busy < connections.target) {
      const segment = nextSegment();
      if (segment === undefined) return;
      start(() => fetch(segment));
    }
  }

  function report(): void {
    const done = tasks.reduce((sum, task) => sum + task.doneBytes(), 0);
    options.onProgress(meter.measure(done, fetched(), tasks.find((task) => task.state() === 'open')?.path));
  }

  let sampled = { at: performance.now(), fetched: 0 };
  function sample(): void {
    const at = performance.now();
    const bytesPerSecond = ((fetched() - sampled.fetched) / (at - sampled.at)) * 1000;
    sampled = { at, fetched: fetched() };
    const before = connections.target;
    connections = adapt(
      connections,
      { bytesPerSecond, misses: judge.takeMisses(), busy: busy >= before },
      tuning.maxConnections,
    );
    if (connections.target !== before) log({ area: 'download', event: 'connections', count: connections.target });
    pump();
  }

  const timers = [setInterval(report, tuning.reportMs), setInterval(sample, tuning.sampleMs)];
  const deaf = options.watchNetwork?.(startAnew);
  try {
    start(async () => pump());
    await idle.promise;
    if (failure && 'problem' in failure) return failure.problem;
    if (failure) throw failure.error;
    signal.throwIfAborted();
    if (tasks.some((task) => task.state() !== 'done')) throw new Error('The download stopped before its end');
    report();
    return undefined;
  } finally {
    for (const timer of timers) clearInterval(timer);
    deaf?.();
  }
}
