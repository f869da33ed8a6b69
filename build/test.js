/**
 * `npm test`: every suite this machine can run. What must be left out is said in one line with the way to get it; with
 * CI=true leaving anything out is a failure. Arguments are handed to vitest (a path runs that part alone).
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findChromium } from './chromium.js';
import { findNode } from './node.js';

const root = fileURLToPath(new URL('..', import.meta.url));
const node = findNode() ?? process.execPath;
const has = (command) => spawnSync('sh', ['-c', `command -v ${command}`]).status === 0;
const chromium = findChromium();
const keyring = process.platform === 'linux' && has('gnome-keyring-daemon') && has('dbus-run-session') && has('gdbus');

/** Whether WebGPU finds an adapter; Mesa's software Vulkan counts from version 25 on. Asked in a process that may die of it. */
const webgpu =
  spawnSync(node, [join(root, 'test', 'services', 'inference', 'hasWebgpu.ts')], {
    env: { ...process.env, ORT_DISABLE_TELEMETRY: '1' },
  }).stdout?.toString() === 'works';

/** What a suite needs, the folders that need it, and how a person gets it. */
const needs = [
  {
    have: Boolean(chromium),
    name: 'browser suites',
    exclude: ['test/**/*.browser.test.ts'],
    get: 'apt-get install chromium-headless-shell (or any Chromium, and CHROMIUM_PATH says where)',
  },
  {
    have: keyring,
    name: 'keychain suites',
    exclude: ['test/**/*.keyring.test.ts'],
    get: 'apt-get install gnome-keyring dbus libsecret-1-0 libglib2.0-bin',
  },
  {
    have: process.platform === 'linux' && has('strace'),
    name: 'system-call suites',
    exclude: ['test/**/*.syscalls*.test.ts'],
    get: 'apt-get install strace',
  },
  {
    have: webgpu,
    name: 'WebGPU suites',
    exclude: ['test/**/*.webgpu.test.ts'],
    get: 'a graphics driver, or Mesa 25 with mesa-vulkan-drivers (on Debian 12 from its backports; .ci/run does it)',
  },
];
const missing = needs.filter((need) => !need.have);
for (const { name, get } of missing) console.log(`Left out: ${name}. To run them: ${get}`);
if (!existsSync(join(root, '..', 'shared', 'models'))) {
  console.log('Left out: comparison with a real checkpoint. To run it: put TinyStories-656K into ../shared/models');
}
if (process.env.CI === 'true' && missing.length > 0) {
  console.error('With CI=true nothing may be left out.');
  process.exit(1);
}

const env = {
  ...process.env,
  PATH: `${dirname(node)}${delimiter}${process.env.PATH ?? ''}`,
  ORT_DISABLE_TELEMETRY: '1',
  // The suites start Node a thousand times, often on TypeScript: what one has compiled, the next one takes.
  NODE_COMPILE_CACHE: join(root, 'dist', 'compiled'),
  TESTS_LEFT_OUT: missing.flatMap(({ exclude }) => exclude).join(' '),
  ...(chromium && { CHROMIUM_PATH: chromium }),
};
const run = (command, args) => spawnSync(command, args, { cwd: root, env, stdio: 'inherit' }).status ?? 1;
const built = run(node, ['build/build.js']);
if (built !== 0) process.exit(built);

const report = join(root, 'dist', 'test-report.json');
mkdirSync(join(root, 'dist'), { recursive: true });
rmSync(report, { force: true });
const vitest = [
  'node_modules/vitest/vitest.mjs',
  'run',
  '--config',
  'build/vitest.config.ts',
  '--reporter=default',
  '--reporter=json',
  `--outputFile.json=${report}`,
  ...process.argv.slice(2),
];
const status = keyring ? run('bash', ['build/withKeyring.sh', node, ...vitest]) : run(node, vitest);
if (existsSync(report)) {
  const { numPassedTests, numFailedTests, numPendingTests } = JSON.parse(readFileSync(report, 'utf8'));
  console.log(
    `${numPassedTests} passed, ${numFailedTests} failed${numPendingTests ? `, ${numPendingTests} skipped` : ''}`,
  );
}
process.exit(status);
