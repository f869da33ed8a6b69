/** What a person sees of preparing: a model that cannot be prepared, and the proof of one that was. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type App, chooseModel, openWorld, showFailures, problem, words, type World } from './world.ts';

describe('preparing, on the page', { timeout: 90_000 }, () => {
  let world: World;
  let app: App;
  showFailures(() => app);
  beforeAll(async () => {
    world = await openWorld('web');
    app = await world.launch();
    await chooseModel(app.page, 'open-practice/Spectrum');
  }, 120_000);
  afterAll(() => world.end());

  test('a model of an unknown kind is refused by its name, and no weights are fetched', async () => {
    expect(await problem(app.page, 'unsupported-architecture')).toContain('SpectrumForCausalLM');
    expect(world.hub.requests.filter(({ path, port }) => port === 'cdn' || path.includes('.safetensors'))).toEqual([]);
  });

  test('a prepared model shows its first words and how near it came to the official weights', async () => {
    await app.page.getByRole('navigation').getByRole('button', { name: 'Models' }).click();
    await chooseModel(app.page, 'open-practice/Doorstep-Instruct');
    const start = app.page.getByTestId('start-download');
    const ready = app.page.getByTestId('start-chatting');
    await start.or(ready).first().waitFor();
    if (await start.isVisible()) await start.click();
    await ready.waitFor({ timeout: 60_000 });
    const shown = words(await app.page.locator('main').innerText());
    expect(shown).toContain('Hello, I am a software engineer.');
    expect(shown).toMatch(/Compared with the official weights on \d+ tokens: [\d.]+ nats apart per token/);
  });
});
