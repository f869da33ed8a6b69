import { expect, it } from 'vitest';
import { createStopStrings } from '../../../electron/services/inference/stopStrings.ts';

const table: { stops: string[]; pieces: string[]; pushed: string[]; found: boolean; rest: string }[] = [
  { stops: [], pieces: ['a', 'b'], pushed: ['a', 'b'], found: false, rest: '' },
  { stops: [''], pieces: ['a'], pushed: ['a'], found: false, rest: '' },
  { stops: ['END'], pieces: ['one END two'], pushed: ['one '], found: true, rest: '' },
  { stops: ['END'], pieces: ['one E', 'N', 'D two'], pushed: ['one ', '', ''], found: true, rest: '' },
  { stops: ['END'], pieces: ['one E', 'N', 'T'], pushed: ['one ', '', 'ENT'], found: false, rest: '' },
  { stops: ['END'], pieces: ['EEN', 'D'], pushed: ['E', ''], found: true, rest: '' },
  { stops: ['END'], pieces: ['x EN'], pushed: ['x '], found: false, rest: 'EN' },
  {
    stops: ['\n\n', '\nUser:'],
    pieces: ['hi\n', 'Us', 'er', '!'],
    pushed: ['hi', '', '', '\nUser!'],
    found: false,
    rest: '',
  },
  { stops: ['\n\n', '\nUser:'], pieces: ['hi\n', '\nUser:'], pushed: ['hi', ''], found: true, rest: '' },
  { stops: ['b', 'abc'], pieces: ['xa', 'bc'], pushed: ['x', ''], found: true, rest: '' },
  { stops: ['aab'], pieces: ['aaa', 'ab'], pushed: ['a', 'a'], found: true, rest: '' },
  { stops: ['🙂!'], pieces: ['ok 🙂', '?'], pushed: ['ok ', '🙂?'], found: false, rest: '' },
];

it.each(table)('stops at $stops in $pieces', ({ stops, pieces, pushed, found, rest }) => {
  const watch = createStopStrings(stops);
  const results = pieces.map((piece) => watch.push(piece));
  expect(results.map(({ text }) => text)).toEqual(pushed);
  expect(results.some((result) => result.found)).toBe(found);
  expect(watch.flush()).toBe(rest);
});
