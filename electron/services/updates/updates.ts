/**
 * Newer versions of Latchkey: looked for only with the person's permission, never while offline, never while an answer
 * is being written; downloaded in the background; installed when the person says so. How an update is fetched and put in
 * place is the host's business (`UpdaterPort`).
 */
import { failed, ok, type Result } from '../../contract/result.ts';
import type { UpdateActivity, UpdateChannel, UpdateState } from '../../contract/update.ts';
import { updateChannels } from '../../contract/update.ts';
import type { StateFile } from '../durable/stateFile.ts';
import { notFound } from '../explain.ts';
import { NotGenuine, type UpdaterPort } from '../ports.ts';
import { notGenuine, updateFailed, updatesOffline } from './explain.ts';

/** What is remembered. */
export interface UpdateChoice {
  readonly allowed: boolean;
  readonly channel: UpdateChannel;
}

export function isUpdateChoice(value: unknown): value is UpdateChoice {
  if (typeof value !== 'object' || value === null) return false;
  const { allowed, channel } = value as Partial<UpdateChoice>;
  return typeof allowed === 'boolean' && updateChannels.some((one) => one === channel);
}

export interface Updates {
  state(): UpdateState;
  allow(on: boolean): Promise<UpdateState>;
  setChannel(channel: UpdateChannel): Promise<UpdateState>;
  /** Looks now. What comes of it is in the state. */
  check(): Promise<Result<UpdateState>>;
  download(): Promise<Result<UpdateState>>;
  /** Ends the app and starts the new one. */
  install(): Promise<Result<undefined>>;
  close(): void;
}

/** A minute after the start, when nobody waits for anything any more; then twice a day. */
const schedule = { firstMilliseconds: 60_000, laterMilliseconds: 12 * 3_600_000 };

export async function openUpdates(options: {
  readonly updater: UpdaterPort | undefined;
  readonly choice: StateFile<UpdateChoice>;
  readonly isOffline: () => boolean;
  /** Resolves as soon as no answer is being written. */
  readonly quiet: () => Promise<void>;
  readonly onChange: (state: UpdateState) => void;
  readonly now: () => number;
  readonly firstCheckMilliseconds?: number;
}): Promise<Updates> {
  const { updater, isOffline, quiet, now } = options;
  const obstacle = updater ? updater.obstacle : 'not-installed';
  let choice = (await options.choice.read()) ?? { allowed: false, channel: 'latest' as const };
  let activity: UpdateActivity = { kind: 'idle' };
  let timer: NodeJS.Timeout | undefined;
  let closed = false;

  const state = (): UpdateState => ({ ...choice, activity, ...(obstacle !== undefined && { obstacle }) });
  const become = (next: UpdateActivity): UpdateState => {
    activity = next;
    options.onChange(state());
    return state();
  };
  const choose = async (next: UpdateChoice): Promise<UpdateState> => {
    choice = next;
    await options.choice.write(choice);
    options.onChange(state());
    return state();
  };
  const able = (): UpdaterPort | undefined => (obstacle === undefined ? updater : undefined);
  const fail = (error: unknown): UpdateState => {
    const cause = error instanceof Error ? error.message : String(error);
    return become({ kind: 'failed', problem: error instanceof NotGenuine ? notGenuine(cause) : updateFailed(cause) });
  };

  const check = async (): Promise<Result<UpdateState>> => {
    const port = able();
    if (!port || !choice.allowed) return failed(notFound('update'));
    if (isOffline()) return failed(updatesOffline());
    if (['checking', 'downloading', 'ready'].includes(activity.kind)) return ok(state());
    become({ kind: 'checking' });
    try {
      await quiet();
      const offer = await port.check(choice.channel);
      return ok(become(offer ? { kind: 'offered', offer } : { kind: 'newest', checkedAt: now() }));
    } catch (error) {
      return ok(fail(error));
    }
  };

  /** Nobody asked: what goes wrong is nobody's problem, and the next look is soon enough. */
  const look = async (): Promise<void> => {
    if (choice.allowed && !isOffline() && (activity.kind === 'idle' || activity.kind === 'newest')) {
      const before = activity;
      const looked = await check();
      const after = looked.ok ? looked.value.activity : before;
      if (after.kind === 'failed' && after.problem.code === 'update-failed') become(before);
    }
    if (!closed) plan(schedule.laterMilliseconds);
  };
  const plan = (milliseconds: number): void => {
    clearTimeout(timer);
    timer = setTimeout(() => void look(), milliseconds);
    timer.unref();
  };
  if (able()) plan(options.firstCheckMilliseconds ?? schedule.firstMilliseconds);

  return {
    state,
    async allow(on) {
      const allowed = await choose({ ...choice, allowed: on });
      if (!on && activity.kind !== 'ready') return become({ kind: 'idle' });
      if (on) void check();
      return allowed;
    },
    async setChannel(channel) {
      await choose({ ...choice, channel });
      if (activity.kind === 'offered' || activity.kind === 'newest') become({ kind: 'idle' });
      return state();
    },
    check,
    async download() {
      const port = able();
      if (!port || activity.kind !== 'offered') return failed(notFound('update'));
      if (isOffline()) return failed(updatesOffline());
      const { offer } = activity;
      become({ kind: 'downloading', offer, doneBytes: 0 });
      try {
        await quiet();
        await port.download((doneBytes) => {
          if (activity.kind === 'downloading') become({ kind: 'downloading', offer, doneBytes });
        });
        return ok(become({ kind: 'ready', offer }));
      } catch (error) {
        return ok(fail(error));
      }
    },
    async install() {
      const port = able();
      if (!port || activity.kind !== 'ready') return failed(notFound('update'));
      await quiet();
      port.install();
      return ok(undefined);
    },
    close() {
      closed = true;
      clearTimeout(timer);
    },
  };
}
