// npm start: builds what is out of date and opens Latchkey. Plain JavaScript that also runs on Node 20.
//   --web       the page in your own browser instead of a window
//   --practice  the built-in practice Hub: no account, no network
// Where the desktop app cannot run, says why in one line and starts the web host: the same product, the same data.
import { spawn, spawnSync } from 'node:child_process';
import { lookup } from 'node:dns/promises';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { build } from './build.js';
import { findNode } from './node.js';

const root = resolve(import.meta.dirname, '..');
const args = process.argv.slice(2);
const env = { ...process.env, ORT_DISABLE_TELEMETRY: '1' };
/** A download of some 110 MB: long enough for a slow line, short enough to notice. */
const downloadMilliseconds = 10 * 60_000;
/** A start that fails sooner than this never showed a window. */
const failedStartMilliseconds = 8000;

/** Path of the Electron program, where it is installed. */
function findElectron() {
  const names = { darwin: 'Electron.app/Contents/MacOS/Electron', win32: 'electron.exe' };
  const name = process.platform in names ? names[/** @type {'darwin' | 'win32'} */ (process.platform)] : 'electron';
  const folder = process.env.ELECTRON_OVERRIDE_DIST_PATH ?? join(root, 'node_modules/electron/dist');
  const path = join(folder, name);
  return existsSync(path) ? path : undefined;
}

/** Where Electron is downloaded from; a proxy or a mirror has its own way. */
async function downloadIsPossible() {
  const { ELECTRON_MIRROR, npm_config_electron_mirror: mirror, ELECTRON_GET_USE_PROXY } = process.env;
  if (ELECTRON_MIRROR || mirror || ELECTRON_GET_USE_PROXY) return true;
  const late = new Promise((settle) => setTimeout(settle, 3000, false).unref());
  const found = lookup('github.com').then(
    () => true,
    () => false,
  );
  return Promise.race([found, late]);
}

/** Fetches the Electron program with Electron's own installer. @returns {Promise<string | undefined>} why it is not there */
async function fetchElectron() {
  if (!(await downloadIsPossible())) return 'Electron is not installed and github.com cannot be reached to fetch it';
  const installer = createRequire(import.meta.url).resolve('electron/install.js');
  console.log('Fetching Electron, once (about 110 MB)...');
  const { status, stderr } = spawnSync(findNode() ?? process.execPath, [installer], {
    stdio: ['ignore', 'inherit', 'pipe'],
    encoding: 'utf8',
    timeout: downloadMilliseconds,
    env,
  });
  if (status === 0 && findElectron()) return undefined;
  const said = stderr.split('\n').find((line) => line.includes('rror')) ?? 'the download did not end';
  return `Electron could not be fetched (${said.trim().slice(0, 160)})`;
}

/** Why there can be no window here, if so. */
async function desktopObstacle() {
  if (process.platform === 'linux') {
    if (process.getuid?.() === 0) return 'Electron does not run as root, and Latchkey will not switch its sandbox off';
    if (!process.env.DISPLAY && !process.env.WAYLAND_DISPLAY)
      return 'there is no screen (neither DISPLAY nor WAYLAND_DISPLAY is set)';
  }
  return findElectron() ? undefined : fetchElectron();
}

/** Runs a program until it ends, with our terminal; its end by our signals is its own. @param {string} program @param {readonly string[]} words */
function runToEnd(program, words) {
  const began = performance.now();
  const child = spawn(program, words, { stdio: 'inherit', env, cwd: root });
  /** @param {NodeJS.Signals} signal */
  const pass = (signal) => void child.kill(signal);
  process.on('SIGINT', () => undefined); // the terminal sends it to the child as well
  process.on('SIGTERM', pass);
  process.on('SIGHUP', pass);
  return new Promise((settle) => {
    /** @param {number | null} code @param {string} [reason] */
    const end = (code, reason) => settle({ code: code ?? 1, reason, milliseconds: performance.now() - began });
    child.once('error', (error) => end(1, error.message));
    child.once('exit', (code, signal) => end(code, signal ?? undefined));
  });
}

async function runWeb() {
  const node = findNode();
  if (!node) {
    console.error('Latchkey needs Node 24. Run "npm install" again, or install Node 24.');
    return 1;
  }
  const { code } = await runToEnd(node, [
    join(root, 'dist/electron/web.js'),
    ...args.filter((word) => word !== '--web'),
  ]);
  return code;
}

async function run() {
  if (args.includes('--help')) return runWeb();
  if (process.platform === 'darwin' && process.arch === 'x64')
    console.log(
      'On a Mac with an Intel processor Latchkey checks access, but cannot run models: its runtime has no build.',
    );
  try {
    await build();
  } catch (error) {
    console.error(`Latchkey could not be built.\n${error instanceof Error ? error.message : String(error)}`);
    return 1;
  }
  if (args.includes('--web')) return runWeb();
  const obstacle = await desktopObstacle();
  const electron = findElectron();
  if (obstacle !== undefined || !electron) {
    console.log(`No desktop window: ${obstacle}. Opening Latchkey in your browser instead.`);
    return runWeb();
  }
  const words = args.filter((word) => !['--no-open', '--open'].includes(word));
  const { code, reason, milliseconds } = await runToEnd(electron, [root, ...words]);
  if (
    (code !== 0 || reason !== undefined) &&
    milliseconds < failedStartMilliseconds &&
    reason !== 'SIGINT' &&
    reason !== 'SIGTERM'
  ) {
    console.log(
      `No desktop window: Electron ended at once (${reason ?? `code ${code}`}). Opening Latchkey in your browser instead.`,
    );
    return runWeb();
  }
  return code;
}

if (existsSync(join(root, 'node_modules/vite'))) process.exitCode = await run();
else {
  console.error('Run "npm install" first.');
  process.exitCode = 1;
}
