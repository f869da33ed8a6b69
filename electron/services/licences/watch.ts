/**
 * Notices by itself when a publisher changes the licence of an installed model: one small question per repository and day,
 * without the token, never while offline. Nobody asked, so what goes wrong is nobody's problem.
 */
import type { LicenceReceipt } from '../../contract/licence.ts';
import { hubRepoOf, type InstalledModel, type RepoId } from '../../contract/model.ts';
import type { StateFile } from '../durable/stateFile.ts';
import type { Receipts } from './receipts.ts';

export interface LicenceWatch {
  /** Reads when each repository was asked about last, and begins. */
  start(): Promise<void>;
  /** Asks about each repository that is due. */
  look(): Promise<void>;
  close(): void;
}

/** When each repository was asked about last; ms since epoch. */
export type Looks = Readonly<Record<RepoId, number>>;

const day = 24 * 3_600_000;
/** Soon after the start, when nobody waits for anything any more; then what is due is looked for every hour. */
const schedule = { firstMilliseconds: 20_000, laterMilliseconds: 3_600_000 };

/** True for what this file wrote. */
export function areLooks(value: unknown): value is Looks {
  return (
    typeof value === 'object' && value !== null && Object.values(value).every((at: unknown) => typeof at === 'number')
  );
}

export function createLicenceWatch(options: {
  readonly file: StateFile<Looks>;
  readonly models: () => readonly InstalledModel[];
  readonly receipts: Pick<Receipts, 'glance'>;
  readonly isOffline: () => boolean;
  readonly now: () => number;
  readonly onChanged: (receipt: LicenceReceipt) => void;
}): LicenceWatch {
  const { now, isOffline } = options;
  let looks: Looks = {};
  let timer: NodeJS.Timeout | undefined;
  let closed = false;

  const look = async (): Promise<void> => {
    const known = options.models().filter((model) => hubRepoOf(model) !== undefined);
    const byRepo = Map.groupBy(known, ({ repo }) => repo);
    looks = Object.fromEntries(Object.entries(looks).filter(([repo]) => byRepo.has(repo)));
    for (const [repo, models] of byRepo) {
      // A model that has just been installed brought the text of today.
      const last = looks[repo] ?? Math.max(...models.map(({ installedAt }) => installedAt));
      // A clock that was set back must not end the watch.
      if (closed || isOffline() || (now() >= last && now() - last < day)) continue;
      const seen = await options.receipts.glance(models.map(({ id }) => id));
      // Nobody was reached, so nobody was asked: the next round tries again.
      if (!seen.ok && seen.problem.code === 'offline') return;
      looks = { ...looks, [repo]: now() };
      // Losing this file costs one small request: a full disk is told elsewhere.
      await options.file.write(looks).catch(() => undefined);
      if (!seen.ok && seen.problem.code === 'rate-limited') return;
      if (seen.ok) seen.value.forEach(options.onChanged);
    }
  };
  const plan = (milliseconds: number): void => {
    timer = setTimeout(() => {
      void look().finally(() => {
        if (!closed) plan(schedule.laterMilliseconds);
      });
    }, milliseconds);
    timer.unref();
  };

  return {
    async start() {
      looks = (await options.file.read()) ?? {};
      plan(schedule.firstMilliseconds);
    },
    look,
    close() {
      closed = true;
      clearTimeout(timer);
    },
  };
}
