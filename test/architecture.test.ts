import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { expect, test } from 'vitest';

/** Who may import whom. Read top to bottom: a folder may import itself and what is listed. */
const mayImport: Record<string, readonly string[]> = {
  'electron/contract': [],
  'electron/services/durable': ['node:'],
  'electron/services/work': ['electron/contract', 'electron/services', 'node:'],
  'electron/services/hub': ['electron/contract', 'electron/services', 'node:'],
  'electron/services/download': ['electron/contract', 'electron/services', 'electron/services/durable', 'node:'],
  'electron/services/convert': ['electron/contract', 'electron/services', 'electron/services/durable', 'node:'],
  'electron/services/inference': [
    'electron/contract',
    'electron/services',
    'electron/services/durable',
    'electron/services/work',
    'node:',
    'onnxruntime-node',
    '@huggingface/transformers',
  ],
  'electron/services/chats': ['electron/contract', 'electron/services', 'electron/services/durable', 'node:'],
  'electron/services': ['electron/contract', 'electron/services/**', 'node:'],
  'electron/practice': ['electron/contract', 'node:'],
  'electron/adapters': ['electron/contract', 'electron/services/**', 'node:', 'keytar'],
  'electron/workers': ['electron/contract', 'electron/services/**', 'node:'],
  'electron/hosts/desktop': [
    'electron/contract',
    'electron/services/**',
    'electron/adapters',
    'electron/practice/**',
    'electron/hosts',
    'node:',
    'electron',
  ],
  'electron/hosts/web': [
    'electron/contract',
    'electron/services/**',
    'electron/adapters',
    'electron/practice/**',
    'electron/hosts',
    'node:',
  ],
  'electron/hosts': ['electron/contract', 'electron/services/**', 'electron/adapters', 'electron/practice/**', 'node:'],
  renderer: ['electron/contract', 'svelte'],
};

/** Folders inside services that are rooms of their own and not listed above: composites that may use every sibling. */
const composites = ['setup', 'signIn', 'models', 'generation'].map((name) => `electron/services/${name}`);

const sources = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.(ts|svelte)$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name));

const layerOf = (path: string): string | undefined =>
  Object.keys(mayImport)
    .filter((layer) => path === layer || path.startsWith(`${layer}/`))
    .sort((a, b) => b.length - a.length)[0];

const allows = (rule: string, target: string): boolean => {
  if (rule.endsWith(':')) return target.startsWith(rule);
  if (rule.endsWith('/**')) return target.startsWith(rule.slice(0, -2));
  return target === rule || target.startsWith(`${rule}/`) || layerOf(target) === rule;
};

const specifiers = (text: string): string[] =>
  [...text.matchAll(/(?:from\s+|import\s+|import\()'([^']+)'/g)].map((match) => match[1]!);

function offences(file: string, text: string): string[] {
  const layer = layerOf(file);
  if (layer === undefined) return [`${file} has no layer`];
  return specifiers(text).flatMap((specifier) => {
    const target = specifier.startsWith('.') ? normalize(join(dirname(file), specifier)) : specifier;
    const own = specifier.startsWith('.') && layerOf(target) === layer;
    const siblings =
      layer === 'electron/services' || !layer.startsWith('electron/services/')
        ? false
        : // A room may use the ports and sentences that stand beside it, but not another room.
          dirname(target) === 'electron/services';
    const allowed = (mayImport[layer] ?? []).some((rule) =>
      rule === 'electron/services' ? siblings : allows(rule, target),
    );
    return own || siblings || allowed ? [] : [`${file} -> ${specifier}`];
  });
}

test('imports point one way only', () => {
  const wrong = ['electron', 'renderer'].flatMap((root) =>
    sources(root).flatMap((file) => offences(file, readFileSync(file, 'utf8'))),
  );
  expect(wrong).toEqual([]);
});

test('a planted import is found', () => {
  expect(offences('electron/services/hub/x.ts', `import { a } from '../download/plan.ts'`)).toHaveLength(1);
  expect(offences('electron/services/chats/x.ts', `import { app } from 'electron'`)).toHaveLength(1);
  expect(offences('renderer/x.ts', `import { a } from '../electron/services/backend.ts'`)).toHaveLength(1);
  expect(offences('electron/contract/x.ts', `import 'node:fs'`)).toHaveLength(1);
  expect(offences('electron/services/hub/x.ts', `import { a } from '../ports.ts'`)).toEqual([]);
  expect(composites.every((room) => layerOf(`${room}/x.ts`) === 'electron/services')).toBe(true);
});

test('each guarded package has exactly one home', () => {
  const homes = (name: string): string[] =>
    sources('electron').filter((file) => specifiers(readFileSync(file, 'utf8')).includes(name));
  expect(homes('keytar')).toEqual(['electron/adapters/keychain.ts']);
  expect(homes('onnxruntime-node')).toEqual(['electron/services/inference/session.ts']);
  expect(homes('@huggingface/transformers')).toEqual(['electron/services/inference/tokenizer.ts']);
  expect(homes('electron').every((file) => file.startsWith('electron/hosts/desktop/'))).toBe(true);
});
