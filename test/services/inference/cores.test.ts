/** Which cores a computer has, as systems say it, and what threads are told because of that. */
import { readdirSync, readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { afterAll, describe, expect, it } from 'vitest';
import {
  type Cores,
  coresOf,
  countCores,
  macCoresIn,
  numbersIn,
  type Processor,
  readCores,
} from '../../../electron/services/inference/cores.ts';
import { openOnCpu } from '../../../electron/services/inference/device.ts';
import { sessionThreads, threadsFor } from '../../../electron/services/inference/threads.ts';
import { convertedPractice, removeFolders } from './models.ts';

afterAll(removeFolders);

const core = (processor: number, socket: number, id: number): string =>
  `processor\t: ${processor}\nmodel name\t: X\nphysical id\t: ${socket}\ncore id\t\t: ${id}\n`;

describe('/proc/cpuinfo', () => {
  it.each([
    ['two threads on each of two cores', [core(0, 0, 0), core(1, 0, 1), core(2, 0, 0), core(3, 0, 1)], 2],
    ['the same core ids in two sockets', [core(0, 0, 0), core(1, 1, 0)], 2],
    ['one core', [core(0, 0, 0)], 1],
    ['core ids with gaps', [core(0, 0, 0), core(1, 0, 4), core(2, 0, 9)], 3],
    ['a system that does not name cores', ['processor\t: 0\nBogoMIPS\t: 50.00\n'], undefined],
    ['nothing', [''], undefined],
  ])('tells %s', (_, blocks, wanted) => {
    expect(countCores(blocks.join('\n'))).toBe(wanted);
  });
});

it.each([
  ['0-3', [0, 1, 2, 3]],
  ['0-1,4,6-7', [0, 1, 4, 6, 7]],
  ['5\n', [5]],
  ['', []],
])('reads the list %j', (list, wanted) => {
  expect(numbersIn(list)).toEqual(wanted);
});

/** Processors by the list of siblings that Linux names for each. */
const machine = (siblings: readonly string[], capacities: readonly number[] = []): Processor[] =>
  siblings.map((name, id) => ({ id, core: name, capacity: capacities[id] ?? 0 }));

/** Four fast cores of two threads and four slow ones, as an Intel Core of the 12th generation lists them. */
const hybrid = machine(['0-1', '0-1', '2-3', '2-3', '4-5', '4-5', '6-7', '6-7', '8', '9', '10', '11']);
/** A phone's or small board's processor: four slow cores first. */
const bigLittle = machine(['0', '1', '2', '3', '4', '5', '6', '7'], [446, 446, 446, 446, 871, 871, 871, 1024]);

describe('the cores of a Linux computer', () => {
  it.each<[string, Cores, Cores]>([
    [
      'four cores of two threads whose siblings are far apart',
      coresOf(machine(['0,4', '1,5', '2,6', '3,7', '0,4', '1,5', '2,6', '3,7']), { parallel: 8 }),
      { all: 4, processors: [0, 1, 2, 3] },
    ],
    [
      'two kinds, by the list of the fast ones',
      coresOf(hybrid, { fastList: numbersIn('0-7'), parallel: 12 }),
      { all: 8, fast: 4, processors: [0, 2, 4, 6, 8, 9, 10, 11] },
    ],
    [
      'two kinds, by their capacities',
      coresOf(bigLittle, { parallel: 8 }),
      { all: 8, fast: 4, processors: [4, 5, 6, 7, 0, 1, 2, 3] },
    ],
    [
      'one kind whose clocks differ a little',
      coresOf(machine(['0', '1', '2', '3'], [1024, 1009, 1024, 990]), { parallel: 4 }),
      { all: 4, processors: [0, 1, 2, 3] },
    ],
    [
      'all of them fast, as the list says where the slow ones are switched off',
      coresOf(machine(['0-1', '0-1', '2-3', '2-3']), { fastList: [0, 1, 2, 3], parallel: 4 }),
      { all: 2, processors: [0, 2] },
    ],
    [
      'a share of the time of eight: nobody stays on a core that others were given as well',
      coresOf(machine(['0', '1', '2', '3', '4', '5', '6', '7']), { parallel: 2 }),
      { all: 2 },
    ],
    [
      'only the processors 2, 3 and 6 of eight',
      coresOf(
        machine(['0,4', '1,5', '2,6', '3,7', '0,4', '1,5', '2,6', '3,7']).filter(({ id }) => [2, 3, 6].includes(id)),
        { parallel: 3 },
      ),
      { all: 2, processors: [2, 3] },
    ],
  ])('%s', (_, found, wanted) => {
    expect(found).toEqual(wanted);
  });
});

it.each<[string, string, Cores]>([
  ['of two kinds', '8\n10\n', { all: 0, fast: 8 }],
  ['of one kind, which knows no levels', '6\n', { all: 0 }],
  ['that says nothing', '', { all: 0 }],
])('a Mac %s', (_, printed, wanted) => {
  expect(macCoresIn(printed)).toEqual(wanted);
});

describe('threads', () => {
  const cores: Cores = { all: 8, fast: 4, processors: [0, 2, 4, 6, 8, 9, 10, 11] };

  it('are as many as there are cores, free and busy, where nothing was measured', () => {
    expect(threadsFor({}, cores)).toEqual({ count: 8, spin: true });
    expect(sessionThreads({ count: 8, spin: true })).toEqual({ intraOpNumThreads: 8 });
  });

  it('work on the fast cores and stay there where that was measured', () => {
    const threads = threadsFor({ cores: 'fast', pinned: true, spin: false }, cores);
    expect(threads).toEqual({ count: 4, spin: false, processors: [0, 2, 4, 6] });
    // The runtime counts from 1, and the thread that asks is not its own.
    expect(sessionThreads(threads)).toEqual({
      intraOpNumThreads: 4,
      extra: { session: { intra_op: { allow_spinning: '0' }, intra_op_thread_affinities: '3;5;7' } },
    });
  });

  it('move freely where a computer, perhaps another one by now, cannot pin them or has only one core', () => {
    expect(threadsFor({ cores: 'fast', pinned: true }, { all: 0 })).toEqual({ count: 0, spin: true });
    expect(threadsFor({ pinned: true }, { all: 1, processors: [0] })).toEqual({ count: 1, spin: true });
  });

  it('are half as many, free and at rest, to save power, whatever was measured', () => {
    const wish = { saving: true, cores: 'fast', pinned: true, spin: true } as const;
    expect(threadsFor(wish, cores)).toEqual({ count: 4, spin: false });
    expect(threadsFor(wish, { all: 1 })).toEqual({ count: 1, spin: false });
    const { count } = threadsFor(wish, { all: 0 });
    expect(count).toBeGreaterThanOrEqual(1);
    expect(count).toBeLessThanOrEqual(availableParallelism());
  });
});

it('this computer names its cores, and the runtime takes their number', async () => {
  const cores = await readCores();
  expect(cores.all).toBeGreaterThanOrEqual(process.platform === 'linux' ? 1 : 0);
  expect(cores.all).toBeLessThanOrEqual(availableParallelism());
});

const here = await readCores();
/** Processors that each thread of this process may run on, by its number, as Linux says. */
const allowed = (): Map<string, string> =>
  new Map(
    readdirSync('/proc/self/task').flatMap((task) => {
      try {
        const status = readFileSync(`/proc/self/task/${task}/status`, 'utf8');
        return [[task, /^Cpus_allowed_list:\s*(.*)$/mu.exec(status)?.[1] ?? '']];
      } catch {
        return []; // it has ended meanwhile
      }
    }),
  );

describe.runIf((here.processors?.length ?? 0) > 1)('a session of this computer', () => {
  it.each([true, false])('with threads that stay on their core: %s', async (pinned) => {
    const folder = await convertedPractice('q4');
    const graph = `${folder}/onnx/model_q4.onnx`;
    const before = allowed();
    const { session, threads } = await openOnCpu({ graph, cpuGraph: graph, halfGraph: undefined }, { pinned });
    const fresh = [...allowed()].filter(([task]) => !before.has(task)).map(([, list]) => list);
    const alone = fresh.filter((list) => /^\d+$/u.test(list)).sort();
    await session.release();
    expect(threads).toBe(here.all);
    expect(alone).toEqual(pinned ? here.processors?.slice(1, threads).map(String).sort() : []);
  });
});
