// node build/releaseNotes.js TAG: prints what CHANGELOG.md says of this version. A tag that is not the package's version, or
// a version without a word about it, is a mistake and ends with 1.
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

const root = resolve(import.meta.dirname, '..');

/** The version that is built from here, and the part of CHANGELOG.md about it; empty where there is none. */
export function releaseNotes() {
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const parts = readFileSync(join(root, 'CHANGELOG.md'), 'utf8').split(/^## /m);
  const own = parts.find((part) => part.split(/\s/, 1)[0] === version) ?? '';
  return { version, notes: own.slice(own.indexOf('\n') + 1).trim() };
}

if (process.argv[1] === import.meta.filename) {
  const tag = process.argv[2] ?? '';
  const { version, notes } = releaseNotes();
  if (tag !== `v${version}`) console.error(`The tag ${tag} is not v${version}, the version of package.json.`);
  else if (notes === '') console.error(`CHANGELOG.md says nothing about ${version}.`);
  if (tag !== `v${version}` || notes === '') process.exitCode = 1;
  else console.log(notes);
}
