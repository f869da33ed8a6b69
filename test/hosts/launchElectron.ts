/**
 * The real Electron program, where it is here: the built project on the `electron` package, or a packed release named by
 * LATCHKEY_PROGRAM. It is driven through its page alone (Chromium's own debugging port), because a release refuses Node's
 * inspector.
 */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { chromium, type Page } from 'playwright-core';
import { programShown } from './programShown.ts';

const root = resolve(import.meta.dirname, '../..');
const startMilliseconds = 60_000;

/** Chromium's sandbox refuses root, and the app never asks it not to. */
const canRun = process.platform !== 'linux' || process.getuid?.() !== 0;

/**
 * The command that starts the real desktop app, or undefined where there is none or it could not run. Throws where a
 * packed one was named and cannot be run: a run that was meant for it must not pass without it.
 */
export function realElectron(): readonly [string, ...string[]] | undefined {
  const packed = process.env['LATCHKEY_PROGRAM'];
  if (packed) {
    const program = resolve(root, packed);
    if (!canRun) throw new Error(`${program} does not run as root.`);
    if (!existsSync(program)) throw new Error(`There is no ${program}.`);
    return [program];
  }
  if (!canRun) return undefined;
  const names: Readonly<Record<string, string>> = {
    darwin: 'Electron.app/Contents/MacOS/Electron',
    win32: 'electron.exe',
  };
  const program = join(root, 'node_modules/electron/dist', names[process.platform] ?? 'electron');
  return existsSync(program) ? [program, root] : undefined;
}

export interface ElectronApp {
  readonly page: Page;
  readonly pid: number;
  log(): string;
  readonly exited: Promise<number | null>;
  /** Asks the program to end as the system does when a person logs out. */
  close(): Promise<void>;
}

/** Starts it on a data folder and waits for its window. Rejects with what it printed when none comes. */
export async function launchElectron(
  [program, ...words]: readonly [string, ...string[]],
  { data, env }: { readonly data: string; readonly env: Readonly<Record<string, string | undefined>> },
): Promise<ElectronApp> {
  const child = spawn(program, [...words, '--data', data, '--remote-debugging-port=0'], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let log = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text: Buffer) => (log += text.toString()));
  const { promise: exited, resolve: ended } = Promise.withResolvers<number | null>();
  let over = false;
  child.once('exit', (code) => {
    over = true;
    ended(code);
  });
  const began = Date.now();
  for (;;) {
    if (over || Date.now() - began > startMilliseconds) throw new Error(`the program showed no window\n${log}`);
    // Chromium says which free port it took.
    const address = /DevTools listening on (ws:\/\/\S+)/.exec(log)?.[1];
    const browser = address === undefined ? undefined : await chromium.connectOverCDP(address).catch(() => undefined);
    const page = browser
      ?.contexts()
      .flatMap((context) => context.pages())
      .find((each) => each.url().startsWith('app://'));
    if (browser && page) {
      await programShown(page);
      return {
        page,
        pid: child.pid ?? 0,
        log: () => log,
        exited,
        async close() {
          if (!over) child.kill('SIGTERM');
          await Promise.race([exited, new Promise((settle) => setTimeout(settle, 10_000).unref())]);
          child.kill('SIGKILL');
          await browser.close().catch(() => undefined);
        },
      };
    }
    await browser?.close();
    await new Promise((settle) => setTimeout(settle, 200));
  }
}
