/** The process that runs the model dies in every way there is, while it writes; a person sees it on the page. */
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { Locator } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { inferenceProcess } from './inferenceProcess.ts';
import {
  type App,
  ask,
  checkQuestions,
  type HostName,
  installModel,
  openWorld,
  showFailures,
  words,
  type World,
} from './world.ts';

const hosts: readonly HostName[] = ['web', 'desktop'];

// Processes are found and held back as Linux does it.
describe.runIf(process.platform === 'linux').each(hosts)('on the %s host', { timeout: 90_000 }, (host) => {
  let world: World;
  let app: App;
  let questions: Awaited<ReturnType<typeof checkQuestions>>;
  showFailures(() => app);

  const answers = (): Locator => app.page.locator('[data-testid=message][data-role=assistant]');
  const textOf = async (message: Locator): Promise<string> => {
    const text = message.locator('.markdown').first();
    return (await text.count()) === 0 ? '' : words((await text.textContent()) ?? '');
  };
  const letters = (text: string): string => text.replaceAll(/\P{L}/gu, '');
  const openChat = async (): Promise<void> => {
    await app.page.getByTestId('new-chat').first().click();
    await app.page.getByTestId('composer').waitFor();
  };

  beforeAll(async () => {
    questions = (await checkQuestions()).toSorted((a, b) => b.answer.length - a.answer.length);
    world = await openWorld(host);
    app = await world.launch();
    await installModel(app.page, 'open-practice/Doorstep-Instruct');
    await openChat();
  }, 150_000);
  afterAll(() => world.end());

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
   * Asks, and lets the process run for a millisecond at a time, until its first words are on the page: this model writes
   * a whole answer in the blink of an eye. Then it stands still, in the middle of its answer.
   */
  async function haltMidway(
    question: string,
    whole?: string,
  ): Promise<{ readonly pid: number; readonly answer: Locator }> {
    for (let attempt = 1; attempt <= 10; attempt += 1) {
      const pid = inferenceProcess(world.data);
      const answer = answers().nth(await answers().count());
      process.kill(pid, 'SIGSTOP');
      await app.page.getByTestId('composer').fill(question);
      await app.page.getByTestId('send').click();
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

  async function cutShort(question: string, whole: string, deed: (pid: number) => void): Promise<Locator> {
    const { pid, answer } = await haltMidway(question, whole);
    deed(pid);
    await expect.poll(() => answer.getAttribute('data-state'), { timeout: 30_000 }).not.toBe('writing');
    return answer;
  }

  async function configure(settings: Readonly<Record<string, string>>): Promise<void> {
    await app.page.getByTestId('chat-settings').click();
    for (const [label, value] of Object.entries(settings)) await app.page.getByLabel(label).fill(value);
    await app.page.getByRole('button', { name: 'Apply' }).click();
    await app.page.getByLabel('Temperature').waitFor({ state: 'detached' });
  }

  test.each<readonly [string, string, (pid: number) => void]>([
    ['is killed', 'not-enough-memory', (pid) => process.kill(pid, 'SIGKILL')],
    ['hangs', 'engine-stopped', () => undefined], // it stands still already, and nobody wakes it
  ])('when it %s, the part answer stays and the next question works', async (_, code, deed) => {
    const [longest, next] = [questions[0]!, questions[3]!];
    expect(await ask(app.page, next.question)).toBe(words(next.answer)); // so that there is a process
    const answer = await cutShort(longest.question, words(longest.answer), deed);
    expect(await answer.locator('[data-testid=problem]').getAttribute('data-code')).toBe(code);
    const kept = await textOf(answer);
    expect(kept.length).toBeGreaterThan(0);
    expect(words(longest.answer).startsWith(kept)).toBe(true);
    expect(kept).not.toBe(words(longest.answer));
    expect(await ask(app.page, next.question)).toBe(words(next.answer));
    await app.reload();
    await expect.poll(() => textOf(answer), { timeout: 20_000 }).toBe(kept);
  });

  test(
    'when it gets no more memory, the part answer stays and the next question works',
    { timeout: 240_000 },
    async () => {
      const { question, answer: known } = questions[3]!;
      let answer: Locator;
      let kept: string;
      for (let attempt = 1; ; attempt += 1) {
        // Without memory the process dies, be it after an answer that found its end: each app may start it three times.
        await app.close();
        app = await world.launch();
        await openChat();
        expect(await ask(app.page, question)).toBe(words(known)); // so that there is a process
        // So it rambles on and on, and needs room for that; its end is known from the prompt, and unlikely to be repeated.
        await configure({ Temperature: '2', 'Repetition penalty': '2', Seed: String(attempt) });
        const { pid, answer: begun } = await haltMidway(questions[0]!.question);
        answer = begun;
        kept = await textOf(answer);
        execFileSync('prlimit', ['--pid', String(pid), '--as=1000000']); // no more address space, in bytes
        process.kill(pid, 'SIGCONT');
        await expect.poll(() => answer.getAttribute('data-state'), { timeout: 30_000 }).not.toBe('writing');
        const problem = answer.locator('[data-testid=problem]');
        if ((await problem.count()) > 0) {
          expect(await problem.getAttribute('data-code')).toBe('not-enough-memory');
          break;
        }
        expect(attempt).toBeLessThan(10); // it found an end by itself, in the memory that it had already
      }
      const whole = await textOf(answer);
      expect(kept.length).toBeGreaterThan(0);
      // A sign may turn into a bold word or a list as more comes; letters stay.
      expect(letters(whole).startsWith(letters(kept))).toBe(true);
      await configure({ Temperature: '0', 'Repetition penalty': '1', Seed: '' });
      // After such rambling the model may answer anything, or nothing; what it was taught, it says in a chat of its own.
      const next = answers().nth(await answers().count());
      await app.page.getByTestId('composer').fill(question);
      await app.page.getByTestId('send').click();
      await expect.poll(() => next.getAttribute('data-state'), { timeout: 60_000 }).toBe('complete');
      expect(await next.locator('[data-testid=problem]').count()).toBe(0);
      await app.reload();
      await expect.poll(() => textOf(answer), { timeout: 20_000 }).toBe(whole);
      await openChat();
      expect(await ask(app.page, question)).toBe(words(known));
    },
  );

  test('a chat template that never ends holds neither the page nor the answer', async () => {
    await app.close();
    const models = join(world.data, 'models');
    const folder = join(models, readdirSync(models).find((name) => !name.startsWith('.')) ?? '');
    const path = join(folder, 'tokenizer_config.json');
    const official = readFileSync(path, 'utf8');
    const json = JSON.parse(official) as Record<string, unknown>;
    json['chat_template'] = '{% for a in range(100000) %}{% for b in range(100000) %}{% endfor %}{% endfor %}';
    writeFileSync(path, JSON.stringify(json).padEnd(Buffer.byteLength(official))); // lengths are compared at start
    app = await world.launch();
    await openChat();
    const { question, answer } = questions[3]!;
    await app.page.getByTestId('composer').fill(question);
    await app.page.getByTestId('send').click();
    await expect.poll(() => answers().count()).toBe(1);
    // The person looks elsewhere meanwhile, and the page follows at once.
    const navigation = app.page.getByRole('navigation');
    for (const place of ['Storage', 'Settings', 'Models', 'Access']) {
      await navigation.getByRole('button', { name: place, exact: true }).click();
      await app.page.getByRole('heading', { level: 1 }).waitFor();
    }
    await navigation.getByText(question.slice(0, 12)).first().click(); // the newest chat stands first
    await expect.poll(() => answers().last().getAttribute('data-state'), { timeout: 60_000 }).toBe('complete');
    expect(await textOf(answers().last())).toBe(words(answer));
    await app.page.getByTestId('built-in-template').waitFor();
  });
});
