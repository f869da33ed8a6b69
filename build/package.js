/**
 * `npm run package`: builds everything and lets electron-builder make the installers of this system, into release/.
 *   --dir              only the unpacked app
 *   --dist FOLDER      an Electron distribution that is already here, instead of fetching one
 *   --out FOLDER       another place than release/
 * Other words go to electron-builder as they are (`--linux`, `--arm64`, `--publish never`).
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { build } from './build.js';
import bundled from './bundled.json' with { type: 'json' };

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

/** What the update shows as "what changed": the part of CHANGELOG.md about this version. */
function releaseNotes() {
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const parts = readFileSync(join(root, 'CHANGELOG.md'), 'utf8').split(/^## /m);
  const own = parts.find((part) => part.startsWith(version)) ?? '';
  return own.slice(own.indexOf('\n') + 1).trim();
}

await build();
// electron-builder takes it into the release files by this name.
writeFileSync(join(root, 'build/resources/release-notes.md'), `${releaseNotes()}\n`);
writeFileSync(
  join(root, 'dist/third-party-notices.txt'),
  [...bundled, 'onnxruntime-common', 'onnxruntime-node', 'keytar']
    .map(notice)
    .filter(Boolean)
    .join(`\n${'-'.repeat(80)}\n\n`),
);

const builder = join(root, 'node_modules/electron-builder/cli.js');
const { status } = spawnSync(
  process.execPath,
  [
    builder,
    '--config',
    'electron-builder.yml',
    '--publish',
    'never',
    ...(typeof values.dist === 'string' ? [`-c.electronDist=${resolve(values.dist)}`] : []),
    ...(typeof values.out === 'string' ? [`-c.directories.output=${resolve(values.out)}`] : []),
    ...rest,
  ],
  { cwd: root, stdio: 'inherit', env: { ...process.env, ELECTRON_BUILDER_DISABLE_UPDATE_CHECK: '1' } },
);
process.exitCode = status ?? 1;
