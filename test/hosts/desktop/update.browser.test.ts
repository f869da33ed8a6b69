import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { clickLast, type DesktopApp, ensureBuilt, launchDesktop, root } from '../launch.ts';
import { programOf, releaseKey, startUpdateServer, type UpdateServer } from './updateServer.ts';

/** The AppImage way, with the real electron-updater; the other systems' ways end in their own installers. */
describe.runIf(process.platform === 'linux')('updates', { timeout: 60_000 }, () => {
  let place: string;
  let server: UpdateServer;
  let app: DesktopApp;
  const program = () => join(place, 'Latchkey.AppImage');
  /** Downloaded programs that could be installed. What electron-updater calls temp-… it overwrites the next time. */
  const installable = async () =>
    (await readdir(join(place, 'cache'), { recursive: true })).filter((file) => /\/Latchkey[^/]*AppImage$/.test(file));

  beforeAll(() => ensureBuilt(), 120_000);
  beforeEach(async () => {
    place = await mkdtemp(join(tmpdir(), 'latchkey-update-'));
    server = await startUpdateServer();
    await mkdir(join(place, 'resources'));
    await mkdir(join(place, 'cache'));
    await writeFile(
      join(place, 'resources/app-update.yml'),
      `provider: generic\nurl: ${server.url}\nupdaterCacheDirName: latchkey-updater\n`,
    );
    await writeFile(join(place, 'resources/update-key.pem'), releaseKey);
    await writeFile(program(), programOf('0.1.0'));
    await chmod(program(), 0o755);
  });
  afterEach(async () => {
    await app?.close();
    await server.close();
    await rm(place, { recursive: true, force: true });
  });

  const open = async (env: Record<string, string | undefined> = {}): Promise<void> => {
    app = await launchDesktop({
      app: root,
      env: {
        APPIMAGE: program(),
        STANDIN_RESOURCES: join(place, 'resources'),
        XDG_CACHE_HOME: join(place, 'cache'),
        ...env,
      },
    });
    await app.page.getByRole('navigation').getByRole('button', { name: 'Settings' }).click();
  };
  const panel = (state: string) => app.page.locator(`[data-testid=update][data-state=${state}]`);
  const allow = () => app.page.getByRole('switch', { name: 'Look for updates' }).check();
  const problem = (code: string) => app.page.locator(`[data-testid=problem][data-code=${code}]`).waitFor();

  test('are not looked for until the person allows it', async () => {
    server.publish({ version: '0.2.0' });
    await open();
    await panel('idle').waitFor();
    expect(await app.page.getByTestId('check-update').count()).toBe(0);
    expect(server.asked).toEqual([]);
    await allow();
    await panel('offered').waitFor();
    expect(server.asked).toEqual(['/latest-linux.yml']);
  });

  test('show what changed, arrive in the background, and take the place of the program after a restart', async () => {
    server.publish({ version: '0.2.0' });
    await open();
    await allow();
    await app.page.getByText('What changed').click();
    await app.page.getByText('Version 0.2.0 says hello').waitFor();
    await app.page.getByTestId('download-update').click();
    await panel('ready').waitFor();
    expect(await readFile(program())).toEqual(programOf('0.1.0'));
    await clickLast(app.page.getByTestId('install-update'));
    await app.exited;
    expect(await readFile(program())).toEqual(programOf('0.2.0'));
    await expect.poll(() => readFile(`${program()}.ran`, 'utf8').catch(() => ''), { timeout: 10_000 }).toBe('0.2.0\n');
  });

  test('that cannot be installed are told, and Latchkey starts again as it was', async () => {
    server.publish({ version: '0.2.0' });
    await open();
    await allow();
    await app.page.getByTestId('download-update').click();
    await panel('ready').waitFor();
    await rm(join(place, 'cache/latchkey-updater/pending/Latchkey-0.2.0.AppImage'));
    await app.evaluate(({ dialog }) => {
      dialog.showErrorBox = (title, content) => void console.log(`box: ${title} / ${content}`);
    });
    await clickLast(app.page.getByTestId('install-update'));
    expect(await app.exited).toBe(0);
    expect(app.log()).toContain('box: The update could not be installed');
    // electron-updater takes the old program away before it finds that there is no new one.
    expect(await readFile(program())).toEqual(programOf('0.1.0'));
    await expect.poll(() => readFile(`${program()}.ran`, 'utf8').catch(() => ''), { timeout: 10_000 }).toBe('0.1.0\n');
    expect((await readdir(place)).filter((name) => name.endsWith('.before'))).toEqual([]);
  });

  for (const [what, release, code] of [
    ['was tampered with', { version: '0.2.0', sent: 'tampered' }, 'update-not-genuine'],
    ['breaks off', { version: '0.2.0', sent: 'truncated' }, 'update-failed'],
  ] as const)
    test(`whose program ${what} are thrown away`, async () => {
      server.publish(release);
      await open();
      await allow();
      await app.page.getByTestId('download-update').click();
      await problem(code);
      expect(await installable()).toEqual([]);
      expect(await readFile(program())).toEqual(programOf('0.1.0'));
      server.publish({ version: '0.2.0' });
      await app.page.getByRole('button', { name: 'Check again' }).click();
      await app.page.getByTestId('download-update').click();
      await panel('ready').waitFor();
      expect(await readdir(join(place, 'cache/latchkey-updater/pending'))).toEqual([
        'Latchkey-0.2.0.AppImage',
        'update-info.json',
      ]);
    });

  for (const signed of ['forged', 'not'] as const)
    test(`whose release file is ${signed === 'not' ? 'not signed' : 'signed by somebody else'} are refused before the program is fetched`, async () => {
      server.publish({ version: '0.2.0', signed });
      await open();
      await allow();
      await problem('update-not-genuine');
      expect(server.asked).toEqual(['/latest-linux.yml']);
    });

  test('never go back to an older version, and early ones come only to who wants them', async () => {
    server.publish({ version: '0.0.9' });
    server.publish({ version: '0.2.0-beta.1', channel: 'beta' });
    await open();
    await allow();
    await panel('newest').waitFor();
    await app.page.getByRole('switch', { name: 'Early versions' }).check();
    await app.page.getByTestId('check-update').click();
    await panel('offered').waitFor();
    expect(await panel('offered').textContent()).toContain('0.2.0-beta.1');
  });

  test('are not looked for while offline', async () => {
    server.publish({ version: '0.2.0' });
    await open({ HF_HUB_OFFLINE: '1' });
    await allow();
    await app.page.getByTestId('check-update').click();
    await problem('offline');
    expect(server.asked).toEqual([]);
  });

  test('are left to the person where the program was unpacked by hand, or cannot be proved', async () => {
    await open({ APPIMAGE: undefined });
    expect(await app.page.getByTestId('update-obstacle').textContent()).toContain('unpacked by hand');
    await app.close();
    await rm(join(place, 'resources/update-key.pem'));
    await open();
    expect(await app.page.getByTestId('update-obstacle').textContent()).toContain('cannot tell');
  });
});
