/**
 * signUpdates.ts FOLDER: signs the release files (latest*.yml, beta*.yml) in FOLDER with the key in UPDATE_SIGNING_KEY
 * (PKCS#8 PEM), so that installed apps accept them; with UPDATE_PUBLIC_KEY, only if those are the apps that hold it. The files' hashes are compared with the programs beside them first:
 * what is signed is what will be downloaded.
 */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { load } from 'js-yaml';
import { isSigned, type Release, signRelease } from '../electron/services/updates/signature.ts';

const folder = process.argv[2] ?? 'release';
const key = process.env['UPDATE_SIGNING_KEY'];
const files = readdirSync(folder).filter((name) => /^(latest|beta)[\w-]*\.yml$/.test(name));
if (files.length === 0) throw new Error(`There is no release file in ${folder}.`);
const publicKey = process.env['UPDATE_PUBLIC_KEY'];
if (!key && publicKey)
  throw new Error('UPDATE_SIGNING_KEY is not set, but these builds want releases that are signed with it.');
if (!key) {
  console.log('UPDATE_SIGNING_KEY is not set: these builds will not be accepted as updates by installed apps.');
  process.exit(0);
}

for (const name of files) {
  const path = join(folder, name);
  const release = load(readFileSync(path, 'utf8')) as Release & { latchkeySignature?: string };
  for (const { url, sha512, size } of release.files) {
    const program = join(folder, url);
    const found = createHash('sha512').update(readFileSync(program)).digest('base64');
    if (found !== sha512 || (size !== undefined && size !== statSync(program).size))
      throw new Error(`${name} says of ${url} what is not true.`);
  }
  // JSON is YAML, and cannot be read in two ways.
  const signed = { ...release, latchkeySignature: signRelease(release, key) };
  if (publicKey && !isSigned(signed, signed.latchkeySignature, publicKey))
    throw new Error('UPDATE_SIGNING_KEY is not the other half of UPDATE_PUBLIC_KEY, which these builds hold.');
  writeFileSync(path, `${JSON.stringify(signed, null, 2)}\n`);
  console.log(`${name}: version ${release.version}, ${release.files.length} files, signed`);
}
