import { type Browser, chromium } from 'playwright-core';
import { findChromium } from '../../build/chromium.js';

/** The system's Chromium, as journeys and screenshots use it. */
export function startBrowser(): Promise<Browser> {
  return chromium.launch({
    executablePath: findChromium() ?? chromium.executablePath(),
    args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage'],
  });
}
