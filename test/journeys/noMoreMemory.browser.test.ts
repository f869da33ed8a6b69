/** The process that runs the model gets no more memory in the middle of an answer; a person sees it on the page. */
import { execFileSync } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { answersOn, haltMidway, textOf } from './haltMidway.ts';
import { type App, checkQuestions, type HostName, installModel, openWorld, showFailures, type World } from './world.ts';

const hosts: readonly HostName[] = ['web', 'desktop'];
const rambling = 'open-practice/Rambling-Instruct';

// The process is found, held back and kept short as Linux does it.
describe.runIf(process.platform === 'linux').each(hosts)('on the %s host', { timeout: 90_000 }, (host) => {
  let world: World;
  let app: App;
  showFailures(() => app);

  const letters = (text: string): string => text.replaceAll(/\P{L}/gu, '');

  /** Answers of this model end where they must, so that each needs more memory than the process has by chance. */
  async function longestAnswer(tokens: number): Promise<void> {
    await app.page.getByTestId('chat-settings').click();
    await app.page.getByLabel('Longest answer, in tokens').fill(String(tokens));
    await app.page.getByRole('button', { name: 'Apply' }).click();
    await app.page.getByLabel('Longest answer, in tokens').waitFor({ state: 'detached' });
  }

  async function askWhole(question: string): Promise<string> {
    const answer = answersOn(app.page).nth(await answersOn(app.page).count());
    await app.page.getByTestId('composer').fill(question);
    await app.page.getByTestId('send').click();
    await answer.getByText('The answer reached its longest allowed length.').waitFor({ timeout: 60_000 });
    expect(await answer.locator('[data-testid=problem]').count()).toBe(0);
    return textOf(answer);
  }

  beforeAll(async () => {
    world = await openWorld(host, { withoutEnd: [rambling] });
    app = await world.launch();
    await installModel(app.page, rambling);
    await app.page.getByTestId('new-chat').first().click();
    await app.page.getByTestId('composer').waitFor();
  }, 150_000);
  afterAll(() => world.end());

  test('the part answer stays and the next question works', async () => {
    const { question, answer: known } = (await checkQuestions())[3]!;
    await longestAnswer(60);
    const first = await askWhole(question); // so that there is a process
    expect(first.startsWith(known)).toBe(true);
    await longestAnswer(32_000); // 64 MB of keys and values
    const { pid, answer } = await haltMidway(app.page, { data: world.data, question: 'Who are you?' });
    const kept = await textOf(answer);
    // No more address space, and no more of what was set aside for later, in bytes.
    execFileSync('prlimit', ['--pid', String(pid), '--as=1000000', '--data=1000000']);
    process.kill(pid, 'SIGCONT');
    await expect.poll(() => answer.getAttribute('data-state'), { timeout: 60_000 }).not.toBe('writing');
    expect(await answer.locator('[data-testid=problem]').getAttribute('data-code')).toBe('not-enough-memory');
    const whole = await textOf(answer);
    expect(kept.length).toBeGreaterThan(0);
    // A sign may turn into a bold word or a list as more comes; letters stay.
    expect(letters(whole).startsWith(letters(kept))).toBe(true);
    console.log(`${kept.length} characters before, ${whole.length} in the end`);
    await longestAnswer(60);
    await askWhole(question);
    await app.reload();
    await expect.poll(() => textOf(answer), { timeout: 20_000 }).toBe(whole);
    await app.page.getByTestId('new-chat').first().click();
    await app.page.getByTestId('composer').waitFor();
    await longestAnswer(60);
    expect(await askWhole(question)).toBe(first);
  });
});
