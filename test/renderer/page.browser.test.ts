import { afterAll, afterEach, describe, expect, test } from 'vitest';
import { scenes } from '../gallery/scenes.ts';
import { openGallery } from './openGallery.ts';

const { page, show, sent, tell, faults, close } = await openGallery();
afterAll(close);
afterEach(() => expect(faults()).toEqual([]));

describe('any screen', () => {
  test.each(['welcome', 'never-asked', 'chat', 'settings'])(
    '%s: the keyboard reaches its controls and shows where it is',
    async (name) => {
      await show(name);
      await page.evaluate(() => document.querySelector<HTMLElement>('.skip')?.focus());
      const seen = new Set<string>();
      for (let step = 0; step < 30; step += 1) {
        await page.keyboard.press('Tab');
        const here = await page.evaluate(() => {
          const node = document.activeElement;
          if (!node || node === document.body) return undefined;
          // A radio button that is drawn by what follows it shows its focus there.
          const drawn = node.getBoundingClientRect().width > 4 && getComputedStyle(node).opacity !== '0';
          const target = drawn ? node : (node.nextElementSibling ?? node);
          const box = target.closest('.box') ?? target;
          const style = getComputedStyle(target);
          const visible = style.outlineStyle !== 'none' || getComputedStyle(box).boxShadow !== 'none';
          return { what: node.outerHTML.slice(0, 140), visible };
        });
        if (!here) break;
        expect(here).toMatchObject({ visible: true });
        seen.add(here.what);
      }
      expect(seen.size).toBeGreaterThan(8);
    },
  );

  test('stands still where the system asks for that', async () => {
    /** The longest transition or animation of any element, in seconds. */
    const longest = () =>
      page.evaluate(() => {
        const seconds = (list: string): number[] =>
          list.split(',').map((one) => parseFloat(one) * (/\dms$/.test(one.trim()) ? 0.001 : 1));
        const styles = [...document.querySelectorAll('*')].map((node) => getComputedStyle(node));
        return Math.max(
          ...styles.flatMap((style) => [...seconds(style.transitionDuration), ...seconds(style.animationDuration)]),
        );
      });
    try {
      await page.emulateMedia({ reducedMotion: 'no-preference' });
      await show('chat-writing');
      expect(await longest()).toBeGreaterThan(0.1);
    } finally {
      await page.emulateMedia({ reducedMotion: 'reduce' });
    }
    expect(await longest()).toBeLessThanOrEqual(0.001);
  });
});

describe('signing in', () => {
  test('clears the field, keeps the token nowhere and shows the problem beside it', async () => {
    await show('sign-in-problem');
    const field = page.getByTestId('token-field');
    await expect.poll(() => field.getAttribute('type')).toBe('password');
    await field.fill('hf_abcdefghijklmnopqrstuvwxyz');
    await page.getByTestId('save-token').click();
    await page.locator('[data-testid=problem][data-code=token-not-accepted]').waitFor();
    expect(await field.inputValue()).toBe('');
    expect(await sent('accessToken.save')).toContainEqual({ accessToken: 'hf_abcdefghijklmnopqrstuvwxyz' });
    const kept = await page.evaluate(() =>
      JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.body.innerHTML]),
    );
    expect(kept).not.toContain('hf_abcdef');
  });

  test('shows links with their host where the host cannot open pages', async () => {
    await show('sign-in-web');
    const link = page.getByTestId('page-new-token');
    await expect.poll(() => link.getAttribute('href')).toBe('https://huggingface.co/settings/new-token');
    expect(await link.getAttribute('rel')).toContain('noreferrer');
    await page.getByText('opens huggingface.co').first().waitFor();
  });
});

describe('the journey', () => {
  test('moves the focus to the new step and says it once', async () => {
    await show('never-asked');
    await page.getByTestId('check-now').focus();
    const [journey] = scenes['downloading']!.world.setups;
    await tell({ type: 'setup.changed', setup: journey! });
    await expect.poll(() => page.evaluate(() => document.activeElement?.textContent)).toContain('Download');
    expect(await page.locator('[aria-live=polite]').textContent()).toBe('Now at: Download');
  });

  test('shows bytes, rate and time left, and pauses', async () => {
    await show('downloading');
    const progress = page.getByTestId('progress');
    await expect.poll(() => progress.textContent()).toMatch(/912 MB of 2\.5 GB.*8\.4 MB\/s.*about 3 min left/s);
    await page.getByTestId('pause-download').click();
    await expect.poll(() => sent('setup.pause')).toHaveLength(1);
  });

  test('stops preparing, and leaves out only the measurement when nothing else is left to do', async () => {
    await show('preparing');
    const stop = page.getByTestId('stop-preparing');
    expect((await stop.textContent())?.trim()).toBe('Stop');
    await stop.click();
    await expect.poll(() => sent('setup.pause')).toHaveLength(1);
    const [journey] = scenes['preparing']!.world.setups;
    await tell({
      type: 'setup.changed',
      setup: { ...journey!, activity: { kind: 'working', note: 'measuring' } },
    });
    await expect.poll(async () => (await stop.textContent())?.trim()).toBe('Skip');
    await page.getByText('Measuring once how it runs best on this computer').waitFor();
  });

  test('has no room for every way round a lack of memory as a button, and leaves none out', async () => {
    await show('prepare-memory');
    const card = page.getByTestId('problem');
    const buttons = await card.locator('.row > button, .row > span > button').allTextContents();
    expect(buttons.map((text) => text.trim()).slice(0, 3)).toEqual([
      'Prepare it in 4 bits',
      'Prepare',
      'Choose a smaller model',
    ]);
    await card.getByRole('button', { name: 'More ways to go on' }).click();
    await page.getByRole('menuitem', { name: 'Load anyway' }).click();
    await expect.poll(() => sent('engine.permit')).toHaveLength(1);
    await expect.poll(() => sent('setup.start')).toHaveLength(1);
  });

  test('offers the licence page first and the check second, with the evidence folded', async () => {
    await show('never-asked');
    const buttons = page.getByTestId('problem').locator('button, a');
    expect((await buttons.allTextContents()).slice(0, 2).map((text) => text.trim())).toEqual([
      'Open licence page',
      'Check now',
    ]);
    expect(await page.getByTestId('evidence').getAttribute('open')).toBeNull();
    await page.getByTestId('open-licence').click();
    expect(await sent('page.open')).toEqual([{ page: 'licence', repo: 'meta-llama/Llama-3.2-1B-Instruct' }]);
    await page.evaluate(() => window.dispatchEvent(new Event('focus')));
    await expect.poll(() => sent('setup.check')).toHaveLength(1);
  });

  test('keeps the licence chip in view on every step', async () => {
    for (const name of ['sign-in', 'pending', 'download-plan', 'preparing', 'ready', 'chat']) {
      await show(name, 320);
      expect(await page.locator('header [data-testid=licence-chip]').isVisible()).toBe(true);
    }
  });

  test('finds the model in a pasted error', async () => {
    await show('welcome');
    await page.getByTestId('paste-model').fill('OSError: Access to model meta-llama/Llama-3.2-1B is restricted.');
    await page.getByTestId('add-model').click();
    await expect.poll(() => sent('setup.choose')).toEqual([{ repo: 'meta-llama/Llama-3.2-1B' }]);
    await page.locator('[data-code=repo-not-found]').waitFor();
  });
});

describe('devices', () => {
  const devices = scenes['settings-devices']!.world.devices!;
  const { threads } = devices;

  test('says how threads work best here, and what was measured beside it', async () => {
    await show('settings-devices');
    const said = page.getByTestId('threads');
    expect(await said.textContent()).toBe(
      'Measured on this processor: a thread for each fast core, resting while it waits, 21.4 tokens/s; ' +
        'all cores and busy waiting 18.4, all cores 18.2, staying on a core 21.9. ' +
        'More heat has to bring 3%, fewer cores or fixed ones 5%.',
    );
    await tell({
      type: 'devices.changed',
      devices: {
        ...devices,
        saving: true,
        threads: {
          chosen: { ...threads!.chosen, cores: 'all', pinned: true, spin: true },
          others: [{ cores: 'all', pinned: false, spin: true, tokensPerSecond: 9.5 }],
        },
      },
    });
    await expect
      .poll(() => said.textContent())
      .toBe(
        'Measured on this processor: a thread for each core, staying on it, busy while it waits, 21.4 tokens/s; ' +
          'moving freely 9.5. Save power goes before it.',
      );
  });

  test('says once why the CPU stands in for one, until the reason is another', async () => {
    const told = page.getByTestId('device-fallback');
    const fallback = { device: 'webgpu', cause: 'Failed to run node MatMulNBits: the device was lost (driver reset)' };
    const understood = (cause?: string): Promise<void> =>
      tell({
        type: 'devices.changed',
        devices: { ...devices, understood: cause === undefined ? [] : [{ device: 'webgpu', cause }] },
      });
    await show('chat-device-lost');
    await told.getByRole('button', { name: 'Understood' }).click();
    await expect.poll(() => told.count()).toBe(0);
    expect(await sent('devices.understand')).toEqual([fallback]);
    await understood('no adapter was found');
    await told.waitFor();
    await understood(fallback.cause.slice(0, 30)); // as much as is remembered
    await expect.poll(() => told.count()).toBe(0);
    await understood();
    await told.waitFor();
  });
});

describe('the sidebar', () => {
  test('is a sheet in a narrow window that closes when a place is chosen', async () => {
    await show('chat', 400);
    expect(await page.getByRole('navigation').count()).toBe(0);
    await page.getByRole('button', { name: 'Open navigation' }).click();
    await page.getByRole('button', { name: 'Settings', exact: true }).click();
    await page.getByRole('heading', { name: 'Settings' }).waitFor();
    expect(await page.locator('dialog').count()).toBe(0);
  });

  test('limits the speed of downloads, and lifts the limit', async () => {
    await show('settings');
    const choice = page.getByLabel('Download speed');
    expect(await choice.inputValue()).toBe('');
    await choice.selectOption('At most 2 MB/s');
    await choice.selectOption('No limit');
    expect(await sent('app.setDownloadLimit')).toEqual([{ bytesPerSecond: 2_000_000 }, { bytesPerSecond: null }]);
  });

  test('switches the theme and keeps the choice', async () => {
    await show('settings');
    await page.getByText('Dark', { exact: true }).click();
    expect(await page.evaluate(() => document.documentElement.dataset['theme'])).toBe('dark');
    await show('settings');
    expect(await page.evaluate(() => document.documentElement.dataset['theme'])).toBe('dark');
    await page.evaluate(() => localStorage.clear());
  });
});
