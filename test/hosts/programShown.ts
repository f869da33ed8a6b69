import type { Page } from 'playwright-core';

/** A person acts on what they see; what index.html holds before the program of the page is there hears no menu and no click. */
export const programShown = (page: Page): Promise<void> => page.locator('main.opening').waitFor({ state: 'detached' });
