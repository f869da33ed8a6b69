import { expect, test } from 'vitest';
import { programFolder } from '../../../electron/services/storage/programFolder.ts';

test.each([
  ['/opt/Latchkey/latchkey', '/opt/Latchkey'],
  ['/Applications/Latchkey.app/Contents/MacOS/Latchkey', '/Applications/Latchkey.app'],
  ['/Applications/A.app/B/Latchkey.app/Contents/MacOS/Latchkey', '/Applications/A.app/B/Latchkey.app'],
  ['/home/me.app/bin/latchkey', '/home/me.app/bin'],
])('%s belongs to %s', (program, folder) => {
  expect(programFolder(program)).toBe(folder);
});
