// npm run doctor: says what works on this computer, and why the rest does not. Plain JavaScript that also runs on Node 20.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { findNode } from './node.js';

const root = resolve(import.meta.dirname, '..');
const entry = join(root, 'dist/electron/doctor.js');
const node = findNode();

async function ready() {
  if (!existsSync(join(root, 'node_modules/vite'))) return 'Run "npm install" first.';
  if (!node) return 'Latchkey needs Node 24. Run "npm install" again, or install Node 24.';
  try {
    const { build } = await import('./build.js');
    // What it prints belongs to people, --json's output to programs.
    const { log } = console;
    console.log = console.error;
    await build(['electron']);
    console.log = log;
  } catch (error) {
    // A doctor from the last build is better than none.
    if (!existsSync(entry))
      return `Latchkey could not be built. ${error instanceof Error ? error.message : String(error)}`;
  }
  return undefined;
}

const obstacle = await ready();
if (obstacle === undefined && node) {
  const { status } = spawnSync(node, [entry, ...process.argv.slice(2)], {
    stdio: 'inherit',
    env: { ...process.env, ORT_DISABLE_TELEMETRY: '1' },
  });
  process.exitCode = status ?? 1;
} else {
  console.error(obstacle);
  process.exitCode = 1;
}
