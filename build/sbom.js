// node build/sbom.js FILE: the bill of materials (CycloneDX) of what ships: the packages that are copied into the app or
// bundled into it, with their versions, licences and hashes, from npm's own reading of the lockfile.
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import bundled from './bundled.json' with { type: 'json' };

/** @param {readonly string[]} words */
const npmSbom = (words) =>
  JSON.parse(
    execFileSync('npm', ['sbom', '--sbom-format=cyclonedx', ...words], {
      encoding: 'utf8',
      maxBuffer: 2 ** 28,
      shell: process.platform === 'win32',
      stdio: ['ignore', 'pipe', 'ignore'],
    }),
  );

const shipped = npmSbom(['--omit=dev']);
const all = npmSbom([]);
const inside = new Set([...bundled, 'electron']);
/** @param {{ group?: string, name: string }} component */
const nameOf = ({ group, name }) => (group ? `${group}/${name}` : name);
const known = new Set(shipped.components.map((/** @type {{ 'bom-ref': string }} */ component) => component['bom-ref']));
for (const component of all.components) {
  if (!inside.has(nameOf(component)) || known.has(component['bom-ref'])) continue;
  delete component.scope;
  shipped.components.push(component);
}
const file = resolve(process.argv[2] ?? 'release/latchkey.cdx.json');
mkdirSync(dirname(file), { recursive: true });
writeFileSync(file, `${JSON.stringify(shipped, null, 2)}\n`);
console.log(`${shipped.components.length} components in ${file}`);
