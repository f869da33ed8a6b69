/** Everything of Latchkey moves to another disk and back to work, on either host; and the day that disk is not there. */
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rename } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { spawnStandin } from '../standin/launch.ts';
import { clickLast, type DesktopApp, launchDesktop, launchWeb, root, startWeb } from '../hosts/launch.ts';
import {
  type App,
  ask,
  checkQuestions,
  go,
  installModel,
  openWorld,
  problem,
  showFailures,
  words,
  type World,
} from './world.ts';

const repo = 'open-practice/Doorstep-Instruct';

let questions: Awaited<ReturnType<typeof checkQuestions>>;
const says = (at: number): string => words(questions[at]?.answer ?? '');
const asks = (at: number): string => questions[at]?.question ?? '';
let seen: Pick<App, 'page' | 'log'> | undefined;
showFailures(() => seen);

/** A home with Latchkey in its usual place, beside a disk. */
interface Place {
  readonly usual: string;
  readonly disk: string;
  readonly moved: string;
}
async function placeOf(home: string): Promise<Place> {
  const disk = join(home, 'disk');
  await mkdir(disk, { recursive: true });
  return { usual: join(home, '.local/share/Latchkey'), disk, moved: join(disk, 'Latchkey data') };
}

/** A new chat, so that nothing said before has a part in the answer. */
async function answersAnew(page: Page, at: number): Promise<void> {
  await page.getByTestId('new-chat').first().click();
  expect(await ask(page, asks(at))).toBe(says(at));
}

async function askToMove(page: Page, disk: string): Promise<void> {
  await go(page, 'Storage');
  await page.getByTestId('move-all').click();
  await page.getByTestId('folder-path').fill(disk);
  await page.getByTestId('use-folder').click();
  await page.getByTestId('move-all-plan').waitFor();
}
const confirm = (page: Page): Promise<void> => page.getByTestId('confirm-move-all').click();
const movedPanel = (page: Page) =>
  page.locator('[data-testid=storage-work][data-task=move-all][data-state=done]').first();

/** Nothing of ours but the record is in the usual place; chats and models are in the new one. */
async function allMoved({ usual, moved }: Place): Promise<void> {
  expect(await readdir(usual)).toEqual(['moved.json']);
  const names = await readdir(moved);
  expect(names).toEqual(expect.arrayContaining(['chats.sqlite', 'models', 'logs']));
  expect((await readdir(join(moved, 'models'))).filter((name) => name.startsWith('open-practice'))).toHaveLength(1);
}

/** Where the folder is mounted tomorrow must not matter: its models are simply in it. */
async function modelsFollow({ moved }: Place): Promise<void> {
  const record: unknown = JSON.parse(await readFile(join(moved, 'models-place.json'), 'utf8'));
  expect(record).toMatchObject({ value: { folder: null, moving: null, leaving: null } });
}

describe('on the web host', { timeout: 90_000 }, () => {
  let world: World;
  let app: App;
  let place: Place;
  beforeAll(async () => {
    questions = await checkQuestions();
    world = await openWorld('web', { usualPlace: true });
    app = await world.launch();
    seen = app;
    place = await placeOf(world.data);
    await installModel(app.page, repo);
  }, 180_000);
  afterAll(() => world.end());

  test('there is a chat', async () => {
    await app.page.getByTestId('start-chatting').click();
    expect(await ask(app.page, asks(0))).toBe(says(0));
  });

  test('a folder that cannot be is refused before anything is made', async () => {
    await go(app.page, 'Storage');
    await app.page.getByTestId('move-all').click();
    await app.page.getByTestId('folder-path').fill(place.usual);
    await app.page.getByTestId('use-folder').click();
    expect(await problem(app.page, 'folder-unusable')).toContain('there already');
    // An update would take it along.
    await app.page.getByTestId('move-all').click();
    await app.page.getByTestId('folder-path').fill(dirname(process.execPath));
    await app.page.getByTestId('use-folder').click();
    await app.page.getByText('It belongs to the program itself').waitFor();
    expect(existsSync(join(place.usual, 'moved.json'))).toBe(false);
  });

  test('everything moves in one go, and the same page goes on with the same chat', async () => {
    await askToMove(app.page, place.disk);
    const plan = (await app.page.getByTestId('move-all-plan').textContent()) ?? '';
    expect(plan).toContain(place.moved);
    expect(existsSync(place.moved)).toBe(false);
    await confirm(app.page);
    await movedPanel(app.page).waitFor({ timeout: 60_000 });
    expect(await movedPanel(app.page).textContent()).toContain(place.moved);
    await allMoved(place);
    await app.page
      .getByText(words(asks(0)))
      .first()
      .click();
    await app.page.getByText(says(0)).first().waitFor();
    await answersAnew(app.page, 1);
    await modelsFollow(place);
  });

  test('and the next start finds it there by itself', async () => {
    await app.close();
    app = await world.launch();
    seen = app;
    await app.page
      .getByText(words(asks(0)))
      .first()
      .click();
    await app.page.getByText(says(0)).first().waitFor();
    await answersAnew(app.page, 2);
    expect(await readdir(place.usual)).toEqual(['moved.json']);
  });

  test('whoever names a folder is not led elsewhere by the record', async () => {
    const other = join(world.data, 'named');
    const named = await launchWeb({ data: world.data, usualPlace: true, env: { LATCHKEY_DATA: other } });
    try {
      await go(named.page, 'Storage');
      expect(await named.page.getByTestId('all-data').textContent()).toContain('LATCHKEY_DATA names this folder');
      expect(await named.page.getByTestId('move-all').count()).toBe(0);
    } finally {
      await named.close();
    }
  });

  test('without its disk it says so, begins nothing anew, and goes on when the disk is back', async () => {
    await app.close();
    await rename(place.disk, `${place.disk} unplugged`);
    app = await world.launch();
    seen = app;
    expect(await problem(app.page, 'data-away')).toContain(place.moved);
    expect(app.log()).toContain('The disk with your Latchkey data is not connected');
    await app.page.getByRole('button', { name: 'Try again' }).click();
    await problem(app.page, 'data-away');
    expect(await readdir(place.usual)).toEqual(['moved.json']);
    expect(existsSync(place.disk)).toBe(false);
    await rename(`${place.disk} unplugged`, place.disk);
    await app.page
      .getByText(words(asks(0)))
      .first()
      .waitFor({ timeout: 20_000 });
    await app.page
      .getByText(words(asks(0)))
      .first()
      .click();
    await answersAnew(app.page, 3);
  });

  test('without its disk it can begin with an empty folder, deliberately; the disk stays as it is', async () => {
    await app.close();
    await rename(place.disk, `${place.disk} unplugged`);
    app = await world.launch();
    seen = app;
    await problem(app.page, 'data-away');
    await app.page.getByRole('button', { name: 'Begin with an empty folder' }).click();
    await app.page.getByTestId('paste-model').waitFor({ timeout: 20_000 });
    expect(existsSync(join(place.usual, 'chats.sqlite'))).toBe(true);
    await rename(`${place.disk} unplugged`, place.disk);
    const before = await startWeb({ data: world.data, usualPlace: true, env: { LATCHKEY_DATA: place.moved } });
    await before.close();
    expect(await readdir(place.moved)).toContain('chats.sqlite');
  });
});

describe('on the desktop host', { timeout: 90_000 }, () => {
  let world: World;
  let app: DesktopApp;
  let place: Place;
  const launch = async (): Promise<DesktopApp> => {
    const started = await launchDesktop({
      ...{ data: world.data, usualPlace: true },
      env: { HF_ENDPOINT: world.hub.endpoint },
    });
    seen = started;
    return started;
  };
  beforeAll(async () => {
    questions = await checkQuestions();
    world = await openWorld('desktop', { usualPlace: true });
    app = await launch();
    place = await placeOf(world.data);
    await installModel(app.page, repo);
  }, 180_000);
  afterAll(async () => {
    await app.close();
    await world.end();
  });

  test('there is a chat', async () => {
    await app.page.getByTestId('start-chatting').click();
    expect(await ask(app.page, asks(0))).toBe(says(0));
  });

  test('it starts again twice, in between without a window as a process that moves everything', async () => {
    await go(app.page, 'Storage');
    await app.evaluate(({ dialog }, folder) => {
      dialog.showOpenDialog = async () => ({ canceled: false, filePaths: [folder] as never });
    }, place.disk);
    await app.page.getByTestId('move-all').click();
    await app.page.getByTestId('move-all-plan').waitFor();
    await clickLast(app.page.getByTestId('confirm-move-all'));
    expect(await app.exited).toBe(0);
    expect(app.log()).toContain('[stand-in] starts again');
    await app.close();
    // Until the next process has moved it, the old place is whole.
    expect(await readdir(place.usual)).toEqual(expect.arrayContaining(['browser', 'chats.sqlite', 'journeys.json']));

    const { PATH, CHROMIUM_PATH } = process.env;
    const mover = spawnStandin({ app: root, cleanEnv: true, env: { PATH, CHROMIUM_PATH, HOME: world.data } });
    expect(await mover.exited).toBe(0);
    expect(mover.log()).toContain('[stand-in] starts again');
    await allMoved(place);
    expect(await readdir(place.moved)).toContain('browser');

    app = await launch();
    const titles = () => app.evaluate(({ standin }) => standin.notifications.map(({ title }) => title));
    await expect.poll(titles).toContain('Latchkey has moved');
    await app.page
      .getByText(words(asks(0)))
      .first()
      .click();
    await app.page.getByText(says(0)).first().waitFor();
    await answersAnew(app.page, 1);
    await modelsFollow(place);
    expect(await readdir(place.usual)).toEqual(['moved.json']);
  });

  test('without its disk the window says so, and starts again when the disk is back', async () => {
    await app.close();
    await rename(place.disk, `${place.disk} unplugged`);
    app = await launch();
    expect(await problem(app.page, 'data-away')).toContain(place.moved);
    expect(existsSync(place.disk)).toBe(false);
    expect(await readdir(place.usual)).toEqual(['moved.json']);
    await rename(`${place.disk} unplugged`, place.disk);
    expect(await app.exited).toBe(0);
    expect(app.log()).toContain('[stand-in] starts again');
    await app.close();
    app = await launch();
    await app.page
      .getByText(words(asks(0)))
      .first()
      .waitFor();
  });
});
