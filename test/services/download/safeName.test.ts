import { describe, expect, test } from 'vitest';
import { below } from '../../../electron/services/download/cachePaths.ts';
import { escapeReason, findTwins, unsafeReason } from '../../../electron/services/download/safeName.ts';

const long = (character: string, count: number) => character.repeat(count);

/** Each hostile name beside an honest one that looks like it. */
const pairs: readonly (readonly [hostile: string, honest: string])[] = [
  ['..', '..a'],
  ['../config.json', 'config.json'],
  ['../../etc/passwd', 'etc/passwd'],
  ['a/../b', 'a/b'],
  ['a/..', 'a/..b'],
  ['a/../../b', 'a/b/c'],
  ['.. /a', '..x/a'],
  ['a/.. ', 'a/..c'],
  ['...', '...a'],
  ['a/.../b', 'a/...c/b'],
  ['. .', '.a.b'],
  ['.', '.a'],
  ['./a', '.git/a'],
  ['a/./b', 'a/.b/c'],
  ['', 'a'],
  ['/', 'b'],
  ['//', 'c'],
  ['/etc/passwd', 'etc/hosts'],
  ['//host/share', 'host/share'],
  ['a//b', 'a/c'],
  ['a/', 'd'],
  ['\\', 'e'],
  ['\\\\host\\share\\x', 'host/share/x'],
  ['\\\\?\\C:\\x', 'C/x'],
  ['\\\\.\\pipe\\x', 'pipe/x'],
  ['..\\..\\x', 'x'],
  ['a\\b', 'a-b'],
  ['a/..\\b', 'a/b-c'],
  ['C:\\Windows\\x', 'Windows/x'],
  ['C:/Windows/x', 'C/Windows/x'],
  ['c:x', 'cx'],
  ['z:', 'z'],
  ['file:///etc/passwd', 'file/etc/passwd'],
  ['a:b', 'a-c'],
  ['config.json::$DATA', 'config.json-DATA'],
  ['model.safetensors:evil', 'model.safetensors'],
  ['a/b:c', 'a/b-d'],
  ['a\0', 'f'],
  ['config.json\0.png', 'config.json.png'],
  ['\0', 'g'],
  ['a\nb', 'a b'],
  ['a\rb', 'a  b'],
  ['a\tb', 'a_b'],
  ['a\u0001', 'a1'],
  ['a\u001b[31m', 'a[31m'],
  ['a\u007f', 'a7f'],
  ['a\u0085b', 'a85b'],
  ['con', 'cont'],
  ['CON', 'CONFIG'],
  ['Con.txt', 'Cont.txt'],
  ['con.safetensors', 'config.safetensors'],
  ['prn', 'print'],
  ['aux', 'auxiliary'],
  ['aux.md', 'auxx.md'],
  ['nul', 'null'],
  ['NUL.json', 'NULL.json'],
  ['nul .txt', 'nul1.txt'],
  ['nul.tar.gz', 'null.tar.gz'],
  ['com0', 'com'],
  ['com1', 'com10'],
  ['COM9.log', 'COM99.log'],
  ['com¹', 'comé'],
  ['lpt1', 'lpt'],
  ['LPT9.txt', 'LPT.txt'],
  ['lpt³', 'lpta'],
  ['conin$', 'conin'],
  ['CONOUT$', 'CONOUT'],
  ['clock$', 'clock'],
  ['a/nul/b', 'a/null/b'],
  ['a/aux', 'a/aux1'],
  ['a.', 'a.b'],
  ['a ', 'a b c'],
  ['config.json ', 'config.json.bak'],
  ['config.json.', 'config.json5'],
  ['config.json . .', 'config.json.x'],
  ['a ./b', 'a .c/b'],
  ['a./b', 'a.b/c'],
  [' a', 'a a'],
  ['a/ b', 'a/b b'],
  ['a<b', 'a(b'],
  ['a>b', 'a)b'],
  ['a"b', "a'b"],
  ['a|b', 'a!b'],
  ['*', '+'],
  ['model*.safetensors', 'model+.safetensors'],
  ['a\u200b', 'a\u00e9'],
  ['\u202egnp.exe', 'gnp.exe'],
  ['a\u2066b', 'a\u4e2db'],
  ['\ufeffconfig.json', '\u00fconfig.json'],
  ['.g\u200cit/config', '.github/config'],
  ['a\ud800', 'a\ud83d\ude00'],
  ['PROGRA~1', 'PROGRAM~'],
  ['git~1/config', 'git~/config'],
  ['MODEL~1.SAF', 'MODEL~.SAF'],
  [long('a', 256), long('a', 255)],
  [long('é', 128), long('é', 127)],
  [`${long('b', 256)}/x`, `${long('b', 255)}/x`],
  [`x/${long('c', 300)}`, `x/${long('c', 200)}`],
  [Array(120).fill('0123456789').join('/'), Array(80).fill('0123456789').join('/')],
  ['a/../../../../../../../../tmp/x', 'tmp/x'],
  ['....//x', '....x'],
  ['a/..\u0000/x', 'a/..x/x'],
  ['~/../x', '~x'],
];

const alsoHonest = [
  'model-00001-of-00002.safetensors',
  'with space.txt',
  'hash#1.txt',
  'what?.txt',
  '100%.txt',
  '%2e%2e%2fpasswd',
  'a&b=c.json',
  '日本語.json',
  'e\u0301.json',
  '-rf',
  '.no_exist',
  'original/consolidated.00.pth',
  "it's.md",
  'a,b;c.md',
  '$HOME',
  '`id`',
];

describe('names from a server', () => {
  test('the table holds a hundred hostile names, each different', () => {
    expect(new Set(pairs.map(([hostile]) => hostile)).size).toBeGreaterThanOrEqual(100);
  });
  const hostile = pairs.map(([name]) => name);
  test.each(hostile.map((name) => ({ name, shown: JSON.stringify(name).slice(0, 60) })))(
    'refuses $shown',
    ({ name }) => {
      expect(unsafeReason(name)).toBeTypeOf('string');
      expect(() => below('/cache/snapshots/x', name)).toThrow('Unsafe file name');
    },
  );
  const honest = [...pairs.map(([, name]) => name), ...alsoHonest];
  test.each(honest.map((name) => ({ name, shown: JSON.stringify(name).slice(0, 60) })))(
    'accepts $shown',
    ({ name }) => {
      expect(unsafeReason(name)).toBeUndefined();
      expect(below('/cache/snapshots/x', name).startsWith('/cache/snapshots/x/')).toBe(true);
    },
  );
});

test('only names that try to leave their folder condemn a whole repository', () => {
  expect(escapeReason('../x')).toBe('parent folder');
  expect(escapeReason('C:x')).toBe('drive letter');
  expect(escapeReason('docs/aux.md')).toBeUndefined();
  expect(escapeReason('notes: 1.txt')).toBeUndefined();
});

test.each([
  { names: ['a', 'b', 'd/c'], twins: undefined },
  { names: ['Config.json', 'config.json'], twins: ['Config.json', 'config.json'] },
  { names: ['\u00e9.txt', 'e\u0301.txt'], twins: ['\u00e9.txt', 'e\u0301.txt'] },
  { names: ['stra\u00dfe', 'STRASSE'], twins: ['stra\u00dfe', 'STRASSE'] },
  { names: ['\ufb01le', 'file'], twins: ['\ufb01le', 'file'] },
  { names: ['a', 'a/b'], twins: ['a', 'a/b'] },
  { names: ['a/b', 'A'], twins: ['A', 'a/b'] },
  { names: ['Dir/a', 'dir/b'], twins: ['Dir/', 'dir/b'] },
  { names: ['dir/a', 'dir/b'], twins: undefined },
  { names: ['same', 'same'], twins: ['same', 'same'] },
])('finds twins in $names', ({ names, twins }) => {
  expect(findTwins(names)).toEqual(twins);
});
