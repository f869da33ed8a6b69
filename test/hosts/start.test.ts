import { spawn } from 'node:child_process';
import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ensureBuilt, root } from './launch.ts';

const place = mkdtempSync(join(tmpdir(), 'start-'));
const nobody = 65534;
const isRoot = process.getuid?.() === 0;

beforeAll(() => {
  chmodSync(place, 0o755);
});
afterAll(() => rmSync(place, { recursive: true, force: true }));

/** Runs `npm start` as somebody, until it printed an address or ended; answers what it said. */
async function start(
  words: readonly string[],
  { env = {}, asRoot = false }: { readonly env?: Record<string, string>; readonly asRoot?: boolean } = {},
): Promise<string> {
  await ensureBuilt();
  const data = mkdtempSync(join(place, 'data-'));
  if (isRoot) chownSync(data, nobody, nobody);
  // The Node that people have: the one of the system, which need not be the product's.
  const line = ['/usr/bin/env', 'node', join(root, 'build/start.js'), '--data', data, ...words];
  const [command = '', ...rest] =
    isRoot && !asRoot ? ['setpriv', `--reuid=${nobody}`, `--regid=${nobody}`, '--clear-groups', ...line] : line;
  const PATH = (process.env['PATH'] ?? '')
    .split(':')
    .filter((folder) => !folder.includes('node_modules'))
    .join(':');
  const child = spawn(command, rest, { env: { PATH, HOME: data, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  const { promise, resolve } = Promise.withResolvers<void>();
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (text: Buffer) => {
      said += text.toString();
      if (/http:\/\/127\.0\.0\.1:\d+\/#/.test(said)) resolve();
    });
  }
  child.once('exit', () => resolve());
  await promise;
  child.kill('SIGTERM');
  await new Promise((settle) =>
    child.exitCode === null && child.signalCode === null ? child.once('exit', settle) : settle(0),
  );
  return said;
}

/** A folder with a program that looks like Electron. */
function electronThat(script: string): string {
  const folder = mkdtempSync(join(place, 'electron-'));
  chmodSync(folder, 0o755);
  mkdirSync(join(folder, 'x'));
  writeFileSync(join(folder, 'electron'), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  return folder;
}

const address = /http:\/\/127\.0\.0\.1:\d+\/#[\w-]{43}/;

describe.runIf(process.platform === 'linux')('npm start', () => {
  test('with --web starts the web host and says nothing about windows', async () => {
    const said = await start(['--web', '--no-open']);
    expect(said).toMatch(address);
    expect(said).not.toContain('No desktop window');
  });

  test('without a screen says so in one line and starts the web host', async () => {
    const said = await start(['--practice']);
    expect(said).toContain('No desktop window: there is no screen');
    expect(said.split('\n').filter((line) => line.includes('No desktop window'))).toHaveLength(1);
    expect(said).toMatch(address);
  });

  test.runIf(isRoot)('as root never passes --no-sandbox: it says why and starts the web host', async () => {
    const env = { DISPLAY: ':9', ELECTRON_OVERRIDE_DIST_PATH: electronThat('echo STARTED "$@"; sleep 20') };
    const said = await start(['--no-open'], { asRoot: true, env });
    expect(said).toContain('No desktop window: Electron does not run as root');
    expect(said).not.toContain('STARTED');
    expect(said).toMatch(address);
  });

  test('with Electron there opens the desktop app with our flags', async () => {
    const env = { DISPLAY: ':9', ELECTRON_OVERRIDE_DIST_PATH: electronThat('echo STARTED "$@"') };
    const said = await start(['--practice', '--no-open'], { env });
    expect(said).toMatch(/^STARTED .* --data .* --practice$/m);
    expect(said).not.toContain('sandbox');
    expect(said).not.toMatch(address);
  });

  test('with an Electron that dies at once says so and starts the web host', async () => {
    const env = { DISPLAY: ':9', ELECTRON_OVERRIDE_DIST_PATH: electronThat('exit 5') };
    const said = await start(['--no-open'], { env });
    expect(said).toContain('No desktop window: Electron ended at once (code 5)');
    expect(said).toMatch(address);
  });

  test('with Electron missing and no way to fetch it says so and starts the web host', async () => {
    const env = {
      DISPLAY: ':9',
      ELECTRON_OVERRIDE_DIST_PATH: join(place, 'nothing'),
      ELECTRON_MIRROR: 'http://127.0.0.1:9/',
    };
    const said = await start(['--no-open'], { env });
    expect(said).toContain('No desktop window: Electron could not be fetched');
    expect(said).toMatch(address);
  });
});
