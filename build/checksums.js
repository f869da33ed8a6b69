// node build/checksums.js FOLDER: writes SHA256SUMS-<system>-<arch> for every installer in it, as `sha256sum -c` reads it.
import { createHash } from 'node:crypto';
import { createReadStream, readdirSync, writeFileSync } from 'node:fs';
import { arch, platform } from 'node:os';
import { join, resolve } from 'node:path';
import { pipeline } from 'node:stream/promises';

const installers = /\.(dmg|zip|exe|AppImage|deb|rpm|tar\.gz|cdx\.json)$/;
const folder = resolve(process.argv[2] ?? 'release');
const lines = [];
for (const name of readdirSync(folder)
  .filter((each) => installers.test(each))
  .sort()) {
  const hash = createHash('sha256');
  await pipeline(createReadStream(join(folder, name)), hash);
  lines.push(`${hash.digest('hex')}  ${name}\n`);
}
if (lines.length === 0) {
  console.error(`There is no installer in ${folder}.`);
  process.exit(1);
}
writeFileSync(join(folder, `SHA256SUMS-${platform()}-${arch()}`), lines.join(''));
console.log(lines.join('').trimEnd());
