import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { promisify } from 'node:util';

/** The cores of this computer's processor, as far as this process may use them. */
export interface Cores {
  /** Physical cores; 0 = nobody says, ONNX Runtime counts for itself. */
  readonly all: number;
  /** How many of them are fast ones, where there are two kinds; absent where all are alike or nobody says. */
  readonly fast?: number;
  /**
   * One logical processor of each core, counted from 0, fast cores first: where threads can be told to stay. Absent where
   * the system has no such thing (macOS), does not say which processors share a core (Windows, through Node), or lets
   * this process have only a share of them (containers: each of them would take the same ones).
   */
  readonly processors?: readonly number[];
}

/** What Linux says of one logical processor. */
export interface Processor {
  readonly id: number; // from 0
  /** Names the core: processors of one core have the same. */
  readonly core: string;
  /** Of a core, against the fastest one's 1024; 0 = not said. */
  readonly capacity: number;
}

/** Cores whose capacities lie nearer to each other than this are of one kind: clocks differ a little from core to core. */
const alike = 0.9;

/** Numbers of a list as Linux writes it: "0-3,8,10-11". */
export function numbersIn(list: string): readonly number[] {
  return [...list.matchAll(/(\d+)(?:-(\d+))?/gu)].flatMap(([, from, to = from]) =>
    Array.from({ length: Number(to) - Number(from) + 1 }, (_, index) => Number(from) + index),
  );
}

/**
 * Cores of the processors that this process may run on. Which cores are fast is said by a list (Intel) or by capacities
 * (ARM, newer kernels); `parallel` = threads that may really run at once.
 */
export function coresOf(
  processors: readonly Processor[],
  { fastList = [], parallel }: { readonly fastList?: readonly number[]; readonly parallel: number },
): Cores {
  const firsts = [...new Map(processors.toReversed().map((one) => [one.core, one])).values()];
  const capacities = firsts.map(({ capacity }) => capacity);
  const [most, least] = [Math.max(...capacities), Math.min(...capacities)];
  const isFast = ({ id, capacity }: Processor): boolean =>
    fastList.length > 0 ? fastList.includes(id) : least < most * alike && capacity > (least + most) / 2;
  const byId = (a: Processor, b: Processor): number => a.id - b.id;
  const fast = firsts.filter(isFast).sort(byId);
  const slow = firsts.filter((one) => !isFast(one)).sort(byId);
  const all = Math.min(firsts.length, parallel);
  return {
    all,
    ...(fast.length > 0 && fast.length < all && { fast: fast.length }),
    ...(parallel >= processors.length && { processors: [...fast, ...slow].map(({ id }) => id) }),
  };
}

/** Counts distinct (package, core) pairs of a Linux /proc/cpuinfo; undefined where it does not name cores. */
export function countCores(cpuinfo: string): number | undefined {
  const cores = new Set<string>();
  for (const block of cpuinfo.split(/\n\s*\n/u)) {
    const core = /^core id\s*:\s*(\d+)/mu.exec(block)?.[1];
    if (core !== undefined) cores.add(`${/^physical id\s*:\s*(\d+)/mu.exec(block)?.[1] ?? 0}/${core}`);
  }
  return cores.size > 0 ? cores.size : undefined;
}

const textOf = (path: string): Promise<string> => readFile(path, 'utf8').catch(() => '');

async function linuxCores(): Promise<Cores> {
  const parallel = availableParallelism();
  const allowed = numbersIn(/^Cpus_allowed_list:\s*(.*)$/mu.exec(await textOf('/proc/self/status'))?.[1] ?? '');
  const system = '/sys/devices/system/cpu';
  const processors = await Promise.all(
    allowed.map(async (id) => ({
      id,
      core: (await textOf(`${system}/cpu${id}/topology/thread_siblings_list`)).trim(),
      capacity: Number(await textOf(`${system}/cpu${id}/cpu_capacity`)),
    })),
  );
  if (processors.length > 0 && processors.every(({ core }) => core !== '')) {
    return coresOf(processors, { fastList: numbersIn(await textOf('/sys/devices/cpu_core/cpus')), parallel });
  }
  return { all: Math.min(countCores(await textOf('/proc/cpuinfo')) ?? parallel, parallel) };
}

/** What `sysctl -n hw.perflevel0.physicalcpu hw.physicalcpu` printed: a Mac with one kind of core knows only the second. */
export function macCoresIn(printed: string): Cores {
  const [fast = 0, all = 0] = printed.split('\n').map(Number);
  return { all: 0, ...(fast > 0 && fast < all && { fast }) };
}

async function macCores(): Promise<Cores> {
  try {
    const names = ['hw.perflevel0.physicalcpu', 'hw.physicalcpu'];
    return macCoresIn((await promisify(execFile)('/usr/sbin/sysctl', ['-n', ...names], { timeout: 2000 })).stdout);
  } catch {
    return { all: 0 };
  }
}

/**
 * Asks the system about its cores; never rejects. ONNX Runtime's own count does as well where `all` is 0, but on Linux it
 * ignores limits set from outside (containers, taskset).
 */
export async function readCores(): Promise<Cores> {
  if (process.platform === 'linux') return linuxCores();
  return process.platform === 'darwin' ? macCores() : { all: 0 };
}
