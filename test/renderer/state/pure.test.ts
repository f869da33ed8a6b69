import { describe, expect, test } from 'vitest';
import { chainOf } from '../../../renderer/access/chain.ts';
import { append, join } from '../../../renderer/state/deltas.ts';
import { usedTokens, visibleThread } from '../../../renderer/state/tree.ts';
import { bytes, countdown, duration, percent } from '../../../renderer/text/format.ts';
import { message } from '../../gallery/fixtures.ts';
import { scenes } from '../../gallery/scenes.ts';

describe('streamed pieces', () => {
  test.each([
    ['the next piece is added', { text: 'a', next: 1 }, { index: 1, text: 'b' }, { text: 'ab', next: 2 }],
    ['a repeated piece changes nothing', { text: 'ab', next: 2 }, { index: 1, text: 'b' }, { text: 'ab', next: 2 }],
    ['a missing piece is a gap', { text: 'a', next: 1 }, { index: 2, text: 'c' }, 'gap'],
    [
      'after a snapshot any number is right',
      { text: 'ab', next: undefined },
      { index: 7, text: 'c' },
      { text: 'abc', next: 8 },
    ],
  ])('%s', (_name, growing, delta, expected) => expect(append(growing, delta)).toEqual(expected));

  const piece = (index: number, text: string) => ({ index, text });
  test.each([
    ['no pieces', 'abc', undefined, [], { text: 'abc', next: undefined }],
    ['no pieces, number known', 'abc', 3, [], { text: 'abc', next: 3 }],
    ['all inside', 'abc', undefined, [piece(1, 'b'), piece(2, 'c')], { text: 'abc', next: 3 }],
    ['one inside, one new', 'ab', undefined, [piece(1, 'b'), piece(2, 'c')], { text: 'abc', next: 3 }],
    ['all new', 'ab', undefined, [piece(2, 'c')], { text: 'abc', next: 3 }],
    ['an empty snapshot', '', 0, [piece(0, 'a')], { text: 'a', next: 1 }],
    ['the number decides, not the look', 'aa', 1, [piece(0, 'a'), piece(1, 'a')], { text: 'aaa', next: 2 }],
    ['a gap leaves the rest out', 'a', 1, [piece(2, 'c'), piece(3, 'd')], { text: 'a', next: 1 }],
  ])('join a snapshot: %s', (_name, snapshot, next, deltas, expected) =>
    expect(join(snapshot, next, deltas)).toEqual(expected),
  );
});

describe('the visible thread', () => {
  const tree = [
    message('q', null, 'user', 'q'),
    message('a1', 'q', 'assistant', 'one'),
    message('a2', 'q', 'assistant', 'two'),
    message('q2', 'a2', 'user', 'more'),
    message('p', null, 'user', 'edited'),
  ];
  const line = (head: string | null) =>
    visibleThread(tree, head).map(({ message: { id }, index, siblings }) => `${id} ${index + 1}/${siblings.length}`);
  test.each([
    ['q2', ['q 1/2', 'a2 2/2', 'q2 1/1']],
    ['a1', ['q 1/2', 'a1 1/2']],
    ['p', ['p 2/2']],
    ['gone', []],
    [null, []],
  ])('of head %s', (head, expected) => expect(line(head)).toEqual(expected));

  test('ends where a damaged file has a loop', () => {
    expect(visibleThread([message('x', 'y', 'user', ''), message('y', 'x', 'assistant', '')], 'y')).toHaveLength(2);
  });

  test('counts the measured tokens of its last answer', () => {
    const stats = {
      promptTokens: 10,
      reusedTokens: 0,
      newTokens: 5,
      firstTokenSeconds: 0,
      tokensPerSecond: 1,
      device: 'cpu',
    } as const;
    expect(
      usedTokens(visibleThread([message('q', null, 'user', ''), message('a', 'q', 'assistant', '', { stats })], 'a')),
    ).toBe(15);
    expect(usedTokens([])).toBe(0);
  });
});

describe('numbers', () => {
  test.each([
    [0, '0 B'],
    [999, '999 B'],
    [54_528, '55 kB'],
    [137_000_000, '137 MB'],
    [2_480_787_155, '2.5 GB'],
    [84_000_000_000, '84 GB'],
  ])('%d bytes', (count, words) => expect(bytes(count)).toBe(words));
  test.each([
    [3, 'a few seconds'],
    [40, 'less than a minute'],
    [187, '3 min'],
    [4800, '1 h 20 min'],
    [260_000, '3 days'],
  ])('%d seconds', (seconds, words) => expect(duration(seconds)).toBe(words));
  test.each([
    [42, '0:42'],
    [245.2, '4:06'],
    [-1, '0:00'],
  ])('a countdown of %d', (seconds, words) => expect(countdown(seconds)).toBe(words));
  test('never show 100 percent before the end', () => {
    expect([percent(999, 1000), percent(1000, 1000), percent(0, 0)]).toEqual([99, 100, 0]);
  });
});

describe('the chain of checks', () => {
  test.each([
    ['sign-in', 'here later later later later'],
    ['never-asked', 'passed passed passed here later'],
    ['lacks-gated', 'passed here later later later'],
    ['downloading', 'passed passed passed passed here'],
    ['ready', 'passed passed passed passed passed'],
  ])('%s', (scene, expected) => {
    const [journey] = scenes[scene]!.world.setups;
    expect(chainOf(journey!).join(' ')).toBe(expected);
  });
});
