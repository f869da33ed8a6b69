/**
 * `npm run package`: builds everything and lets electron-builder make the installers of this system, into release/.
 *   --dir              only the unpacked app
 *   --dist FOLDER      an Electron distribution that is already here, instead of fetching one
 *   --out FOLDER       another place than release/
 * Other words go to electron-builder as they are (`--linux`, `--arm64`, `--publish never`).
 *
 * On Linux every kind of package is made in a run of its own: deb and rpm write their name into the very folder that the
 * other kinds are made from, and an AppImage that takes itself for a deb cannot replace itself by a newer one.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { dump, load } from 'js-yaml';
import { build } from './build.js';
import bundled from './bundled.json' with { type: 'json' };
import { releaseNotes } from './releaseNotes.js';

const root = resolve(import.meta.dirname, '..');
const { values, tokens } = parseArgs({
  strict: false,
  tokens: true,
  options: { dist: { type: 'string' }, out: { type: 'string' } },
});
const taken = new Set(
  (tokens ?? [])
    .filter((token) => token.kind === 'option' && ['dist', 'out'].includes(token.name))
    .flatMap((token) =>
      token.kind === 'option' && token.inlineValue === false ? [token.index, token.index + 1] : [token.index],
    ),
);
const rest = process.argv.slice(2).filter((_word, at) => !taken.has(at));

/** The licence of a package. @param {string} name */
function notice(name) {
  const folder = [
    join(root, 'node_modules', name),
    join(root, 'node_modules/@huggingface/transformers/node_modules', name),
  ].find((path) => existsSync(join(path, 'package.json')));
  if (!folder) return '';
  const about = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const file = ['LICENSE', 'LICENSE.md', 'LICENSE.txt', 'license']
    .map((each) => join(folder, each))
    .find((each) => existsSync(each));
  return `${name} ${about.version}\n${about.license ?? ''}\n\n${file ? readFileSync(file, 'utf8').trim() : `Licence: ${about.license}`}\n`;
}

/** The systems that the words name, as Node calls them; none named means this one. */
const systems = Object.entries({
  linux: /^(--linux|-l)$/,
  darwin: /^(--mac|--macos|-[mo])$/,
  win32: /^(--win|--windows|-w)$/,
})
  .filter(([, flag]) => rest.some((word) => flag.test(word)))
  .map(([name]) => name);
const system = systems[0] ?? process.platform;

if (systems.length > 1) {
  console.error('One system at a time, please: each has its own files.');
  process.exit(1);
}
await build();
// electron-builder takes it into the release files by this name; updates show it as "what changed".
writeFileSync(join(root, 'build/resources/release-notes.md'), `${releaseNotes().notes}\n`);
writeFileSync(
  join(root, 'dist/third-party-notices.txt'),
  [...bundled, 'onnxruntime-common', 'onnxruntime-node', 'keytar']
    .map(notice)
    .filter(Boolean)
    .join(`\n${'-'.repeat(80)}\n\n`),
);

/** Without a certificate a Mac program is signed by nobody in particular: Apple silicon runs no program without any signature. */
const unsigned =
  process.platform === 'darwin' && !process.env.CSC_LINK && !process.env.CSC_NAME
    ? ['-c.mac.identity=-', '-c.mac.hardenedRuntime=false', '-c.mac.notarize=false']
    : [];

/** One run of electron-builder. @param {readonly string[]} words */
function run(words) {
  const { status } = spawnSync(
    process.execPath,
    [
      join(root, 'node_modules/electron-builder/cli.js'),
      '--config',
      'electron-builder.yml',
      '--publish',
      'never',
      ...(typeof values.dist === 'string' ? [`-c.electronDist=${resolve(values.dist)}`] : []),
      `-c.directories.output=${out}`,
      ...unsigned,
      ...words,
    ],
    {
      cwd: root,
      stdio: 'inherit',
      env: { ...process.env, LATCHKEY_SYSTEM: system, ELECTRON_BUILDER_DISABLE_UPDATE_CHECK: '1' },
    },
  );
  return status ?? 1;
}

const out = resolve(typeof values.out === 'string' ? values.out : join(root, 'release'));
if (system !== 'linux' || rest.includes('--dir')) process.exitCode = run(rest);
else process.exitCode = onePackageAtATime();

/** Every kind of Linux package, or the named ones, and one list of all of them for those who look for updates. */
function onePackageAtATime() {
  const kinds = ['AppImage', 'tar.gz', 'deb', 'rpm'];
  const named = kinds.filter((kind) => rest.includes(kind));
  const others = rest.filter((word) => !kinds.includes(word) && word !== '--linux' && word !== '-l');
  /** @type {Map<string, { files: object[] }>} */
  const lists = new Map();
  for (const kind of named.length > 0 ? named : kinds) {
    const status = run(['--linux', kind, ...others]);
    if (status !== 0) return status;
    for (const name of readdirSync(out).filter((file) => /^\w+-linux[\w-]*\.yml$/.test(file))) {
      const list = /** @type {{ files: object[] }} */ (load(readFileSync(join(out, name), 'utf8')));
      const before = lists.get(name);
      // A kind that is never updated leaves the list of the run before.
      const known = new Set(before?.files.map((file) => JSON.stringify(file)));
      const fresh = list.files.filter((file) => !known.has(JSON.stringify(file)));
      lists.set(name, before ? { ...before, files: [...before.files, ...fresh] } : list);
    }
  }
  for (const [name, list] of lists) writeFileSync(join(out, name), dump(list));
  return 0;
}
