/**
 * Meets every system call that changes the disk with a fault, one after another: a SIGKILL, a full disk, a broken disk; once
 * or from then on. Then looks at what is left, and does the same work again without a fault.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { repoPaths } from '../../../electron/services/download/cachePaths.ts';
import { sweepPartials } from '../../../electron/services/download/leftovers.ts';
import { replaceFile, sweepTemporaries } from '../../../electron/services/durable/files.ts';
import { tryToLoadFromCache } from '../download/pythonCache.ts';
import { gitSha1, sha256 } from '../download/faultServer.ts';
import { type FaultedJob, isState, models, stateOf, statePath } from './faultedWork.ts';

/** The calls by which Node changes a disk; the naive way writes without a position. */
const careful = ['mkdir', 'pwrite64', 'ftruncate', 'fsync', 'fdatasync', 'rename', 'symlink', 'unlink'] as const;
const naive = ['write'] as const;

const child = join(import.meta.dirname, 'faultedChild.ts');
const node = process.execPath;

export type Work = FaultedJob['work'];

export interface DiskFault {
  readonly call: string;
  readonly nth: number;
  readonly do: 'SIGKILL' | 'ENOSPC' | 'EIO';
  readonly ever: boolean; // from the nth on
}

/** What came of one fault; empty `wrong` = everything that must hold does. */
export interface Outcome {
  readonly fault: DiskFault;
  /** How the child ended: 'done', 'failed CODE' or 'killed'. */
  readonly end: string;
  readonly wrong: readonly string[];
}

const isNaive = (work: Work): boolean => work.startsWith('naive');
const savesState = (work: Work): boolean => work.endsWith('state');

export class FaultSweep {
  readonly #room = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'faulted-'));
  #count = 0;

  end(): void {
    rmSync(this.#room, { recursive: true, force: true });
  }

  /** Every fault that this work can meet. */
  async faults(work: Work): Promise<readonly DiskFault[]> {
    const log = join(this.#room, 'calls');
    const calls = isNaive(work) ? naive : careful;
    this.#run({ work, folder: await this.#folder(work) }); // what it compiled is kept now: the others write none of that
    const lines = this.#run({ work, folder: await this.#folder(work) }, ['-o', log, '-e', `trace=${calls.join()}`]);
    if (lines.at(-1) !== 'done') throw new Error(lines.join('\n'));
    const seen = readFileSync(log, 'utf8').split('\n');
    return calls.flatMap((call) => {
      const perThread = new Map<string, number>(); // strace counts the calls of each thread
      for (const line of seen) {
        const thread = new RegExp(`^(\\d+) +${call}\\(`).exec(line)?.[1];
        if (thread !== undefined) perThread.set(thread, (perThread.get(thread) ?? 0) + 1);
      }
      return Array.from({ length: Math.max(0, ...perThread.values()) }, (_, index) => index + 1).flatMap((nth) => [
        { call, nth, do: 'SIGKILL', ever: false } as const,
        ...(['ENOSPC', 'EIO'] as const).flatMap((error) =>
          [false, true].map((ever) => ({ call, nth, do: error, ever })),
        ),
      ]);
    });
  }

  async meet(work: Work, fault: DiskFault): Promise<Outcome> {
    const folder = await this.#folder(work);
    const what = fault.do === 'SIGKILL' ? 'signal=SIGKILL' : `error=${fault.do}`;
    const when = `${String(fault.nth)}${fault.ever ? '+' : ''}`;
    const inject = ['-o', '/dev/null', '-e', `trace=${fault.call}`, '-e', `inject=${fault.call}:${what}:when=${when}`];
    const lines = this.#run({ work, folder }, inject);
    const last = lines.at(-1) ?? '';
    const end = /^(done|failed)/.test(last) ? last : 'killed';
    const wrong = savesState(work) ? await this.#lookAtState(folder, lines) : this.#lookAtCache(folder, lines);
    if ((fault.do === 'SIGKILL') !== (end === 'killed')) wrong.push(`ended ${end} with ${fault.do}`);
    if (!isNaive(work) && !savesState(work)) wrong.push(...(await this.#repeat(work, folder)));
    rmSync(folder, { recursive: true, force: true });
    return { fault, end, wrong };
  }

  /** The value that was acknowledged last, or the one after it: whole. What else was left goes at the next start. */
  async #lookAtState(folder: string, lines: readonly string[]): Promise<string[]> {
    const saved = Number(/\d+/.exec(lines.findLast((line) => line.startsWith('saved')) ?? '0')?.[0]);
    const wrong: string[] = [];
    try {
      const { value } = JSON.parse(readFileSync(join(folder, statePath), 'utf8')) as { value: unknown };
      if (!isState(value)) wrong.push('not a state');
      else if (value.n !== saved && value.n !== saved + 1) wrong.push(`${String(value.n)} after ${String(saved)}`);
    } catch (error) {
      wrong.push(String(error));
    }
    await sweepTemporaries(folder);
    const names = readdirSync(folder);
    if (names.join() !== statePath) wrong.push(`left ${names.join()}`);
    return wrong;
  }

  /** Every final name holds the right bytes; what was said to be published is there; the ref comes last. */
  #lookAtCache(hubCache: string, lines: readonly string[]): string[] {
    const { repo, commit, files } = models();
    const { blobs, snapshots, refs } = repoPaths(hubCache, repo);
    const wrong: string[] = [];
    for (const blob of existsSync(blobs) ? readdirSync(blobs) : []) {
      const data = readFileSync(join(blobs, blob));
      if (sha256(data) !== blob && gitSha1(data) !== blob) wrong.push(`blob ${blob}`);
    }
    let missing = 0;
    for (const { paths, data, checksum } of files) {
      for (const path of paths) {
        const place = join(snapshots, commit, path);
        if (existsSync(place)) {
          if (!readFileSync(place).equals(data)) wrong.push(`wrong bytes in ${path}`);
          continue;
        }
        missing++;
        if (linkAt(place) !== undefined) wrong.push(`${path} leads nowhere`);
        if (lines.includes(`published ${checksum.hex}`)) wrong.push(`${path} was lost`);
      }
    }
    if (missing > 0 && existsSync(join(refs, 'main'))) wrong.push('a ref to what is not whole');
    return wrong;
  }

  /** The next run ends well, Python finds everything, and nothing is left over. */
  async #repeat(work: Work, folder: string): Promise<string[]> {
    const lines = this.#run({ work, folder });
    if (lines.at(-1) !== 'done') return [`the next run: ${lines.at(-1) ?? ''}`];
    const { repo, files } = models();
    const wrong = this.#lookAtCache(folder, lines);
    for (const { paths } of files) {
      for (const path of paths) if (!tryToLoadFromCache(folder, repo, path)) wrong.push(`Python misses ${path}`);
    }
    await sweepPartials(folder, () => false);
    const { own, refs, blobs } = repoPaths(folder, repo);
    const left = [...readdirSync(own), ...readdirSync(refs), ...readdirSync(blobs)];
    const odd = left.filter((name) => !/^(lock|made|main|[0-9a-f]{40}|[0-9a-f]{64})$/.test(name));
    return odd.length > 0 ? [...wrong, `left ${odd.join()}`] : wrong;
  }

  async #folder(work: Work): Promise<string> {
    const folder = join(this.#room, String(++this.#count));
    mkdirSync(folder);
    if (savesState(work)) await replaceFile(join(folder, statePath), JSON.stringify({ version: 1, value: stateOf(0) }));
    return folder;
  }

  /** The lines that the child said. */
  #run(job: FaultedJob, strace: readonly string[] = []): readonly string[] {
    const command = [node, child, JSON.stringify(job)];
    const [program = '', ...rest] =
      strace.length > 0 ? ['strace', '-f', ...quick(strace), ...strace, ...command] : command;
    const { stdout, error } = spawnSync(program, rest, {
      env: {
        ...process.env,
        UV_THREADPOOL_SIZE: '1', // one thread, so that the order is always the same
        NODE_COMPILE_CACHE: join(this.#room, 'compiled'), // a child starts in half the time
      },
      stdio: ['ignore', 'pipe', 'ignore'],
      timeout: 60_000,
    });
    if (error) throw error;
    return stdout.toString().trim().split('\n');
  }
}

/** Stops only at the calls in question; injected signals get lost that way, though. */
const quick = (strace: readonly string[]): readonly string[] =>
  strace.some((word) => word.includes('signal=')) ? [] : ['--seccomp-bpf'];

function linkAt(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch {
    return undefined;
  }
}
