/**
 * Waiting for an approval, through the interface: what the person sees meanwhile, a limit of the Hub, a crash, the
 * authors' answer while nobody was there, and what becomes of an installed model when the access is taken away.
 */
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { canHaveKeyring, openOwnKeyring, type OwnKeyring } from './ownKeyring.ts';
import {
  type App,
  ask,
  checkQuestions,
  chooseModel,
  gatedRepo,
  go,
  type HostName,
  openWorld,
  pasteToken,
  problem,
  showFailures,
  words,
  type World,
} from './world.ts';

/** Long enough to start the app anew meanwhile, on a busy machine too. */
const limitSeconds = 30;

describe.skipIf(!canHaveKeyring).each<HostName>(['web', 'desktop'])('waiting on the %s host', (host) => {
  let keyring: OwnKeyring;
  let world: World;
  let app: App;
  let token: string;
  showFailures(() => app);

  beforeAll(async () => {
    keyring = await openOwnKeyring();
    world = await openWorld(host, { approvalSeconds: 1_000_000, env: keyring.env });
    token = world.hub.control.createToken({ account: 'ada', kind: 'read' });
    world.hub.control.setRequestState(gatedRepo, 'ada', 'pending');
    app = await world.launch();
  }, 120_000);
  afterAll(async () => {
    await world?.end();
    await keyring?.close();
  });

  const looks = () => world.hub.requests.filter(({ path }) => path.endsWith('/auth-check'));
  const card = (page: Page) => page.locator('[data-testid=problem]').first();

  test('the person sees who has the request, since when, and when Latchkey looks again', async () => {
    await chooseModel(app.page, gatedRepo);
    await pasteToken(app.page, token);
    const said = words(await problem(app.page, 'access-pending'));
    expect(said).toMatch(/has your request/);
    await expect.poll(async () => words(await card(app.page).innerText())).toMatch(/Next check in \d:\d\d/i);
    // It looks again and again, and asks for nothing but the one answer.
    const before = looks().length;
    await expect.poll(() => looks().length, { timeout: 20_000 }).toBeGreaterThan(before);
    expect(world.hub.requests.filter(({ path }) => path.includes('whoami')).length).toBe(1);
  });

  test('at a limit of the Hub it stops, says for how long, and asks nothing meanwhile, restarted or not', async () => {
    world.hub.control.script([{ match: '/auth-check', nth: 1, do: '429', seconds: limitSeconds }]);
    await problem(app.page, 'rate-limited');
    const limited = world.hub.requests.findLast(({ status }) => status === 429);
    await expect.poll(async () => words(await card(app.page).innerText())).toMatch(/Next check in 0:\d\d/i);
    await app.kill();
    // The authors answer while nobody is there.
    world.hub.control.setRequestState(gatedRepo, 'ada', 'granted');
    app = await world.launch();
    expect(await problem(app.page, 'rate-limited')).toMatch(/passes by itself/);

    await app.page.getByTestId('start-chatting').waitFor({ timeout: 150_000 });
    const from = limited?.time ?? Number.NaN;
    const meanwhile = world.hub.requests.filter(({ time }) => time > from && time < from + limitSeconds * 1000);
    expect(meanwhile.map(({ path }) => path)).toEqual([]);
  }, 240_000);

  test('the end of the wait is told on the desktop', async () => {
    expect(await app.notes()).toEqual(host === 'desktop' ? ['Access granted', 'Ready to chat'] : []);
  });

  test('access that is taken away later takes no model away', async () => {
    const [one, two] = await checkQuestions();
    world.hub.control.setRequestState(gatedRepo, 'ada', 'rejected');
    world.hub.control.revokeToken(token);
    await app.page.getByTestId('start-chatting').click();
    expect(await ask(app.page, one?.question ?? '')).toBe(words(one?.answer ?? ''));
    await app.kill();
    app = await world.launch();
    await app.page.getByTestId('new-chat').first().click();
    expect(await ask(app.page, two?.question ?? '')).toBe(words(two?.answer ?? ''));
    await go(app.page, 'Models');
    await app.page.getByText('Keyhole-1-Instruct').first().waitFor();
    expect(await card(app.page).count()).toBe(0);
  }, 120_000);
});
