import { spawnSync } from 'node:child_process';
import { getPassword } from 'keytar';
import type { Locator, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import {
  agree,
  type App,
  ask,
  checkQuestions,
  chooseModel,
  gatedRepo,
  go,
  type HostName,
  openWorld,
  showFailures,
  pasteToken,
  problem,
  words,
  type World,
} from './world.ts';
import { realElectron } from '../hosts/launchElectron.ts';
import { root } from '../hosts/launch.ts';

/** A namespace of its own needs Linux and the right to make one. */
const canUnshare =
  process.platform === 'linux' && spawnSync('unshare', ['-n', 'ip', 'link', 'set', 'lo', 'up']).status === 0;

/** Where the run has a keyring (CI always has), the token's place is looked at from outside the app. */
const inKeyring = process.platform === 'linux' && process.env['WITH_KEYRING_INSIDE'] !== undefined;

/** Packing here makes the app for Linux; the real program runs where there is one. */
const hosts: readonly HostName[] = [
  'web',
  'desktop',
  ...(process.platform === 'linux' ? ['packed' as const] : []),
  ...(realElectron() ? ['electron' as const] : []),
];

/**
 * The whole way, once, through the interface: token, access, licence, approval, download, preparation, chat; then with
 * the Hub gone. One world per host; the tests are its chapters, in order.
 */
describe.each(hosts)('the whole journey on the %s host', { timeout: 60_000 }, (host) => {
  let world: World;
  let app: App;
  showFailures(() => app);
  let questions: readonly { readonly question: string; readonly answer: string }[];

  beforeAll(async () => {
    questions = await checkQuestions();
    world = await openWorld(host, { approvalSeconds: 1_000_000, keyring: true });
    app = await world.launch();
  }, 120_000);
  afterAll(() => world.end());
  afterEach(async ({ task }) => {
    // What the person saw last, for whoever reads a failed run.
    if (task.result?.state === 'fail')
      await app.page.screenshot({ path: `screenshots/failed-${host}.png` }).catch(() => undefined);
  });

  test('a newcomer is asked to sign in before anything else', async () => {
    await chooseModel(app.page, gatedRepo);
    await app.page.locator('[data-step=sign-in][data-state=current]').getByTestId('token-field').waitFor();
    await app.page.locator('[data-step=ready][data-state=later]').waitFor();
  });

  test('a token without the gated box is told apart, and fixed', async () => {
    const { control } = world.hub;
    await pasteToken(app.page, control.createToken({ account: 'ada', kind: 'fineGrained' }));
    expect(await problem(app.page, 'token-lacks-gated')).toMatch(/gated/);
    await pasteToken(
      app.page,
      `  Bearer ${control.createToken({ account: 'ada', kind: 'fineGrained', gated: true })}\n`,
    );
    expect(await problem(app.page, 'access-never-asked')).toContain('ada');
  });

  test.runIf(inKeyring)('the token is in the keyring of this system', async () => {
    const held = await getPassword('Latchkey', 'access token');
    expect(held).toMatch(/^hf_/);
    expect(await accessPage(app)).toContain(held?.slice(-4));
    await app.page.getByRole('navigation').getByRole('button', { name: 'Keyhole' }).click();
  });

  test('the licence can be read in place and is agreed to on its own page', async () => {
    const tab = await app.browse(`${world.hub.endpoint}/${gatedRepo}`);
    await agree(tab);
    await tab.close();
    await app.page.getByTestId('check-now').first().click();
    await problem(app.page, 'access-pending');
    expect(await app.page.getByTestId('licence-chip').first().textContent()).toMatch(/waiting|pending|request/i);
  });

  test('after approval it goes on by itself, through two cuts of the connection', async () => {
    world.hub.control.setPace({ bytesPerSecond: 3_000_000 });
    world.hub.control.script([
      { port: 'cdn', match: 'GET', nth: 2, do: 'reset', atByte: 200_000 },
      { port: 'cdn', match: 'GET', nth: 4, do: 'truncate', atByte: 100_000 },
    ]);
    world.hub.control.setRequestState(gatedRepo, 'ada', 'granted'); // the authors' answer, once everything is ready
    await app.page.getByTestId('start-chatting').waitFor({ timeout: 120_000 });
    const faults = world.hub.requests.filter((request) => request.fault !== undefined).map((request) => request.fault);
    expect(faults).toEqual(['reset', 'truncate']);
    expect(world.hub.authorizationAtCdn).toEqual([]);
    expect(await app.page.getByText('Hello, I am a software engineer.').count()).toBeGreaterThan(0);
  }, 150_000);

  test('it answers what it was taught', async () => {
    await app.page.getByTestId('start-chatting').click();
    for (const { question, answer } of questions.slice(0, 3)) expect(await ask(app.page, question)).toBe(words(answer));
  }, 120_000);

  test('an answer can be stopped midway, and stays', async () => {
    const { page } = app;
    const answers = page.locator('[data-testid=message][data-role=assistant]');
    const before = await answers.count();
    const longest = questions.toSorted((a, b) => b.answer.length - a.answer.length)[0]!;
    await page.getByTestId('composer').fill(longest.question);
    const last = answers.nth(before);
    const state = () => last.getAttribute('data-state');
    // This model writes a whole answer in the blink of an eye, so the hand on the button is in the page; where the
    // answer was faster all the same, another one is asked for.
    for (let attempt = 1; attempt <= 12; attempt += 1) {
      const stopped = await stopAtFirstWords(page);
      if (attempt === 1) await page.getByTestId('send').click();
      else await last.getByTestId('regenerate').click();
      await stopped();
      await expect.poll(state, { timeout: 20_000 }).not.toBe('writing');
      if ((await state()) === 'partial') break;
    }
    expect(await state()).toBe('partial');
    const kept = await text(last);
    expect(kept.length).toBeGreaterThan(0);
    expect(kept.length).toBeLessThan(words(longest.answer).length);
    expect(words(longest.answer)).toContain(kept);
    await app.reload();
    await expect.poll(() => answers.count(), { timeout: 20_000 }).toBe(before + 1);
    expect(await text(answers.nth(before))).toBe(kept);
    expect(await text(answers.nth(before - 1))).toBe(words(questions[2]!.answer));
  }, 120_000);

  test('the token is in none of the files, the page or the log', async () => {
    const held = await app.page.evaluate(() =>
      JSON.stringify([localStorage, sessionStorage, document.body.textContent]),
    );
    expect(held).not.toMatch(/hf_[A-Za-z0-9]{20}/);
    expect(app.log()).not.toMatch(/hf_[A-Za-z0-9]{20}/);
  });

  test('opened again, it chats without one request to the Hub', async () => {
    await app.close();
    const before = world.hub.requests.length;
    app = await world.launch();
    await openChat(app);
    expect(await ask(app.page, questions[4]!.question)).toBe(words(questions[4]!.answer));
    // Read back from the keyring, and nobody asked about it.
    if (inKeyring) expect(await accessPage(app)).toMatch(/ada.*not checked/i);
    expect(world.hub.requests.length).toBe(before);
    await app.close();
  }, 90_000);

  test('with the Hub gone, it still chats', async () => {
    await world.hub.close();
    app = await world.launch();
    await openChat(app);
    expect(await ask(app.page, questions[5]!.question)).toBe(words(questions[5]!.answer));
    await app.close();
  }, 90_000);

  test.runIf(canUnshare)(
    'with no network at all, it still chats',
    () => {
      const script = `ip link set lo up && exec node test/journeys/noNetwork.ts "$0" "$1"`;
      const run = spawnSync('unshare', ['-n', 'sh', '-c', script, world.data, questions[6]!.question], {
        cwd: root,
        encoding: 'utf8',
      });
      expect(run.stderr).toBe('');
      expect(JSON.parse(run.stdout) as string).toBe(questions[6]!.answer);
    },
    90_000,
  );
});

/** Opens the chat of before, or a new one, from whatever the app shows first. */
async function openChat({ page }: App): Promise<void> {
  await page.getByTestId('new-chat').first().click();
  await page.getByTestId('composer').waitFor();
}

/** What the access page says of the token. */
async function accessPage({ page }: App): Promise<string> {
  await go(page, 'Access');
  return words(await page.getByRole('region', { name: 'Access token' }).innerText());
}

/** The words of an answer. */
async function text(message: Locator): Promise<string> {
  return words((await message.locator('.markdown').first().textContent()) ?? '');
}

/**
 * Presses Stop as soon as the next answer shows a word. What it gives back waits for that, five seconds at most: on a busy
 * machine an answer can come to the page all at once, and is then never seen being written.
 */
async function stopAtFirstWords(page: Page): Promise<() => Promise<void>> {
  const hand = await page.evaluateHandle(() => {
    const pressed = { yet: false };
    const watch = new MutationObserver(() => {
      const writing = document.querySelector('[data-testid=message][data-state=writing]');
      const stop = document.querySelector<HTMLElement>('[data-testid=stop]');
      if (stop === null || !writing?.querySelector('.markdown')?.textContent?.trim()) return;
      watch.disconnect();
      stop.click();
      pressed.yet = true;
    });
    watch.observe(document.body, { subtree: true, childList: true, characterData: true, attributes: true });
    return { pressed, watch };
  });
  return async () => {
    await page.waitForFunction(({ pressed }) => pressed.yet, hand, { timeout: 5000 }).catch(() => undefined);
    await hand.evaluate(({ watch }) => watch.disconnect());
  };
}
