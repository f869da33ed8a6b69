import { setTimeout as wait } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { oneAtATime } from '../../electron/adapters/oneAtATime.ts';

const patient = { deadlineMilliseconds: 5000 };

test('work never overlaps and keeps its order', async () => {
  const line = oneAtATime();
  const events: string[] = [];
  const work = (name: string, milliseconds: number) => async () => {
    events.push(`${name} begins`);
    await wait(milliseconds);
    events.push(`${name} ends`);
    return name;
  };
  const answers = await Promise.all([
    line(work('a', 20), patient),
    line(work('b', 0), patient),
    line(work('c', 5), patient),
  ]);
  expect(answers.map((answer) => answer.inTime && answer.value)).toEqual(['a', 'b', 'c']);
  expect(events).toEqual(['a begins', 'a ends', 'b begins', 'b ends', 'c begins', 'c ends']);
});

test('a caller leaves at its deadline; work that had begun goes on, work that had not is never begun', async () => {
  const line = oneAtATime();
  const { promise: prompt, resolve: answerPrompt } = Promise.withResolvers<void>();
  let first = 'not begun';
  let second = 'not begun';
  const stuck = line(
    async () => {
      first = 'begun';
      await prompt;
      first = 'ended';
    },
    { deadlineMilliseconds: 20 },
  );
  const behind = line(async () => (second = 'begun'), { deadlineMilliseconds: 20 });
  expect(await Promise.all([stuck, behind])).toEqual([{ inTime: false }, { inTime: false }]);
  expect([first, second]).toEqual(['begun', 'not begun']);
  answerPrompt();
  expect(await line(async () => 'after', patient)).toEqual({ inTime: true, value: 'after' });
  expect([first, second]).toEqual(['ended', 'not begun']);
});

test('work that fails fails its caller and nobody else', async () => {
  const line = oneAtATime();
  const failing = line(() => Promise.reject(new Error('no')), patient);
  const next = line(async () => 'yes', patient);
  await expect(failing).rejects.toThrow('no');
  expect(await next).toEqual({ inTime: true, value: 'yes' });
});
