/**
 * Waiting without waiting: an open model stands in, the awaited one goes on with the conversation when it is granted; and
 * the receipt of what was agreed to, which says so when the publisher changes the text.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  type App,
  ask,
  checkQuestions,
  chooseModel,
  gatedRepo,
  go,
  openWorld,
  pasteToken,
  problem,
  showFailures,
  words,
  type World,
} from './world.ts';

describe('an open model stands in', { timeout: 120_000 }, () => {
  let world: World;
  let app: App;
  showFailures(() => app);
  beforeAll(async () => {
    world = await openWorld('web', {
      approvalSeconds: 1_000_000,
      alsoOpen: ['HuggingFaceTB/SmolLM2-360M-Instruct'],
    });
    world.hub.control.setRequestState(gatedRepo, 'ada', 'pending');
    app = await world.launch();
  }, 180_000);
  afterAll(() => world?.end());

  test('while the other waits, one click sets it up and it chats', async () => {
    const { page } = app;
    await chooseModel(page, gatedRepo);
    await pasteToken(page, world.hub.control.createToken({ account: 'ada', kind: 'read' }));
    await problem(page, 'access-pending');
    const offer = page.getByTestId('meanwhile');
    expect(words(await offer.innerText())).toMatch(/SmolLM2 360M Instruct: 0.36 B parameters, .*licence Apache 2.0/);
    await page.getByTestId('stand-in').click();
    const start = page.getByTestId('start-download');
    const ready = page.getByTestId('start-chatting');
    await start.or(ready).first().waitFor();
    if (await start.isVisible()) await start.click();
    await ready.waitFor({ timeout: 60_000 });
    await ready.click();
    const [one] = await checkQuestions();
    expect(await ask(page, one?.question ?? '')).toBe(words(one?.answer ?? ''));
  });

  test('granted, the awaited one goes on with the chat, which stays as it is', async () => {
    const { page } = app;
    const [one, two] = await checkQuestions();
    world.hub.control.setRequestState(gatedRepo, 'ada', 'granted');
    const notice = page.getByTestId('handover');
    await notice.waitFor({ timeout: 100_000 });
    expect(words(await notice.innerText())).toMatch(
      /Keyhole-1-Instruct is here and goes on with this chat, which SmolLM2-360M-Instruct began/,
    );
    // The chat itself is asked for when the handover is known.
    await expect
      .poll(async () => words(await page.locator('header').first().innerText()))
      .toContain('Keyhole-1-Instruct');
    expect(words(await page.locator('main').innerText())).toContain(words(one?.answer ?? ''));
    await notice.getByRole('button', { name: 'Fine' }).click();
    await expect.poll(() => notice.count()).toBe(0);
    expect(await ask(page, two?.question ?? '')).not.toBe('');
  }, 150_000);

  test('the receipt says what was agreed to, and that the publisher has changed it since', async () => {
    const { page } = app;
    await go(page, 'Models');
    const card = page.getByRole('article', { name: gatedRepo });
    await card.getByTestId('receipt').locator('summary').first().click();
    expect(words(await card.getByTestId('receipt').innerText())).toMatch(
      /Access of ada.*LICENSE\.txt · SHA-256 [0-9a-f]{12}/i,
    );
    await card.getByTestId('compare-licence').click();
    await card.getByTestId('licence-same').waitFor();
    await world.hub.control.commit(gatedRepo, { 'LICENSE.txt': 'Other terms.' });
    await card.getByTestId('compare-licence').click();
    expect(words(await card.getByTestId('licence-changed').innerText())).toMatch(
      /has changed the licence.*LICENSE\.txt/,
    );
  });
});
