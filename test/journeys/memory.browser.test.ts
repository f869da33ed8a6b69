/** A model that does not fit into the memory by the estimate: what a person is told, and how they go on at their own risk. */
import { closeSync, ftruncateSync, openSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { inferenceProcess } from './inferenceProcess.ts';
import {
  type App,
  ask,
  checkQuestions,
  installModel,
  openWorld,
  problem,
  showFailures,
  words,
  type World,
} from './world.ts';

// The process is found as Linux does it.
describe.runIf(process.platform === 'linux')('too little memory, on the page', { timeout: 90_000 }, () => {
  let world: World;
  let app: App;
  let question: string;
  let answer: string;
  showFailures(() => app);

  const answers = () => app.page.locator('[data-testid=message][data-role=assistant]');
  const cards = () => app.page.locator('[data-testid=problem]');
  const openChat = async (): Promise<void> => {
    await app.page.getByTestId('new-chat').first().click();
    await app.page.getByTestId('composer').waitFor();
  };
  const askInVain = async (): Promise<void> => {
    await app.page.getByTestId('composer').fill(question);
    await app.page.getByTestId('send').click();
    await problem(app.page, 'not-enough-memory');
  };

  beforeAll(async () => {
    ({ question, answer } = (await checkQuestions())[3]!);
    world = await openWorld('web');
    app = await world.launch();
    await installModel(app.page, 'open-practice/Doorstep-Instruct');
    await app.close();
    // Weights of a terabyte beside the graph, as far as their length tells; on the disk they take nothing.
    const models = join(world.data, 'models');
    const folder = readdirSync(models).find((name) => !name.startsWith('.')) ?? '';
    const file = openSync(join(models, folder, 'onnx/model_q4.onnx_data_1'), 'w');
    ftruncateSync(file, 2 ** 40);
    closeSync(file);
    app = await world.launch();
    await openChat();
  }, 150_000);
  afterAll(() => world.end());

  test('it is refused before it is loaded, with the numbers, the smaller choice first and the risk last', async () => {
    await askInVain();
    expect(await cards().count()).toBe(1);
    const card = cards().first();
    expect(words((await card.textContent()) ?? '')).toMatch(
      /needs about 1264\.[\d] GB; this computer has [\d.]+ GB.* If you load it anyway, .* the system may end the model/u,
    );
    const buttons = await card.getByRole('button').allTextContents();
    expect(buttons.map(words).slice(0, 2)).toEqual(['Choose a smaller model', 'Load anyway']);
  });

  test('"Load anyway" loads it, answers the question, and says that it was the own risk', async () => {
    await cards().getByRole('button', { name: 'Load anyway' }).click();
    await expect.poll(() => answers().last().getAttribute('data-state'), { timeout: 30_000 }).toBe('complete');
    expect(words((await answers().last().locator('.markdown').first().textContent()) ?? '')).toBe(words(answer));
    expect(await app.page.getByTestId('own-risk').textContent()).toMatch(/your own risk.* your chats stay/u);
    expect(await cards().count()).toBe(0);
    expect(await ask(app.page, question)).not.toBe('');
  });

  test('when the system ends it, the app lives, and the risk is taken by the person again or not at all', async () => {
    await openChat();
    process.kill(inferenceProcess(world.data), 'SIGKILL');
    await expect.poll(() => app.page.getByTestId('own-risk').count()).toBe(0);
    await askInVain();
    await cards().getByRole('button', { name: 'Load anyway' }).click();
    await expect.poll(() => answers().last().getAttribute('data-state'), { timeout: 30_000 }).toBe('complete');
    expect(words((await answers().last().locator('.markdown').first().textContent()) ?? '')).toBe(words(answer));
  });

  test('the choice holds until Latchkey closes', async () => {
    await app.close();
    app = await world.launch();
    await openChat();
    await askInVain();
    await cards().getByRole('button', { name: 'Choose a smaller model' }).click();
    await app.page.getByRole('heading', { level: 1, name: 'Models' }).waitFor();
  });
});
