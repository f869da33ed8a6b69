/** How threads had better work, from what was measured. */
import { expect, it } from 'vitest';
import type { ThreadsWay } from '../../../electron/contract/devices.ts';
import { chooseThreads } from '../../../electron/services/devices/chooseThreads.ts';
import type { Cores } from '../../../electron/services/inference/cores.ts';

const name = ({ cores, pinned, spin }: ThreadsWay): string =>
  `${cores}${pinned ? ' pinned' : ''} ${spin ? 'busy' : 'quiet'}`;

/** Chooses by these rates; a list is used up, one rate for each time it is measured. */
async function choose(cores: Cores, rates: Readonly<Record<string, number | readonly (number | undefined)[]>>) {
  const asked: string[] = [];
  const found = await chooseThreads(cores, async (way) => {
    const times = asked.filter((one) => one === name(way)).length;
    asked.push(name(way));
    const rate = rates[name(way)];
    return typeof rate === 'number' ? rate : rate?.[times];
  });
  return { asked, chosen: found && name(found.chosen), rate: found?.chosen.tokensPerSecond, found };
}

const plain: Cores = { all: 4 };
const pinnable: Cores = { all: 4, processors: [0, 1, 2, 3] };
const mixed: Cores = { all: 8, fast: 4, processors: [0, 2, 4, 6, 8, 9, 10, 11] };

it.each([
  ['busy waiting that brings less than 3%', 19.5, 'all quiet'],
  ['busy waiting that brings more', 19.3, 'all busy'],
  ['resting that is even faster', 25, 'all quiet'],
])('where nothing else can be chosen: %s', async (_, quiet, wanted) => {
  const { asked, chosen } = await choose(plain, { 'all busy': 20, 'all quiet': quiet });
  expect(asked).toEqual(['all busy', 'all quiet']);
  expect(chosen).toBe(wanted);
});

it('threads that stay on a core have to be 5% faster, and are asked no second time otherwise', async () => {
  const { asked, chosen, found } = await choose(pinnable, {
    'all busy': 20,
    'all quiet': 19.8,
    'all pinned quiet': 20.7,
  });
  expect(asked).toEqual(['all busy', 'all quiet', 'all pinned quiet']);
  expect(chosen).toBe('all quiet');
  expect(found?.others.map(name)).toEqual(['all busy', 'all pinned quiet']);
});

it('they have to be that twice: one measurement can be lucky', async () => {
  const rates = { 'all busy': 20, 'all quiet': 18 };
  const lucky = await choose(pinnable, { ...rates, 'all pinned busy': [24, 20.5] });
  expect([lucky.chosen, lucky.rate]).toEqual(['all busy', 20]);
  expect(lucky.found?.others.at(-1)).toMatchObject({ pinned: true, tokensPerSecond: 20.5 });
  const real = await choose(pinnable, { ...rates, 'all pinned busy': [24, 21.5] });
  expect([real.chosen, real.rate]).toEqual(['all pinned busy', 21.5]);
  expect(real.found?.others.map(name)).toEqual(['all quiet', 'all busy']);
});

it('the fast cores alone are tried where there are two kinds, and pinning with whichever won', async () => {
  const better = await choose(mixed, {
    'all busy': 20,
    'all quiet': 19.9,
    'fast quiet': [26, 25],
    'fast pinned quiet': 25.5,
  });
  expect(better.asked).toEqual(['all busy', 'all quiet', 'fast quiet', 'fast quiet', 'fast pinned quiet']);
  expect([better.chosen, better.rate]).toEqual(['fast quiet', 25]);
  const worse = await choose(mixed, { 'all busy': 20, 'all quiet': 12, 'fast busy': 20.9, 'all pinned busy': 3 });
  expect(worse.asked).toEqual(['all busy', 'all quiet', 'fast busy', 'all pinned busy']);
  expect(worse.chosen).toBe('all busy');
});

it.each<[string, Readonly<Record<string, number | readonly (number | undefined)[]>>, number]>([
  ['at first', {}, 1],
  ['because the model cannot write here', { 'all busy': 0 }, 1],
  ['in the middle', { 'all busy': 20 }, 2],
  ['at the second try of a winner', { 'all busy': 20, 'all quiet': 20, 'fast quiet': [30, undefined] }, 4],
])('there is no answer when measuring ended %s', async (_, rates, times) => {
  const { asked, found } = await choose(mixed, rates);
  expect(asked).toHaveLength(times);
  expect(found).toBeUndefined();
});
