import { describe, expect, test } from 'vitest';
import { type HostOptions, readOptions } from '../../electron/hosts/options.ts';

const usual: HostOptions = { practice: false, port: 0, open: true };

describe('flags', () => {
  test.each<[string, HostOptions]>([
    ['', usual],
    ['--practice', { ...usual, practice: true }],
    ['--web --practice', { ...usual, practice: true }],
    ['--data /somewhere', { ...usual, data: '/somewhere' }],
    ['--data=/somewhere', { ...usual, data: '/somewhere' }],
    ['--port 8123', { ...usual, port: 8123 }],
    ['--no-open', { ...usual, open: false }],
  ])('%j are read', (line, expected) => {
    const words = line.split(' ').filter(Boolean);
    expect(readOptions(words, { strict: true })).toEqual(expected);
    expect(readOptions(words, { strict: false })).toEqual(expected);
  });

  test.each([
    '--port x',
    '--port -1',
    '--port 65536',
    '--port 1.5',
    '--prctice',
    'file.txt',
    '--data',
    '--practice=yes',
  ])('%j are refused by the web host with a sentence', (line) => {
    expect(() => readOptions(line.split(' '), { strict: true })).toThrow(TypeError);
  });

  test('of Chromium, and the folder of the app, are left alone by the desktop host', () => {
    const words = ['/the/app', '--no-sandbox', '--remote-debugging-port=9222', '--practice', '--data'];
    expect(readOptions(words, { strict: false })).toEqual({ ...usual, practice: true });
  });
});
