import { fileURLToPath } from 'node:url';
import { ESLint } from 'eslint';
import tseslint from 'typescript-eslint';
import { describe, expect, test } from 'vitest';

/** The rules of the house without those that need types: those would read the whole program. */
const eslint = new ESLint({
  cwd: fileURLToPath(new URL('..', import.meta.url)),
  overrideConfigFile: fileURLToPath(new URL('../build/eslint.config.js', import.meta.url)),
  overrideConfig: tseslint.configs.disableTypeChecked as never,
});

const offences = async (filePath: string, text: string): Promise<readonly string[]> => {
  const [result] = await eslint.lintText(text, { filePath });
  return (result?.messages ?? []).filter(({ message }) => /writes files/.test(message)).map(({ ruleId }) => ruleId!);
};

const room = 'electron/services/download/cache.ts';

describe('outside the one module that writes files', () => {
  test.each([
    `import { writeFile } from 'node:fs/promises';\nawait writeFile('a', 'b');`,
    `import { open } from 'node:fs/promises';\nawait open('a', 'w');`,
    `import { createWriteStream } from 'node:fs';\ncreateWriteStream('a');`,
    `import { promises } from 'node:fs';\nawait promises.rm('a');`,
    `import { rename as move } from 'fs/promises';\nawait move('a', 'b');`,
    `import { readFile, unlinkSync } from 'fs';\nunlinkSync(String(readFile));`,
    `import * as fs from 'node:fs';\nfs.rmSync('a');`,
    `import fs from 'node:fs';\nfs.rmSync('a');`,
    `export * from 'node:fs';`,
    `export { writeFile } from 'node:fs/promises';`,
    `const fs = await import('node:fs');\nfs.rmSync('a');`,
    `const { rm } = await import('node:fs/promises');\nawait rm('a');`,
    `process.getBuiltinModule('fs').rmSync('a');`,
  ])('%s is refused', async (text) => {
    expect(await offences(room, text)).not.toEqual([]);
    expect(await offences('electron/hosts/desktop/window.ts', text)).not.toEqual([]);
  });

  test.each([
    `import { readFile, stat, type FileHandle } from 'node:fs/promises';\nawait readFile(String(stat)) as FileHandle;`,
    `import { existsSync } from 'node:fs';\nexistsSync('a');`,
    `import { replaceFile } from '../durable/files.ts';\nawait replaceFile('a', 'b');`,
    `const { join } = await import('node:path');\njoin('a');`,
  ])('%s is fine', async (text) => {
    expect(await offences(room, text)).toEqual([]);
  });
});

test('that module itself may write', async () => {
  const text = `import { writeFile } from 'node:fs/promises';\nawait writeFile('a', 'b');`;
  expect(await offences('electron/services/durable/files.ts', text)).toEqual([]);
});
