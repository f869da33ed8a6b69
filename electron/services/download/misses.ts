/** What to do when a request brought less than it should: wait and ask again, or tell the person. */
import type { RepoId } from '../../contract/model.ts';
import type { Evidence, Problem } from '../../contract/problem.ts';
import { assertNever } from '../../contract/result.ts';
import { portal, serverTrouble, serversUnreachable, slowDown } from './explain.ts';
import type { Fetched, Segment } from './fileTask.ts';
import type { Tuning } from './tuning.ts';
import { backoff } from './waits.ts';

type AnyMiss = NonNullable<Fetched['miss']>;

/** Puts a miss that did not go away into words. */
export function explainMiss(repo: RepoId, miss: AnyMiss, evidence: Evidence, retryAt: number): Problem {
  switch (miss.kind) {
    case 'problem':
      return miss.problem;
    case 'network':
      return serversUnreachable(repo, { ...evidence, cause: miss.cause });
    case 'stalled':
      return serversUnreachable(repo, { ...evidence, cause: 'no bytes arrived for too long' });
    case 'refused':
      return serversUnreachable(repo, { ...evidence, status: miss.status });
    case 'slow-down':
      return slowDown(repo, { ...evidence, status: miss.status }, retryAt);
    case 'server':
      return serverTrouble(repo, { ...evidence, status: miss.status });
    case 'page':
      return portal(repo, evidence);
    case 'cut':
      return serverTrouble(repo, { ...evidence, cause: 'the connection ended too early, again and again' });
    case 'changed':
      return serverTrouble(repo, { ...evidence, cause: 'the file kept changing on the server' });
    case 'no-range':
      return serverTrouble(repo, { ...evidence, cause: 'the server sent the whole file for a part' });
    case 'nonsense':
      return serverTrouble(repo, { ...evidence, cause: miss.cause });
    default:
      return assertNever(miss);
  }
}

// The Hub's own troubles that pass by themselves; every other Problem needs the person.
const passing: ReadonlySet<string> = new Set(['offline', 'hub-trouble', 'cdn-blocked', 'proxy-or-portal']);
// A refused link was just renewed: more than this many in a row is not about expiry.
const refusedTries = 3;

export type Verdict =
  { readonly kind: 'stop'; readonly problem: Problem } | { readonly kind: 'wait'; readonly ms: number };

export interface MissJudge {
  /** After every request, good or bad: new bytes. */
  gained(segment: Segment, bytes: number): void;
  judge(segment: Segment, fetched: Fetched, startedAt: number): Verdict;
  /** Waits until all requests may go on (monotonic ms), 0 when nothing holds them. */
  heldUntil(): number;
  /** Failed requests since last asked. */
  takeMisses(): number;
}

/** Counts failures per place in a file; a count starts again when that place moved on. */
export function startMissJudge(options: {
  readonly repo: RepoId;
  readonly tuning: Tuning;
  readonly now: () => number;
}): MissJudge {
  const { repo, tuning, now } = options;
  const counts = new Map<string, { count: number; gainedBefore: number }>();
  let total = 0;
  let recent = 0;
  let held = 0;
  let slowDowns = 0;
  let gainedAtSlowDown = 0;
  const key = ({ task, blocks }: Segment) => `${task.path} ${String(blocks[0] ?? 0)}`;
  const enough = (segment: Segment) => Math.min(tuning.progressBytes, segment.to - segment.from);

  function evidenceOf({ link }: Fetched): Evidence {
    return { ...(link ? { host: new URL(link.url).host } : {}), at: now() };
  }

  function judgeSlowDown(fetched: Fetched, miss: AnyMiss, asked: number | undefined, startedAt: number): Verdict {
    // Many connections hear the same 429; it counts once.
    if (startedAt >= held) {
      slowDowns = total - gainedAtSlowDown >= tuning.progressBytes ? 1 : slowDowns + 1;
      gainedAtSlowDown = total;
    }
    const ms = asked ?? backoff(slowDowns + 1, tuning.backoffMs * 2, tuning.maxWaitMs);
    if (ms > tuning.maxWaitMs || slowDowns > tuning.tries * 2) {
      return { kind: 'stop', problem: explainMiss(repo, miss, evidenceOf(fetched), now() + ms) };
    }
    held = Math.max(held, performance.now() + ms);
    return { kind: 'wait', ms: 0 };
  }

  return {
    gained(segment, bytes) {
      total += bytes;
      if (bytes >= enough(segment)) counts.delete(key(segment));
    },
    judge(segment, fetched, startedAt) {
      const { miss } = fetched;
      if (miss === undefined) throw new Error('Nothing was missed');
      recent++;
      if (miss.kind === 'slow-down') return judgeSlowDown(fetched, miss, miss.waitMs, startedAt);
      if (miss.kind === 'problem' && miss.problem.code === 'rate-limited') {
        const retryAt = miss.problem.evidence.find((item) => item.retryAt !== undefined)?.retryAt;
        return judgeSlowDown(
          fetched,
          miss,
          retryAt === undefined ? undefined : Math.max(0, retryAt - now()),
          startedAt,
        );
      }
      if (miss.kind === 'problem' && !passing.has(miss.problem.code)) return { kind: 'stop', problem: miss.problem };

      const entry = counts.get(key(segment)) ?? { count: 0, gainedBefore: total };
      entry.count++;
      counts.set(key(segment), entry);
      const { count } = entry;
      const linkOld = miss.kind === 'refused' || miss.kind === 'changed';
      if (fetched.link && (linkOld || count > 1)) segment.task.dropLink(fetched.link);
      // While other places move on, this one gets more time, but not for ever.
      const idle = total - entry.gainedBefore < enough(segment);
      const tries = miss.kind === 'refused' ? refusedTries : tuning.tries;
      if ((count > tries && idle) || count > tries * 4) {
        return { kind: 'stop', problem: explainMiss(repo, miss, evidenceOf(fetched), now()) };
      }
      const atOnce = count === 1 && (linkOld || miss.kind === 'no-range');
      return { kind: 'wait', ms: atOnce ? 0 : backoff(count, tuning.backoffMs, tuning.maxBackoffMs) };
    },
    heldUntil: () => held,
    takeMisses() {
      const count = recent;
      recent = 0;
      return count;
    },
  };
}
