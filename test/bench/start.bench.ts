/**
 * `npm run bench -- start [--rounds=9]`: our app's first start beside an app that is one empty window, both on the
 * stand-in for Electron and a real Chromium, taking turns. Both pay for the start of the browser; what differs is ours.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { ensureBuilt, root } from '../hosts/launch.ts';
import { launchStandin } from '../standin/launch.ts';
import { type BenchRow, median, row, type Say } from './row.ts';

/** Milliseconds since the process began. */
interface Start {
  /** The main module and all it imports was evaluated. */
  readonly evaluated: number;
  /** From Electron's `ready` to `did-finish-load`: the part between that is the app's own. */
  readonly window: number;
  readonly loaded: number;
  /** The largest thing of the first screen was painted: with us, the page that a person begins on. */
  readonly shown: number;
}

/** When the page painted its largest part, in milliseconds of the clock on the wall. */
function largestPaint(): Promise<number> {
  return new Promise((resolve) => {
    new PerformanceObserver((list) =>
      resolve(performance.timeOrigin + Math.max(...list.getEntries().map((entry) => entry.startTime))),
    ).observe({ type: 'largest-contentful-paint', buffered: true });
  });
}

async function start(app: string): Promise<Start> {
  const home = await mkdtemp(join(tmpdir(), 'latchkey-start-'));
  const { PATH = '', CHROMIUM_PATH } = process.env;
  const running = await launchStandin({
    app,
    args: ['--data', join(home, 'data')],
    env: { PATH, CHROMIUM_PATH, HOME: home, LANG: 'C.UTF-8' },
    cleanEnv: true,
  });
  try {
    for (;;) {
      const { evaluated, ready, loaded } = await running.evaluate(({ standin }) => standin.times);
      if (evaluated !== undefined && ready !== undefined && loaded !== undefined) {
        await running.page.locator('h1').first().waitFor();
        await delay(200);
        const began = await running.evaluate(() => performance.timeOrigin);
        const shown = (await running.page.evaluate(largestPaint)) - began;
        return { evaluated, window: loaded - ready, loaded, shown };
      }
      await delay(20);
    }
  } finally {
    await running.close();
    await rm(home, { recursive: true, force: true });
  }
}

/** Median of each figure over the rounds, ours against the empty window's. */
export async function bench(args: readonly string[], say: Say): Promise<readonly BenchRow[]> {
  const rounds = Number(/--rounds=(\d+)/.exec(args.join(' '))?.[1] ?? 9);
  await ensureBuilt();
  const ours: Start[] = [];
  const empty: Start[] = [];
  for (let round = 0; round <= rounds; round += 1) {
    const pair = [await start(join(import.meta.dirname, 'start/emptyWindow.ts')), await start(root)] as const;
    if (round === 0) continue; // warms the page cache
    empty.push(pair[0]);
    ours.push(pair[1]);
    say(`round ${round}: ${pair.map(({ loaded }) => `${loaded.toFixed(0)} ms`).join(' empty, ')} ours`);
  }
  const figures = [
    ['start to did-finish-load, ms', 'loaded'],
    ['ready to did-finish-load, ms', 'window'],
    ['start to first screen painted, ms', 'shown'],
    ['start to main module evaluated, ms', 'evaluated'],
  ] as const;
  return figures.map(([figure, key]) =>
    row(figure, [median(ours.map((one) => one[key])), median(empty.map((one) => one[key]))], 1.5, 'lower'),
  );
}
