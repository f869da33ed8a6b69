import { expect, test } from 'vitest';
import { ok, type Result } from '../../../electron/contract/result.ts';
import { createTurns, type Lane, type Turns } from '../../../electron/services/generation/turns.ts';

/** Tasks that end when told to, and the order in which they began. */
function script(turns: Turns) {
  const began: string[] = [];
  const ends = new Map<string, () => void>();
  const take = (lane: Lane, name: string, signal?: AbortSignal): Promise<Result<string>> =>
    turns.take(
      lane,
      async () => {
        began.push(name);
        await new Promise<void>((resolve) => ends.set(name, resolve));
        return ok(name);
      },
      signal,
    );
  const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
  return {
    began,
    take,
    end: async (name: string): Promise<void> => {
      ends.get(name)?.();
      await settle();
    },
  };
}

test('one task runs at a time, and neither lane keeps the other away', async () => {
  const turns = createTurns();
  const { began, take, end } = script(turns);
  const all = ['s1', 's2', 's3'].map((name) => take('server', name));
  all.push(take('page', 'p1'), take('page', 'p2'));
  expect(began).toEqual(['s1']);
  expect([turns.waiting('server'), turns.waiting('page')]).toEqual([2, 2]);
  for (const name of ['s1', 'p1', 's2', 'p2', 's3']) {
    expect(began.at(-1)).toBe(name);
    await end(name);
  }
  expect(await Promise.all(all)).toEqual(['s1', 's2', 's3', 'p1', 'p2'].map((value) => ok(value)));
});

test('whoever gives up while waiting is answered at once and never begins', async () => {
  const turns = createTurns();
  const { began, take, end } = script(turns);
  const first = take('page', 'a');
  const abort = new AbortController();
  const second = take('server', 'b', abort.signal);
  const third = take('server', 'c');
  abort.abort();
  expect(await second).toMatchObject({ ok: false, problem: { code: 'cancelled' } });
  expect(await take('page', 'd', AbortSignal.abort())).toMatchObject({ ok: false, problem: { code: 'cancelled' } });
  await end('a');
  await end('c');
  await Promise.all([first, third]);
  expect(began).toEqual(['a', 'c']);
});

test('a task that throws tells its own caller and lets the next one begin', async () => {
  const turns = createTurns();
  const broken = turns.take('page', () => Promise.reject(new Error('broken')));
  const next = turns.take('page', async () => ok(1));
  await expect(broken).rejects.toThrow('broken');
  expect(await next).toEqual(ok(1));
});
