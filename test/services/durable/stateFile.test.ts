import { mkdtempSync, readdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { stateFile } from '../../../electron/services/durable/stateFile.ts';

let folder: string;
let damaged: string[];
const isNumber = (value: unknown): value is number => typeof value === 'number';
const make = (version = 1) =>
  stateFile({ path: join(folder, 'state.json'), version, check: isNumber, onDamage: (path) => damaged.push(path) });
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'latchkey-state-'));
  damaged = [];
});

describe('a small state file', () => {
  test('gives back what was written, the last of many writes', async () => {
    const file = make();
    await Promise.all([1, 2, 3].map((value) => file.write(value)));
    expect(await make().read()).toBe(3);
    expect(readdirSync(folder)).toEqual(['state.json']);
  });

  test.each([
    ['empty', ''],
    ['truncated', '{"version":1,"val'],
    ['NUL-filled', '\0'.repeat(64)],
    ['of another version', '{"version":2,"value":1}'],
    ['of another shape', '{"version":1,"value":"x"}'],
    ['not an object', 'null'],
  ])('sets a file aside that is %s, and goes on as new', async (_name, text) => {
    writeFileSync(join(folder, 'state.json'), text);
    expect(await make().read()).toBeUndefined();
    expect(damaged).toHaveLength(1);
    expect(readdirSync(folder).filter((name) => name.includes('corrupt'))).toHaveLength(1);
    await make().write(7);
    expect(await make().read()).toBe(7);
  });
});
