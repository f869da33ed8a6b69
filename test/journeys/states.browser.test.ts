/**
 * Every state that access can be in, reached through the interface in a real Chromium: what a person does, what the Hub
 * answers, and the one sentence and button that come of it. Each leaves a picture in screenshots/states for eyes.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { takePicture } from './pictures.ts';
import { read, states } from './states.ts';
import {
  type App,
  chooseModel,
  gatedRepo,
  go,
  openWorld,
  problem,
  showFailures,
  signIn,
  words,
  type World,
} from './world.ts';

describe('each state of access, through the interface', { timeout: 90_000 }, () => {
  let world: World;
  let app: App;
  showFailures(() => app);
  beforeAll(async () => {
    world = await openWorld('web', { approvalSeconds: 1_000_000 });
    app = await world.launch();
  }, 180_000);
  afterAll(() => world?.end());

  const picture = (name: string): Promise<void> => takePicture(app.page, name);

  /** As after installation, by the person's own hand. */
  const startOver = async (): Promise<void> => {
    const { page } = app;
    const { control } = world.hub;
    control.clearScript();
    control.rateLimit({ bucket: 'whoami', remaining: 1000, resetSeconds: 1 });
    for (const account of ['ada', 'bob']) control.setRequestState(gatedRepo, account, 'none');
    await go(page, 'Settings');
    await page.getByTestId('reset').click();
    await page.getByRole('dialog').getByRole('button', { name: 'Reset Latchkey' }).click();
    await go(page, 'Models');
    await page.getByTestId('paste-model').waitFor();
  };

  test('no token', async () => {
    await chooseModel(app.page, gatedRepo);
    const row = app.page.locator('[data-step=sign-in][data-state=current]');
    await row.getByTestId('token-field').waitFor();
    expect(words(await row.innerText())).toMatch(/A read token from your Hugging Face account/);
    await picture('no token');
  });

  test.each(states)('$name', async ({ name, repo = gatedRepo, token, hub, faults, code, says, does, door }) => {
    const { page } = app;
    await startOver();
    const { control } = world.hub;
    hub?.(control);
    if (token) await signIn(page, token(control));
    if (faults) control.script(faults);
    const before = world.hub.requests.length;
    if ((await page.locator(`[data-testid=problem][data-code=${code}]`).count()) === 0) {
      await go(page, 'Models');
      await chooseModel(page, repo);
    }
    const start = page.getByTestId('start-download');
    const card = page.locator(`[data-testid=problem][data-code=${code}]`).first();
    await start.or(card).first().waitFor();
    if (await start.isVisible()) await start.click();
    await problem(page, code);
    const all = page.locator('main');
    await expect.poll(async () => words(await all.innerText()), { timeout: 20_000 }).toMatch(says);
    const [first] = await card.locator('button, a').allInnerTexts();
    expect(words(first ?? '')).toMatch(does);
    const chip = page.locator('header').first().getByTestId('licence-chip');
    if (door) expect(await chip.getAttribute('data-state')).toBe(door);
    await picture(name);
    // A look is cheap, and nobody is asked whose the token is more than once.
    const small = world.hub.requests.slice(before).filter(({ path }) => /whoami/.test(path));
    expect(small.length).toBeLessThanOrEqual(1);
    expect(world.hub.authorizationAtCdn).toEqual([]);
  });

  test('granted', async () => {
    const { page } = app;
    await startOver();
    const { control } = world.hub;
    control.setRequestState(gatedRepo, 'ada', 'granted');
    await signIn(page, read(control));
    await go(page, 'Models');
    await chooseModel(page, gatedRepo);
    await page.getByTestId('start-download').waitFor();
    const header = page.locator('header').first();
    expect(await header.getByTestId('licence-chip').getAttribute('data-state')).toBe('granted');
    await picture('granted');
  });

  test('a model that moved goes on under its new name, and leaves the old one behind', async () => {
    const { page } = app;
    await startOver();
    await chooseModel(page, 'practice-labs/Keyhole-One-Instruct');
    await problem(page, 'repo-renamed');
    await page.getByRole('button', { name: `Continue with ${gatedRepo}` }).click();
    await page.getByRole('heading', { name: 'Set up Keyhole-1-Instruct' }).waitFor();
    await page.locator('[data-step=sign-in][data-state=current]').waitFor();
    await expect.poll(() => page.getByRole('navigation').getByText('Keyhole-One').count()).toBe(0);
  });

  test('an error text is set beside the truth', async () => {
    const { page } = app;
    await startOver();
    await signIn(page, read(world.hub.control));
    await go(page, 'Access');
    const address = `https://huggingface.co/${gatedRepo}/resolve/main/config.json`;
    await page
      .getByTestId('doctor-field')
      .fill(`RepositoryNotFoundError: 404 Client Error. Repository Not Found for url: ${address}.`);
    await page.getByRole('button', { name: 'Check', exact: true }).click();
    const claim = page.getByTestId('claim');
    await expect
      .poll(async () => words(await claim.innerText()))
      .toMatch(/says that the model does not exist.*In truth: ada has not accepted/);
    await picture('claim and truth');
  });

  test('offline', async () => {
    const { page } = app;
    await startOver();
    await signIn(page, read(world.hub.control));
    await world.hub.close();
    await go(page, 'Models');
    await chooseModel(page, gatedRepo);
    expect(await problem(page, 'offline')).toMatch(/Models already on this computer still work/);
    await picture('offline');
  });
});
