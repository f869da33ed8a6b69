/**
 * Half an hour of seeded chats on the page of the web host (SOAK_MINUTES for another length). Memory of the process that
 * runs the model, and of the page, is fitted by a line; what it grows in the whole time is stated and bounded.
 */
import type { CDPSession, Locator } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { collectedMemory } from './collected.ts';
import { inferenceProcess } from './inferenceProcess.ts';
import { type App, ask, checkQuestions, installModel, openWorld, words, type World } from './world.ts';

const minutes = Number(process.env['SOAK_MINUTES'] ?? 30);
/** A page and a process reach their size within the first chats; what comes after should not add to it. */
const warmUp = 0.25;
/** Of the level at the end of the warm-up, over the rest of the time: allocators breathe by a few per cent. */
const mostGrowth = 0.1;

interface Sample {
  readonly minute: number;
  readonly process: number; // anonymous memory of the inference process after a collection, MB
  readonly heap: number; // JavaScript of the page after a collection, MB
  readonly nodes: number; // of the page's document
}

let world: World;
let app: App;
let devtools: CDPSession;
const memoryOf = collectedMemory();
beforeAll(async () => {
  world = await openWorld('web');
  app = await world.launch();
  await installModel(app.page, 'open-practice/Doorstep-Instruct');
  devtools = await app.page.context().newCDPSession(app.page);
  await devtools.send('Performance.enable');
});
afterAll(() => world.end());

async function sample(began: number): Promise<Sample> {
  await devtools.send('HeapProfiler.collectGarbage');
  const { metrics } = await devtools.send('Performance.getMetrics');
  const metric = (name: string): number => metrics.find((one) => one.name === name)?.value ?? NaN;
  return {
    minute: (Date.now() - began) / 60_000,
    process: await memoryOf(inferenceProcess(world.data)),
    heap: metric('JSHeapUsedSize') / 2 ** 20,
    nodes: metric('Nodes'),
  };
}

/** Least squares: what `of` grows in a minute, and its level where the line begins. */
function line(
  samples: readonly Sample[],
  of: (one: Sample) => number,
): { readonly slope: number; readonly level: number } {
  const mean = (value: (one: Sample) => number): number =>
    samples.reduce((sum, one) => sum + value(one), 0) / samples.length;
  const [x, y] = [mean(({ minute }) => minute), mean(of)];
  const slope = mean((one) => (one.minute - x) * (of(one) - y)) / mean(({ minute }) => (minute - x) ** 2);
  return { slope, level: y + slope * ((samples[0]?.minute ?? 0) - x) };
}

/** A small generator of our own, so that a failure can be repeated: mulberry32. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

it('chats that go on and on hold the memory of the model and of the page flat', async () => {
  const questions = await checkQuestions();
  const random = seeded(1);
  const { page } = app;
  const chats = page.getByRole('navigation').getByRole('region', { name: 'Chats' }).locator('li');
  const oldest = (): Locator => chats.last();
  const began = Date.now();
  const samples: Sample[] = [];
  let asked = 0;
  while (Date.now() - began < minutes * 60_000) {
    await page.getByTestId('new-chat').first().click();
    for (let turn = 0; turn < 4; turn += 1) {
      const { question, answer } = questions[Math.floor(random() * questions.length)]!;
      const given = await ask(page, question);
      // The first answer of a chat is what the model was taught; later ones stand in a context it may not know.
      if (turn === 0) expect(given).toBe(words(answer));
      asked += 1;
    }
    // A person keeps some chats; a list that grows for ever would be memory well spent.
    while ((await chats.count()) > 8) {
      const before = await chats.count();
      await oldest()
        .getByRole('button', { name: /^Actions for/ })
        .click();
      await page.getByRole('menuitem', { name: 'Remove' }).click();
      await expect.poll(() => chats.count()).toBe(before - 1);
    }
    samples.push(await sample(began));
  }
  const measured = samples.filter(({ minute }) => minute >= minutes * warmUp);
  const figures = (['process', 'heap', 'nodes'] as const).map((name) => {
    const { slope, level } = line(measured, (one) => one[name]);
    return { name, slope, level, growth: (slope * minutes * (1 - warmUp)) / level };
  });
  process.stdout.write(`${JSON.stringify({ minutes, asked, samples: measured.length, figures })}\n`);
  for (const { name, growth } of figures) expect(growth, name).toBeLessThan(mostGrowth);
});
