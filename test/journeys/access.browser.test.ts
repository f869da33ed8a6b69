/**
 * What a person reads and asks beside a journey: the licence text, the other editions of the family, the token that
 * another program left on this computer, and, days later, that a licence has changed.
 */
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { canHaveKeyring, openOwnKeyring, type OwnKeyring } from './ownKeyring.ts';
import { takePicture } from './pictures.ts';
import {
  type App,
  chooseModel,
  gatedRepo,
  go,
  installModel,
  openWorld,
  pasteToken,
  problem,
  showFailures,
  words,
  type World,
} from './world.ts';

describe('beside a journey', { timeout: 90_000 }, () => {
  let world: World;
  let app: App;
  showFailures(() => app);
  beforeAll(async () => {
    world = await openWorld('web', { approvalSeconds: 1_000_000 });
    world.hub.control.setRequestState('practice-labs/Keyhole-1', 'ada', 'granted');
    world.hub.control.setRequestState('practice-labs/Keyhole-0.9-Instruct', 'ada', 'pending');
    app = await world.launch();
    await chooseModel(app.page, gatedRepo);
    await pasteToken(app.page, world.hub.control.createToken({ account: 'ada', kind: 'read' }));
    await problem(app.page, 'access-never-asked');
  }, 180_000);
  afterAll(() => world?.end());

  test('the licence can be read in place, with its hash, and without access', async () => {
    const { page } = app;
    await page.getByText('Read the licence').click();
    const text = page.getByRole('region', { name: 'Read the licence' });
    await expect.poll(async () => words(await text.innerText())).toMatch(/Latchkey Practice Community Licence/);
    expect(words(await page.locator('main').innerText())).toMatch(/LICENSE\.txt · SHA-256 [0-9a-f]{12}/);
    const read = world.hub.requests.find(({ path }) => path.endsWith('/LICENSE.txt'));
    expect(read?.headers).not.toHaveProperty('authorization');
    await takePicture(page, 'licence read');
  });

  test('the other editions of the family stand side by side, each with its own answer', async () => {
    const { page } = app;
    const family = page.getByTestId('family');
    await family.locator('summary').click();
    expect(words(await family.innerText())).toMatch(/Access is granted for each repository/);
    const rows = family.getByTestId('family-member');
    expect(await rows.count()).toBe(3);
    const state = (repo: string) => family.locator(`[data-repo="practice-labs/${repo}"]`).getAttribute('data-state');
    expect(await state('Keyhole-1')).toBe('unknown');
    await family.locator('[data-repo="practice-labs/Keyhole-1"]').getByTestId('check-member').click();
    await expect.poll(() => state('Keyhole-1')).toBe('granted');
    // Granted for one says nothing about the next.
    expect(await state('Keyhole-0.9-Instruct')).toBe('unknown');
    await family.getByTestId('check-family').click();
    await expect.poll(() => state('Keyhole-0.9-Instruct')).toBe('pending');
    expect(await state('Keyhole-1-Instruct')).toBe('never-asked');
    await takePicture(page, 'family');
  });
});

describe.skipIf(!canHaveKeyring)('a token that another program left', { timeout: 90_000 }, () => {
  let keyring: OwnKeyring;
  let world: World;
  let app: App;
  showFailures(() => app);
  beforeAll(async () => {
    keyring = await openOwnKeyring();
    world = await openWorld('web', { env: keyring.env });
    await writeTokenFile(world.data, world.hub.control.createToken({ account: 'ada', kind: 'read' }));
    app = await world.launch();
  }, 180_000);
  afterAll(async () => {
    await world?.end();
    await keyring?.close();
  });

  test('is taken over with one click, and is there after the next start', async () => {
    const { page } = app;
    await go(page, 'Access');
    await page.getByTestId('find-tokens').first().click();
    await page.getByTestId('adopt-token').first().click();
    await page
      .getByText(/Signed in as/)
      .first()
      .waitFor();
    await takePicture(page, 'token taken over');
    await app.close();
    // Its own copy, in the keychain: the file of the other program is not needed any more.
    await writeTokenFile(world.data, '');
    app = await world.launch();
    await go(app.page, 'Access');
    await expect
      .poll(async () => words(await app.page.locator('main').innerText()))
      .toMatch(/A token of ada, ending in \w{4}, is stored/);
  });
});

describe('a licence that changes', { timeout: 120_000 }, () => {
  const repo = 'open-practice/Doorstep-Instruct';
  let world: World;
  let app: App;
  showFailures(() => app);
  beforeAll(async () => {
    world = await openWorld('desktop');
    app = await world.launch();
    await installModel(app.page, repo);
  }, 180_000);
  afterAll(() => world?.end());

  test('is noticed by itself a day later, and told calmly', async () => {
    await app.close();
    await agedByDays(world.data, 2);
    await world.hub.control.commit(repo, { 'LICENSE.txt': 'Other terms.' });
    world.hub.control.forgetRequests();
    app = await world.launch();
    const { page } = app;
    await page.getByTestId('licence-news').waitFor({ timeout: 60_000 });
    expect(await app.notes()).toEqual(['A licence has changed']);
    const asked = world.hub.requests.filter(({ path }) => !path.startsWith('/api/resolve-cache/'));
    expect(asked.map(({ method, path }) => `${method} ${path}`)).toEqual([`HEAD /${repo}/resolve/main/LICENSE.txt`]);
    await page.getByTestId('licence-news').click();
    const card = page.getByRole('article', { name: repo });
    expect(words(await card.getByTestId('licence-changed').innerText())).toMatch(
      /has changed the licence.*LICENSE\.txt/,
    );
    await takePicture(page, 'licence changed');
    await expect.poll(() => page.getByTestId('licence-news').count()).toBe(0);
  });
});

/** Where huggingface_hub keeps the token of `hf auth login`, in the home that these worlds have. */
async function writeTokenFile(data: string, token: string): Promise<void> {
  const folder = join(data, 'huggingface');
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'token'), token);
}

/** As if every installed model had come so many days ago. */
async function agedByDays(data: string, days: number): Promise<void> {
  const models = join(data, 'models');
  for (const name of await readdir(models)) {
    const file = join(models, name, 'latchkey.json');
    const manifest = JSON.parse(await readFile(file, 'utf8')) as { model: { installedAt: number } };
    const installedAt = manifest.model.installedAt - days * 86_400_000;
    await writeFile(file, JSON.stringify({ ...manifest, model: { ...manifest.model, installedAt } }));
  }
}
