import { afterAll, beforeAll, expect, test } from 'vitest';
import { type App, chooseModel, openWorld, showFailures, type World } from './world.ts';

const repo = 'open-practice/Doorstep-Instruct';

let world: World;
let app: App;
showFailures(() => app);
beforeAll(async () => {
  world = await openWorld('web');
  app = await world.launch();
}, 120_000);
afterAll(() => world.end());

const limitTo = async (choice: string): Promise<void> => {
  await app.page.getByRole('navigation').getByRole('button', { name: 'Settings' }).click();
  const kept = app.page.waitForResponse((answer) => answer.url().endsWith('/request/app.setDownloadLimit'));
  await app.page.getByLabel('Download speed').selectOption(choice);
  await kept; // a browser that is closed at once takes the request with it
};
/** Bytes that are here, as the page shows them. What the Hub sent says little: sockets hold megabytes nobody has read. */
const arrived = (): Promise<number> =>
  app.page.locator('[data-step=download] progress').evaluate((node) => (node as HTMLProgressElement).value);

test('a speed limit holds from the start, through a restart, and no longer than the person wants it', async () => {
  await limitTo('At most 250 kB/s');
  await app.close();
  app = await world.launch();
  await chooseModel(app.page, repo);
  await app.page.getByTestId('start-download').click();
  await app.page.getByText('At most 250 kB/s').waitFor();
  await expect.poll(arrived, { timeout: 60_000 }).toBeGreaterThan(200_000);
  const [before, started] = [await arrived(), performance.now()];
  await new Promise((resolve) => setTimeout(resolve, 6000));
  const gained = (await arrived()) - before;
  // What each of the two connections collects before it is written shows late, and all at once.
  const late = 2 * 256 * 1024;
  expect(gained).toBeLessThan((250_000 * (performance.now() - started)) / 1000 + late);
  expect(gained).toBeGreaterThan(0);

  await limitTo('No limit');
  await app.page.getByRole('navigation').getByText('Doorstep-Instruct').first().click();
  await app.page.getByTestId('start-chatting').waitFor({ timeout: 60_000 });
}, 180_000);
