/**
 * Every state that access can be in, reached through the interface in a real Chromium: what a person does, what the Hub
 * answers, and the one sentence and button that come of it. Each leaves a picture in screenshots/states for eyes.
 */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Fault } from '../../electron/practice/hub/faults.ts';
import type { PracticeControl } from '../../electron/practice/hub/practiceHub.ts';
import { root } from '../hosts/launch.ts';
import {
  type App,
  chooseModel,
  gatedRepo,
  openWorld,
  pasteToken,
  problem,
  showFailures,
  words,
  type World,
} from './world.ts';

const pictures = join(root, 'screenshots/states');

interface State {
  readonly name: string;
  readonly repo?: string;
  /** What the person has in hand; without it nobody signs in. */
  readonly token?: (control: PracticeControl) => string;
  readonly hub?: (control: PracticeControl) => void;
  readonly faults?: readonly Fault[];
  readonly code: string;
  readonly says: RegExp;
  /** The button or link that comes first. */
  readonly does: RegExp;
}

const read = (control: PracticeControl): string => control.createToken({ account: 'ada', kind: 'read' });
const put =
  (state: 'pending' | 'rejected' | 'reset' | 'granted') =>
  (control: PracticeControl): void =>
    control.setRequestState(gatedRepo, 'ada', state);
const auth = /auth-check/;

// prettier-ignore
const states: readonly State[] = [
  { name: 'malformed token', token: () => 'hf_tooShort', code: 'token-malformed', says: /does not look like a Hugging Face token/, does: /Paste again/ },
  { name: 'organisation token', token: () => 'api_org_abcdefghijklmnopqrst', code: 'token-malformed', says: /organisation token/, does: /Paste again/ },
  { name: 'token not accepted', token: (control) => control.createToken({ account: 'ada', kind: 'read', expired: true }), code: 'token-not-accepted', says: /expired, was deleted or was mistyped/, does: /Create a new token/ },
  { name: 'whoami limited', token: read, hub: (control) => control.rateLimit({ bucket: 'whoami', remaining: 0, resetSeconds: 30 }), code: 'rate-limited', says: /asks to slow down.*limit ends in 0:\d\d/, does: /Paste|Try again|Sign in/ },
  { name: 'fine-grained token without the box', token: (control) => control.createToken({ account: 'ada', kind: 'fineGrained' }), hub: put('granted'), code: 'token-lacks-gated', says: /may not read gated models/, does: /Fix this token/ },
  { name: 'organisation policy', token: (control) => control.createToken({ account: 'ada', kind: 'read', refusedBy: ['practice-labs'] }), hub: put('granted'), code: 'organisation-policy', says: /revoked by the organization administrator/, does: /Use another token/ },
  { name: 'unknown without token', repo: 'practice-labs/Nowhere', code: 'repo-unknown-without-token', says: /does not say whether this model exists/, does: /Sign in/ },
  { name: 'missing', repo: 'practice-labs/Nowhere', token: read, code: 'repo-not-found', says: /misspelled, was removed, or is private/, does: /Choose another model/ },
  { name: 'private', repo: 'practice-labs/Vault-Instruct', token: read, code: 'repo-not-found', says: /private to somebody else than ada/, does: /Choose another model/ },
  { name: 'renamed', repo: 'practice-labs/Keyhole-One-Instruct', token: read, code: 'repo-renamed', says: /moved to practice-labs\/Keyhole-1-Instruct/, does: /Continue with/ },
  { name: 'disabled', repo: 'practice-labs/Sealed-Instruct', token: read, code: 'repo-disabled', says: /disabled this model/, does: /Choose another model/ },
  { name: 'region', repo: 'practice-labs/Faraway-Instruct', token: read, code: 'region-blocked', says: /not offered where you are/, does: /Choose another model/ },
  { name: 'European Union excluded', repo: 'practice-labs/Eurolocked', token: read, code: 'access-never-asked', says: /excludes the European Union/, does: /Open licence page/ },
  { name: 'never asked', token: read, code: 'access-never-asked', says: /ada has not accepted this licence yet/, does: /Open licence page/ },
  { name: 'wrong account', token: (control) => control.createToken({ account: 'bob', kind: 'read' }), hub: put('granted'), code: 'access-never-asked', says: /This token belongs to bob/, does: /Open licence page/ },
  { name: 'pending', token: read, hub: put('pending'), code: 'access-pending', says: /has your request.*Next check/, does: /Check now/ },
  { name: 'rejected', token: read, hub: put('rejected'), code: 'access-rejected', says: /declined this request/, does: /similar open model/ },
  { name: 'reset', token: read, hub: put('reset'), code: 'access-reset', says: /asks you to agree again/, does: /Open licence page/ },
  { name: 'nothing to run', repo: 'open-practice/Attic-Instruct', code: 'nothing-to-run', says: /cannot run here/, does: /Choose another model/ },
  { name: 'rate limited', token: read, faults: [{ match: auth, do: '429', seconds: 120 }], code: 'rate-limited', says: /asks to slow down.*Next check in [12]:\d\d/, does: /Try again/ },
  { name: 'Hub trouble', token: read, faults: [{ match: auth, do: '5xx' }], code: 'hub-trouble', says: /Hugging Face has a problem/, does: /Try again/ },
  { name: 'captive portal', token: read, faults: [{ match: auth, do: 'html-portal' }], code: 'proxy-or-portal', says: /network answered instead/, does: /Open a web page/ },
  { name: 'sent elsewhere', token: read, faults: [{ match: auth, do: 'redirect-foreign' }], code: 'proxy-or-portal', says: /network answered instead/, does: /Open a web page/ },
  { name: 'unknown refusal', token: read, faults: [{ match: auth, do: '403-gated', sentence: 'The moon is in the wrong quarter.' }], code: 'access-unknown', says: /Hugging Face said: "The moon is in the wrong quarter\."/, does: /Copy details/ },
  { name: 'file gone', token: read, hub: put('granted'), faults: [{ match: /resolve\/.*safetensors$/, port: 'hub', do: '404' }], code: 'file-not-found', says: /file of this model does not exist/, does: /newest version/ },
  { name: 'access lost midway', token: read, hub: put('granted'), faults: [{ match: /resolve\/.*safetensors$/, port: 'hub', do: '403-gated' }], code: 'access-lost', says: /Access changed during the download.*kept/, does: /Check access/ },
  { name: 'download servers blocked', token: read, hub: put('granted'), faults: [{ match: /./, port: 'cdn', do: 'reset' }], code: 'cdn-blocked', says: /download servers/, does: /Continue download|Copy|Resume|Try again/ },
  { name: 'damaged on the way', token: read, hub: put('granted'), faults: [{ match: /./, port: 'cdn', do: 'flip' }], code: 'damaged-file', says: /arrived damaged/, does: /Continue download/ },
];

describe('each state of access, through the interface', { timeout: 90_000 }, () => {
  let world: World;
  let app: App;
  showFailures(() => app);
  beforeAll(async () => {
    await mkdir(pictures, { recursive: true });
    world = await openWorld('web', { approvalSeconds: 1_000_000 });
    app = await world.launch();
  }, 180_000);
  afterAll(() => world?.end());

  const picture = (name: string): Promise<unknown> =>
    app.page.screenshot({ path: join(pictures, `${name.replaceAll(' ', '-')}.png`), fullPage: true });

  /** As after installation, by the person's own hand. */
  const startOver = async (): Promise<void> => {
    const { page } = app;
    const { control } = world.hub;
    control.clearScript();
    control.rateLimit({ bucket: 'whoami', remaining: 1000, resetSeconds: 1 });
    for (const account of ['ada', 'bob']) control.setRequestState(gatedRepo, account, 'none');
    await page.getByRole('navigation').getByRole('button', { name: 'Settings', exact: true }).click();
    await page.getByTestId('reset').click();
    await page.getByRole('dialog').getByRole('button', { name: 'Reset Latchkey' }).click();
    await page.getByRole('navigation').getByRole('button', { name: 'Models', exact: true }).click();
    await page.getByTestId('paste-model').waitFor();
  };

  test('no token', async () => {
    await chooseModel(app.page, gatedRepo);
    const row = app.page.locator('[data-step=sign-in][data-state=current]');
    await row.getByTestId('token-field').waitFor();
    expect(words(await row.innerText())).toMatch(/A read token from your Hugging Face account/);
    await picture('no token');
  });

  test.each(states)('$name', async ({ name, repo = gatedRepo, token, hub, faults, code, says, does }) => {
    const { page } = app;
    await startOver();
    const { control } = world.hub;
    if (token) await signIn(page, token(control), () => hub?.(control));
    else hub?.(control);
    if (faults) control.script(faults);
    const before = world.hub.requests.length;
    if ((await page.locator(`[data-testid=problem][data-code=${code}]`).count()) === 0) {
      await page.getByRole('navigation').getByRole('button', { name: 'Models', exact: true }).click();
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
    await picture(name);
    // A look is cheap, and nobody is asked whose the token is more than once.
    const small = world.hub.requests.slice(before).filter(({ path }) => /whoami/.test(path));
    expect(small.length).toBeLessThanOrEqual(1);
    expect(world.hub.authorizationAtCdn).toEqual([]);
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
    await page.getByRole('navigation').getByRole('button', { name: 'Access', exact: true }).click();
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
    await page.getByRole('navigation').getByRole('button', { name: 'Models', exact: true }).click();
    await chooseModel(page, gatedRepo);
    expect(await problem(page, 'offline')).toMatch(/Models already on this computer still work/);
    await picture('offline');
  });
});

/** Pastes a token on the access page; what the Hub says of it shows there. */
async function signIn(page: Page, token: string, then: () => void = () => undefined): Promise<void> {
  then();
  await page.getByRole('navigation').getByRole('button', { name: 'Access', exact: true }).click();
  await pasteToken(page, token);
  await page
    .getByText(/Signed in as/)
    .or(page.locator('[data-testid=problem]'))
    .first()
    .waitFor();
}
