import { existsSync } from 'node:fs';
import { glob, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));

async function filesOf(...patterns: string[]): Promise<readonly string[]> {
  const found: string[] = [];
  for await (const file of glob(patterns, { cwd: root, exclude: (name) => /node_modules/.test(name) }))
    found.push(file);
  return found.sort();
}

const documents = await filesOf('*.md', 'docs/**/*.md', 'build/practice-model/*.md');
const sources = await filesOf('{electron,renderer,build,test}/**/*.{ts,js,svelte}');

/** Files of this repository that a text names; a path of another project comes after that project's name. */
const named =
  /(?<![\w/.-]|git-lfs )(?:docs|test|build|electron|renderer)\/[\w./-]+\.(?:md|ts|js|svelte|json|py|sh)(?![\w-])/g;

describe('no dead ends', () => {
  test('the documents are there', () => {
    for (const file of ['README.md', 'CONTRIBUTING.md', 'CHANGELOG.md', 'docs/dependencies.md'])
      expect(documents).toContain(file);
    expect(documents.filter((file) => file.startsWith('docs/decisions/')).length).toBeGreaterThan(4);
  });

  test.each(documents)('%s links to files that exist, and names only such', async (document) => {
    const text = await readFile(join(root, document), 'utf8');
    const links = [...text.matchAll(/\]\((?!https?:|#|mailto:)([^)#\s]+)/g)].map(([, target]) => target ?? '');
    expect(links.filter((target) => !existsSync(join(root, dirname(document), target)))).toEqual([]);
    // Folders that a build makes are named as well; they are no files of ours.
    expect([...text.matchAll(named)].map(([path]) => path).filter((path) => !existsSync(join(root, path)))).toEqual([]);
  });

  test('comments name documents that exist', async () => {
    const dead: string[] = [];
    for (const source of sources) {
      const text = await readFile(join(root, source), 'utf8');
      const comments = [...text.matchAll(/\/\/.*|\/\*[\s\S]*?\*\/|<!--[\s\S]*?-->/g)].map(([comment]) => comment);
      for (const [path] of comments.flatMap((comment) => [...comment.matchAll(named)]))
        if (!existsSync(join(root, path))) dead.push(`${source}: ${path}`);
    }
    expect(dead).toEqual([]);
  });

  test('each decision has a number of its own', async () => {
    const numbers = (await filesOf('docs/decisions/*.md')).map((file) => file.split('/')[2]?.slice(0, 4));
    expect(new Set(numbers).size).toBe(numbers.length);
  });

  test('each dependency is explained', async () => {
    const { dependencies, devDependencies } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as Record<
      'dependencies' | 'devDependencies',
      Record<string, string>
    >;
    const text = await readFile(join(root, 'docs/dependencies.md'), 'utf8');
    const all = { ...dependencies, ...devDependencies };
    expect(Object.keys(all).filter((name) => !text.includes(name))).toEqual([]);
    // Exact versions only.
    expect(Object.values(all).filter((version) => !/^(?:npm:@[\w/-]+@)?\d+\.\d+\.\d+$/.test(version))).toEqual([]);
  });
});
