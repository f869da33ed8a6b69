/** A model that does not fit into the memory by the estimate: what a person is told, and how they go on at their own risk. */
import { closeSync, ftruncateSync, mkdirSync, openSync, readdirSync, readFileSync, statSync, watch } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { inferenceProcess } from './inferenceProcess.ts';
import {
  type App,
  ask,
  checkQuestions,
  chooseModel,
  installModel,
  openWorld,
  problem,
  showFailures,
  words,
  type World,
} from './world.ts';

/** Weights of a terabyte beside a graph, as far as their length tells; on the disk they take nothing. */
function addWeights(folder: string): void {
  const file = openSync(join(folder, 'onnx/model_q4.onnx_data_1'), 'w');
  ftruncateSync(file, 2 ** 40);
  closeSync(file);
}

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
    const models = join(world.data, 'models');
    addWeights(join(models, readdirSync(models).find((name) => !name.startsWith('.')) ?? ''));
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

describe('too little memory for what was just prepared, on the page', { timeout: 120_000 }, () => {
  const repo = 'open-practice/Doorstep-Instruct';
  let world: World;
  let app: App;
  let models: string;
  showFailures(() => app);

  const made = (): string => join(models, readdirSync(models).find((name) => name.includes('Doorstep')) ?? 'none');
  const graph = (): { readonly inode: number; readonly madeAt: number } => {
    const { ino, mtimeMs } = statSync(join(made(), 'onnx/model_q4.onnx_data'));
    return { inode: ino, madeAt: mtimeMs };
  };
  let before: ReturnType<typeof graph>;

  beforeAll(async () => {
    world = await openWorld('web');
    models = join(world.data, 'models');
    mkdirSync(models, { recursive: true });
    // A conversion has become too large by the time at which it is loaded to be proved: while it is being made, which
    // leaves a busy machine seconds for it.
    const watcher = watch(models, (_event, name) => {
      if (!name?.startsWith('.tmp-')) return;
      watcher.close();
      mkdirSync(join(models, name, 'onnx'), { recursive: true });
      addWeights(join(models, name));
    });
    app = await world.launch();
    await chooseModel(app.page, repo);
    await app.page.getByTestId('start-download').click();
    await problem(app.page, 'not-enough-memory');
    before = graph();
  }, 150_000);
  afterAll(() => world.end());

  test('the step says so, keeps what it made, and offers to try again and to take the risk', async () => {
    const buttons = await app.page.getByTestId('problem').getByRole('button').allTextContents();
    expect(buttons.map(words).slice(0, 3)).toEqual(['Choose a smaller model', 'Prepare', 'Load anyway']);
    expect(readdirSync(models)).toEqual([expect.stringMatching(/^\.unfinished-/u)]);
  });

  test('trying again without more memory says the same, and makes nothing anew', async () => {
    const { page } = app;
    // By the app's own log: what the page shows meanwhile can be over before anybody has looked.
    const log = join(world.data, 'logs/latchkey.jsonl');
    const refusals = () =>
      readFileSync(log, 'utf8')
        .split('\n')
        .filter((line) => /"event":"failed".*"step":"prepare"/.test(line)).length;
    await expect.poll(refusals).toBe(1);
    await page.getByTestId('problem').getByRole('button', { name: 'Prepare', exact: true }).click();
    await expect.poll(refusals, { timeout: 30_000 }).toBe(2);
    await problem(page, 'not-enough-memory');
    expect(graph()).toEqual(before);
  });

  test('"Load anyway" goes on from what is there to the proof, and remembers no speed that was refused', async () => {
    const { page } = app;
    await page.getByTestId('problem').getByRole('button', { name: 'Load anyway' }).click();
    await page.getByTestId('start-chatting').waitFor({ timeout: 60_000 });
    expect(words(await page.locator('main').innerText())).toMatch(/Compared with the official weights on \d+ tokens/u);
    expect(graph()).toEqual(before);
    expect(readdirSync(models)).toEqual([expect.stringMatching(/^open-practice--Doorstep/u)]);
    expect(readdirSync(world.data)).not.toContain('devices.json');
    await page.getByTestId('start-chatting').click();
    const { question, answer } = (await checkQuestions())[3]!;
    expect(await ask(page, question)).toBe(words(answer));
  });
});
