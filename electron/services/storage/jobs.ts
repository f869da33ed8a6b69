import { failed, ok, type Result } from '../../contract/result.ts';
import type { Problem } from '../../contract/problem.ts';
import type { Progress } from '../../contract/setup.ts';
import type { StorageWork } from '../../contract/storage.ts';
import { progressMeter } from '../setup/progressMeter.ts';
import { explainStorage, storageBusy } from './explain.ts';

/** What a job is lent while it runs. */
export interface JobContext {
  readonly signal: AbortSignal;
  /** Announces how much there is to do, in bytes. */
  expect(totalBytes: number): void;
  readonly onBytes: (bytes: number, item: string) => void;
  /** For work of several parts that measure themselves: how far the part is that `note` names. */
  readonly report: (progress: Progress, note?: string) => void;
}

type Done = Omit<Extract<StorageWork['state'], { kind: 'done' }>, 'kind' | 'at'>;
type Facts = Omit<StorageWork, 'state'>;

/** The one long job of the storage room. */
export interface Jobs {
  current(): StorageWork | undefined;
  isWorking(task?: StorageWork['task']): boolean;
  start(facts: Facts, run: (context: JobContext) => Promise<Result<Done>>): Result<StorageWork>;
  /** Shows how a job ended that another run of the services did. */
  tell(ended: StorageWork): void;
  stop(): void;
  /** Resolves when no job runs. */
  settled(): Promise<void>;
}

/** At most 10 reports per second reach the page. */
const reportMilliseconds = 100;

export function createJobs(options: {
  readonly now: () => number;
  readonly onChange: (work: StorageWork) => void;
}): Jobs {
  const { now } = options;
  let work: StorageWork | undefined;
  let abort: AbortController | undefined;
  let running: Promise<void> = Promise.resolve();

  const become = (facts: Facts, state: StorageWork['state']): StorageWork => {
    work = { ...facts, state };
    options.onChange(work);
    return work;
  };
  const ended = (facts: Facts, problem: Problem): void => {
    become(facts, problem.code === 'cancelled' ? { kind: 'stopped' } : { kind: 'failed', problem });
  };

  return {
    current: () => work,
    isWorking: (task) => work?.state.kind === 'working' && (task === undefined || work.task === task),
    start(facts, run) {
      if (work?.state.kind === 'working') return failed(storageBusy('Another job of the storage page is running.'));
      const meter = progressMeter(now);
      const own = new AbortController();
      abort = own;
      let total = 0;
      let done = 0;
      let reported = 0;
      let noted: string | undefined;
      const report = (item?: string): StorageWork =>
        become(facts, { kind: 'working', progress: meter(Math.min(done, total), total, item) });
      const started = report();
      running = run({
        signal: own.signal,
        expect(bytes) {
          total = bytes;
          report();
        },
        onBytes(bytes, item) {
          done += bytes;
          if (now() - reported < reportMilliseconds) return;
          reported = now();
          report(item);
        },
        report(progress, note) {
          if (own.signal.aborted || (note === noted && now() - reported < reportMilliseconds)) return;
          reported = now();
          noted = note;
          become(facts, { kind: 'working', progress, ...(note !== undefined && { note }) });
        },
      })
        .then((result) => {
          if (result.ok) become(facts, { kind: 'done', at: now(), ...result.value });
          else ended(facts, result.problem);
        })
        .catch((error: unknown) => {
          ended(facts, explainStorage(error, { importing: facts.task === 'import' }));
        });
      return ok(started);
    },
    tell(ended) {
      work = ended;
      options.onChange(ended);
    },
    stop: () => abort?.abort(),
    settled: () => running,
  };
}
