/** Holds the process that runs the model in the middle of an answer, where something can then happen to it. Linux. */
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import type { Locator, Page } from 'playwright-core';
import { expect } from 'vitest';
import { inferenceProcess } from './inferenceProcess.ts';
import { words } from './world.ts';

export const answersOn = (page: Page): Locator => page.locator('[data-testid=message][data-role=assistant]');

/** What a message says, or nothing as long as it says nothing. */
export async function textOf(message: Locator): Promise<string> {
  const text = message.locator('.markdown').first();
  return (await text.count()) === 0 ? '' : words((await text.textContent()) ?? '');
}

/** Computing time of all threads of a process so far, in ns; nothing when it has ended. */
function computed(pid: number): number {
  try {
    const times = readdirSync(`/proc/${pid}/task`).map((task) =>
      Number(readFileSync(`/proc/${pid}/task/${task}/schedstat`, 'utf8').split(' ')[0]),
    );
    return times.reduce((sum, time) => sum + time, 0);
  } catch {
    return 0; // a thread has just ended
  }
}

/** False when it has ended. */
function tell(pid: number, signal: NodeJS.Signals): boolean {
  try {
    return process.kill(pid, signal);
  } catch {
    return false;
  }
}

/** Lets a process run until it has computed for a millisecond, which takes longer where others compute as well. */
async function runABit(pid: number): Promise<void> {
  const before = computed(pid);
  tell(pid, 'SIGCONT');
  for (let look = 0; look < 50 && computed(pid) < before + 1e6; look += 1) await pause(1);
  tell(pid, 'SIGSTOP');
}

/**
 * Asks on the open page of the world with this `data`, and lets the process run for a millisecond at a time, until its
 * first words are on the page: the practice model writes a whole answer in the blink of an eye. Then it stands still.
 * `whole` is the answer known for the question; holding the process behind its last word would be no use.
 */
export async function haltMidway(
  page: Page,
  { data, question, whole }: { readonly data: string; readonly question: string; readonly whole?: string },
): Promise<{ readonly pid: number; readonly answer: Locator }> {
  for (let attempt = 1; attempt <= 10; attempt += 1) {
    const pid = inferenceProcess(data);
    const answer = answersOn(page).nth(await answersOn(page).count());
    process.kill(pid, 'SIGSTOP');
    await page.getByTestId('composer').fill(question);
    await page.getByTestId('send').click();
    await answer.waitFor();
    const writing = async (): Promise<boolean> => (await answer.getAttribute('data-state')) === 'writing';
    while ((await textOf(answer)).length < 8 && (await writing())) {
      await runABit(pid);
      await pause(60); // words travel to the page every 30 ms
    }
    await pause(300); // what it had sent before it was stopped
    const text = await textOf(answer);
    if ((await writing()) && text.length >= 8 && text !== whole) return { pid, answer };
    tell(pid, 'SIGCONT'); // it was quicker than we were
    await expect.poll(() => answer.getAttribute('data-state')).not.toBe('writing');
  }
  throw new Error('The answer was always complete before it could be held');
}
