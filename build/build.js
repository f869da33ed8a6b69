// node build/build.js [part...]: makes dist/. A part whose inputs did not change is left alone, so a second run is quick.
// Plain JavaScript: it also runs on the Node 20 that many people have.
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';

const root = resolve(import.meta.dirname, '..');
const dist = join(root, 'dist');
const common = ['package.json', 'package-lock.json', 'build/build.js'];

/** @param {string} config */
const bundle = (config) => async () => {
  const { build } = await import('vite');
  await build({
    root: config === 'renderer' ? join(root, 'renderer') : root,
    configFile: join(root, `build/${config}.config.ts`),
    logLevel: 'warn',
  });
};

/** Parts of dist/, what each is made from, and how. */
const parts = {
  renderer: { inputs: ['build/renderer.config.ts', 'renderer', 'electron/contract'], make: bundle('renderer') },
  preload: {
    inputs: ['build/preload.config.ts', 'electron/hosts/desktop', 'electron/contract'],
    make: bundle('preload'),
  },
  electron: { inputs: ['build/electron.config.ts', 'build/noSharp.js', 'electron'], make: bundle('electron') },
  'practice-model': {
    inputs: ['electron/practice/model'],
    make: async () => {
      rmSync(join(dist, 'practice-model'), { recursive: true, force: true });
      cpSync(join(root, 'electron/practice/model'), join(dist, 'practice-model'), { recursive: true });
    },
  },
};

/** Every file below a path, with its size and time: any edit changes the list. @param {string} path @returns {string[]} */
function listing(path) {
  const full = join(root, path);
  if (!existsSync(full)) return [];
  const facts = statSync(full);
  if (!facts.isDirectory()) return [`${path} ${facts.size} ${facts.mtimeMs}`];
  return readdirSync(full)
    .sort()
    .flatMap((name) => listing(`${path}/${name}`));
}

/** @param {readonly string[]} inputs */
const fingerprint = (inputs) =>
  createHash('sha256')
    .update([...common, ...inputs].flatMap(listing).join('\n'))
    // Built into the hosts (electron.config.ts).
    .update(process.env.LATCHKEY_CLIENT_ID ?? '')
    .digest('hex');

/** @typedef {keyof typeof parts} Part */

/** What a file says, if it is there: another build may take it away in any moment. @param {string} path */
function textOf(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

/** Whether a part was made from what is there now. @param {Part} part */
function isFresh(part) {
  const stamp = join(dist, 'stamps', part);
  return existsSync(join(dist, part)) && textOf(stamp) === fingerprint(parts[part].inputs);
}

/** @param {Part} part */
async function makePart(part) {
  const stamp = join(dist, 'stamps', part);
  // Taken before the work: what is edited meanwhile makes the part stale again.
  const inputs = fingerprint(parts[part].inputs);
  const began = performance.now();
  rmSync(stamp, { force: true });
  await parts[part].make();
  mkdirSync(join(dist, 'stamps'), { recursive: true });
  writeFileSync(stamp, inputs);
  console.log(`built ${part} in ${((performance.now() - began) / 1000).toFixed(1)} s`);
}

/** @param {number} pid */
function lives(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** Two builds at once (tests, an editor, a person) take turns. @param {() => Promise<void>} work */
async function alone(work) {
  const lock = join(dist, 'building');
  mkdirSync(dist, { recursive: true });
  for (;;) {
    try {
      writeFileSync(lock, String(process.pid), { flag: 'wx' });
      break;
    } catch (error) {
      if (!(error instanceof Error) || !('code' in error) || error.code !== 'EEXIST') throw error;
      const holder = Number(textOf(lock) ?? 0);
      if (holder > 0 && !lives(holder)) rmSync(lock, { force: true });
      else await wait(100);
    }
  }
  try {
    await work();
  } finally {
    rmSync(lock, { force: true });
  }
}

/** Makes the named parts of dist/, all by default, where they are out of date. @param {readonly string[]} wanted */
export async function build(wanted = Object.keys(parts), { force = false } = {}) {
  const stale = () =>
    /** @type {Part[]} */ (Object.keys(parts)).filter((part) => wanted.includes(part) && !isFresh(part));
  // Looked at before taking turns: a finished build needs no right to write here.
  if (!force && stale().length === 0) return;
  await alone(async () => {
    for (const part of force ? /** @type {Part[]} */ (wanted) : stale()) await makePart(part);
  });
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const wanted = process.argv.slice(2).filter((word) => word in parts);
  try {
    await build(wanted.length > 0 ? wanted : undefined, { force: process.argv.includes('--force') });
  } catch (error) {
    // A bundler's stack says nothing about our code; its message does.
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  }
}
