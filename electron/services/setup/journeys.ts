import type { DownloadPlan, Dtype, InstalledModel } from '../../contract/model.ts';
import { failed, ok, type Result } from '../../contract/result.ts';
import type { SetupState } from '../../contract/setup.ts';
import type { StateFile } from '../durable/stateFile.ts';
import { notFound } from '../explain.ts';
import { member } from '../hub/ask.ts';
import type { LogEntry } from '../ports.ts';
import { begin, type SetupEvent } from './machine.ts';
import { type JourneyRecord, type Limit, recordOf } from './records.ts';
import { resume } from './resume.ts';
import type { Pace } from './nextLook.ts';
import { createRunner, type Runner, type SetupEffects } from './runner.ts';

/** The format of which the most models fit into the memory of the most computers, and which they run fastest. */
const usualDtype: Dtype = 'q4';

/** All journeys of this computer, by repository. */
export interface Journeys {
  /** Restores what was remembered and goes on with it. */
  start(): Promise<void>;
  list(): readonly SetupState[];
  /** The journey of this model; one in another format takes its place where a format is named. */
  choose(repo: string, dtype?: Dtype): SetupState;
  send(repo: string, event: SetupEvent): Result<SetupState>;
  remove(repo: string): Promise<void>;
  /** The token changed: every journey that the token or the licence holds up asks again. */
  tokenChanged(): void;
  /** The person went to this repository's licence page: looks by itself whether the form was sent. */
  visited(repo: string): void;
  /** The network may be back, or was switched on. */
  networkChanged(): void;
  close(): Promise<void>;
}

export function createJourneys(options: {
  readonly records: StateFile<readonly JourneyRecord[]>;
  readonly effects: SetupEffects;
  readonly findModel: (repo: string, dtype: Dtype) => Promise<InstalledModel | undefined>;
  readonly isComplete: (plan: DownloadPlan) => Promise<boolean>;
  readonly pace: Pace;
  /** The network is switched off on purpose. */
  readonly isOffline: () => boolean;
  readonly now: () => number;
  readonly onChange: (state: SetupState, previous: SetupState) => void;
  readonly onRemove: (repo: string) => void;
  /** The journey goes on in another format: what was begun in the former one is not wanted. */
  readonly onReplace: (repo: string) => void;
  readonly log: (entry: LogEntry) => void;
}): Journeys {
  const runners = new Map<string, Runner>();
  let quietUntil = 0;
  const quiet = {
    until: () => quietUntil,
    extend: (until: number) => void (quietUntil = Math.max(quietUntil, until)),
  };
  let saved = '';
  let saving: Promise<void> = Promise.resolve();

  const save = (): Promise<void> => {
    const records = [...runners.values()].map((runner) =>
      recordOf(runner.state(), { waited: runner.waited(), expectedSince: runner.expectedSince() }),
    );
    const text = JSON.stringify(records);
    if (text === saved) return saving; // progress changes nothing worth remembering
    saved = text;
    saving = options.records.write(records);
    return saving;
  };

  const add = (initial: SetupState, waited: boolean, expectedSince?: number): Runner => {
    const runner = createRunner({
      initial,
      waited,
      expectedSince,
      effects: options.effects,
      pace: options.pace,
      quiet,
      isOffline: options.isOffline,
      now: options.now,
      log: options.log,
      onChange(state, previous) {
        options.onChange(state, previous);
        if (state.activity.kind !== 'working' || previous.activity.kind !== 'working' || state.step !== previous.step) {
          void save();
        }
      },
    });
    runners.set(initial.repo, runner);
    return runner;
  };

  const remove = async (repo: string): Promise<void> => {
    runners.get(repo)?.close();
    if (!runners.delete(repo)) return;
    await save();
    options.onRemove(repo);
  };
  /** A journey that only says where its model went has nothing to add once that one is chosen. */
  const leaveMoved = (repo: string): void => {
    for (const [former, runner] of runners) if (movedTo(runner.state()) === repo) void remove(former);
  };

  return {
    async start() {
      const records = (await options.records.read()) ?? [];
      const limit = lastLimit(records, options.now());
      if (limit) quiet.extend(limit.until);
      for (const record of records) {
        const model = await options.findModel(record.repo, record.dtype);
        const complete = !model && record.plan !== undefined && (await options.isComplete(record.plan));
        add(resume(record, { model, complete, limit }), record.waited, record.expectedSince);
      }
      for (const runner of runners.values()) runner.start();
    },
    list: () => [...runners.values()].map((runner) => runner.state()),
    choose(repo, dtype) {
      leaveMoved(repo);
      const known = runners.get(repo);
      if (known && (dtype === undefined || known.state().dtype === dtype)) {
        known.send({ type: 'check' });
        return known.state();
      }
      known?.close();
      if (known) options.onReplace(repo);
      const initial = begin(repo, dtype ?? usualDtype, options.now());
      const runner = add(initial, false);
      void save();
      // A journey that begins is a change like any other: pages that only listen must hear of it.
      options.onChange(initial, initial);
      runner.start();
      return runner.state();
    },
    send(repo, event) {
      const runner = runners.get(repo);
      if (!runner) return failed(notFound('model'));
      runner.send(event);
      return ok(runner.state());
    },
    remove,
    tokenChanged() {
      for (const runner of runners.values()) {
        const { step, activity } = runner.state();
        if (step === 'sign-in' || (step === 'access' && activity.kind !== 'working')) runner.send({ type: 'check' });
      }
    },
    visited(repo) {
      runners.get(repo)?.expect();
      void save();
    },
    networkChanged() {
      for (const runner of runners.values()) runner.networkChanged();
    },
    async close() {
      await save();
      for (const runner of runners.values()) runner.close();
    },
  };
}

function movedTo({ activity }: SetupState): unknown {
  if (activity.kind !== 'blocked' || activity.problem.code !== 'repo-renamed') return undefined;
  const [action] = activity.problem.actions;
  return action?.kind === 'request' ? member(action.input, 'repo') : undefined;
}

/** The Hub's own limits end within minutes (Hub facts 1.8): a later time is a clock that was set back. */
const longestLimit = 16 * 60_000;

/** One limit holds for all journeys: the latest that is not over. */
function lastLimit(records: readonly JourneyRecord[], now: number): Limit | undefined {
  return records
    .flatMap(({ limit }) => limit ?? [])
    .filter(({ until }) => until > now && until - now <= longestLimit)
    .toSorted((a, b) => b.until - a.until)[0];
}
