import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { expect, test } from 'vitest';

/**
 * Who may import whom, besides its own folder. "x" = that folder and below; "x/*" = files that stand directly in it;
 * "node:" and package names as written.
 */
const mayImport: Record<string, readonly string[]> = {
  'electron/contract': [],
  // Rooms of one subject: they never import each other, values are passed instead.
  'electron/services/durable': ['node:'],
  'electron/services/work': ['electron/contract', 'electron/services/*'],
  'electron/services/hub': ['electron/contract', 'electron/services/*', 'node:'],
  'electron/services/download': ['electron/contract', 'electron/services/*', 'electron/services/durable', 'node:'],
  'electron/services/convert': ['electron/contract', 'electron/services/*', 'electron/services/durable', 'node:'],
  'electron/services/chats': ['electron/contract', 'electron/services/*', 'electron/services/durable', 'node:'],
  'electron/services/inference': [
    'electron/contract',
    'electron/services/*',
    'electron/services/durable',
    'electron/services/work',
    'node:',
    'onnxruntime-node',
    '@huggingface/transformers',
  ],
  // The rest of services wires those rooms together (setup, signIn, models, generation, rooms.ts).
  'electron/services': ['electron/contract', 'electron/services', 'node:'],
  'electron/practice': ['electron/contract', 'node:'],
  'electron/adapters': ['electron/contract', 'electron/services', 'node:', 'keytar'],
  'electron/workers': ['electron/contract', 'electron/services', 'node:'],
  'electron/hosts': [
    'electron/contract',
    'electron/services',
    'electron/adapters',
    'electron/practice',
    'node:',
    'package.json',
  ],
  'electron/hosts/web': ['electron/contract', 'electron/services', 'electron/adapters', 'electron/hosts/*', 'node:'],
  'electron/hosts/desktop': [
    'electron/contract',
    'electron/services',
    'electron/adapters',
    'electron/hosts/*',
    'node:',
    'electron',
    'electron-updater',
  ],
  renderer: ['electron/contract', 'svelte'],
};

const sources = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.(ts|svelte)$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name));

const within = (folder: string, path: string): boolean => path === folder || path.startsWith(`${folder}/`);

const roomOf = (path: string): string | undefined =>
  Object.keys(mayImport)
    .filter((room) => within(room, path))
    .sort((a, b) => b.length - a.length)[0];

const allows = (rule: string, target: string): boolean => {
  if (rule.endsWith(':')) return target.startsWith(rule);
  if (rule.endsWith('/*')) return dirname(target) === rule.slice(0, -2);
  return within(rule, target);
};

const specifiers = (text: string): string[] =>
  [...text.matchAll(/(?:from\s+|import\s+|import\()'([^']+)'/g)].map((match) => match[1]!);

function offences(file: string, text: string): string[] {
  const room = roomOf(file);
  if (room === undefined) return [`${file} belongs to no room`];
  return specifiers(text).flatMap((specifier) => {
    const ours = specifier.startsWith('.');
    const target = ours ? normalize(join(dirname(file), specifier)) : specifier;
    const fine = (ours && roomOf(target) === room) || (mayImport[room] ?? []).some((rule) => allows(rule, target));
    return fine ? [] : [`${file} -> ${specifier}`];
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
});

test('each guarded package has exactly one home, or two doors of one room', () => {
  const homes = (name: string): string[] =>
    sources('electron').filter((file) => specifiers(readFileSync(file, 'utf8')).includes(name));
  expect(homes('keytar')).toEqual(['electron/adapters/keychain.ts']);
  expect(homes('onnxruntime-node')).toEqual(['electron/services/inference/session.ts']);
  expect(homes('@huggingface/transformers')).toEqual([
    'electron/services/inference/tokenizer.ts',
    'electron/services/inference/transformersModel.ts',
  ]);
  expect(homes('electron').every((file) => file.startsWith('electron/hosts/desktop/'))).toBe(true);
});
