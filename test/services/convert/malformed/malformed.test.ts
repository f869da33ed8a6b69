/** Every file that a stranger wrote, gone wrong in one way: refused with the reason, while its sound twin converts. */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { convertModel } from '../../../../electron/services/convert/convert.ts';
import { type ControlName, controlFiles, type Files, type MalformedCase } from './case.ts';
import { configCases } from './config.ts';
import { folderCases } from './folder.ts';
import { headerCases } from './header.ts';
import { indexCases } from './shardIndex.ts';

const room = mkdtempSync(join(tmpdir(), 'malformed-'));
afterAll(() => rmSync(room, { recursive: true, force: true }));
let count = 0;

/** 'converted', or the refusal as a report shows it. */
async function answer(files: Files): Promise<string> {
  const place = join(room, `${++count}`);
  const [source, output] = [join(place, 'source'), join(place, 'models', 'output')];
  mkdirSync(source, { recursive: true });
  for (const [name, data] of files) writeFileSync(join(source, name), data);
  const result = await convertModel({ source, output, dtype: 'fp32', threads: 0 });
  expect(readdirSync(source).sort()).toEqual([...files.keys()].sort());
  if (result.ok) return 'converted';
  expect(existsSync(output)).toBe(false);
  if (existsSync(join(place, 'models'))) expect(readdirSync(join(place, 'models'))).toEqual([]);
  return `${result.problem.code}: ${result.problem.evidence[0]?.cause ?? ''}`;
}

const controls = new Map<ControlName, Promise<string>>();
const controlAnswer = (name: ControlName): Promise<string> => {
  const known = controls.get(name) ?? answer(controlFiles(name));
  controls.set(name, known);
  return known;
};

const all: readonly MalformedCase[] = [...headerCases, ...indexCases, ...configCases, ...folderCases];

describe('a folder is refused with the reason when', () => {
  it.each(all)('$name', async ({ control, spoil, refusal, code = 'damaged-file' }) => {
    expect(await controlAnswer(control)).toBe('converted');
    const files = controlFiles(control);
    spoil(files);
    const refused = await answer(files);
    expect(refused.slice(0, refused.indexOf(':'))).toBe(code);
    for (const piece of refusal) expect(refused).toContain(piece);
  });
});

it('at least 200 of them, each under its own name', () => {
  expect(new Set(all.map(({ name }) => name)).size).toBe(all.length);
  expect(all.length).toBeGreaterThanOrEqual(200);
});
