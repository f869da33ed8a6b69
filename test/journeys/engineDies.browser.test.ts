/** The process that runs the model dies in every way there is, while it writes; a person sees it on the page. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Locator } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { answersOn, haltMidway, textOf } from './haltMidway.ts';
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

  const answers = (): Locator => answersOn(app.page);
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

  async function cutShort(question: string, whole: string, deed: (pid: number) => void): Promise<Locator> {
    const { pid, answer } = await haltMidway(app.page, { data: world.data, question, whole });
    deed(pid);
    await expect.poll(() => answer.getAttribute('data-state'), { timeout: 30_000 }).not.toBe('writing');
    return answer;
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
