import { describe, expect, test } from 'vitest';
import type { SetupState } from '../../../electron/contract/setup.ts';
import type { StorageWork } from '../../../electron/contract/storage.ts';
import type { WorkerExit } from '../../../electron/services/ports.ts';
import { repoOfLink } from '../../../electron/hosts/desktop/deepLink.ts';
import { isInPassing } from '../../../electron/hosts/desktop/inPassing.ts';
import { wishOfCommandLine } from '../../../electron/hosts/desktop/outside.ts';
import { overallProgress } from '../../../electron/hosts/desktop/overallProgress.ts';
import { exitOfUtility } from '../../../electron/hosts/desktop/utilityExit.ts';
import { fitWindow } from '../../../electron/hosts/desktop/windowPlace.ts';
import { createWishes } from '../../../electron/hosts/desktop/wishes.ts';

describe('a link from outside', () => {
  test.each<[string, string | undefined]>([
    ['latchkey://model/meta-llama/Llama-3.2-1B', 'meta-llama/Llama-3.2-1B'],
    ['latchkey://model/meta-llama/Llama-3.2-1B/', 'meta-llama/Llama-3.2-1B'],
    ['LATCHKEY://model/google/gemma-2-2b-it', 'google/gemma-2-2b-it'],
    ['latchkey://model/google', undefined],
    ['latchkey://model/a/b/c', undefined],
    ['latchkey://model/../../etc/passwd', undefined],
    ['latchkey://model/a/..', undefined],
    ['latchkey://model/a%2Fb/c', undefined],
    ['latchkey://model/a/b?token=hf_x', undefined],
    ['latchkey://model/a/b#x', undefined],
    ['latchkey://model/a/b c', undefined],
    ['latchkey://model/a/--flag', undefined],
    ['latchkey://user@model/a/b', undefined],
    ['latchkey://settings', undefined],
    ['https://huggingface.co/meta-llama/Llama-3.2-1B', undefined],
    ['javascript:alert(1)', undefined],
    [`latchkey://model/a/${'b'.repeat(400)}`, undefined],
    ['', undefined],
  ])('%s names %s', (link, repo) => {
    expect(repoOfLink(link)).toBe(repo);
  });

  test('is found among other words of a command line, and the first one counts', () => {
    const words = ['--practice', 'latchkey://model/a/b', 'latchkey://model/c/d', '/media/stick/a.latchkey'];
    expect(wishOfCommandLine(words)).toEqual({ kind: 'set-up', repo: 'a/b' });
    expect(wishOfCommandLine(['/usr/bin/latchkey', '--data', 'x'])).toBeUndefined();
  });
});

describe('a file that is opened with Latchkey', () => {
  test.each<[string, boolean]>([
    ['/media/stick/Llama-3.2-1B.latchkey', true],
    ['/media/stick/Llama 3.LATCHKEY', true],
    ['Llama-3.2-1B.latchkey', false], // relative to a folder that nobody knows
    ['/media/stick/model.onnx', false],
    ['/opt/latchkey', false],
    ['--data=/x.latchkey', false],
  ])('%s asks for the model around it: %s', (word, asks) => {
    expect(wishOfCommandLine(['/usr/bin/latchkey', word])).toEqual(asks ? { kind: 'bring', path: word } : undefined);
  });
});

describe('wishes', () => {
  test('wait in order, are taken once, and cannot pile up without end', () => {
    let told = 0;
    const wishes = createWishes(() => (told += 1));
    for (let at = 0; at < 1000; at += 1) wishes.add({ kind: 'set-up', repo: `a/b${at}` });
    expect(told).toBe(20);
    expect(wishes.take()).toEqual({ kind: 'set-up', repo: 'a/b0' });
    let left = 0;
    while (wishes.take()) left += 1;
    expect(left).toBe(19);
  });
});

describe('the window comes back', () => {
  const screens = [
    { x: 0, y: 0, width: 1920, height: 1040 },
    { x: 1920, y: 0, width: 1280, height: 1024 },
  ];
  const state = { x: 100, y: 80, width: 900, height: 700, maximized: false };
  test.each([
    ['where it was', state, screens, state],
    ['on the second screen', { ...state, x: 2000 }, screens, { ...state, x: 2000 }],
    [
      'without a place when that screen is gone',
      { ...state, x: 2000 },
      screens.slice(0, 1),
      { width: 900, height: 700, maximized: false },
    ],
    [
      'without a place when its head is above the screen',
      { ...state, y: -300 },
      screens,
      { width: 900, height: 700, maximized: false },
    ],
    [
      'no larger than the screen',
      { ...state, width: 9000, height: 9000 },
      screens.slice(0, 1),
      { ...state, width: 1920, height: 1040 },
    ],
    ['no smaller than usable', { ...state, width: 1, height: 1 }, screens, { ...state, width: 480, height: 420 }],
    ['maximized', { ...state, maximized: true }, screens, { ...state, maximized: true }],
    ['at its usual size the first time', undefined, screens, { width: 1120, height: 760, maximized: false }],
  ])('%s', (_name, before, areas, expected) => {
    expect(fitWindow(before, areas)).toEqual(expected);
  });
});

describe('the icon shows', () => {
  const journey = (step: SetupState['step'], kind: string, doneBytes?: number, totalBytes?: number): SetupState =>
    ({
      repo: 'a/b',
      step,
      activity: { kind, ...(totalBytes !== undefined && { progress: { doneBytes, totalBytes, bytesPerSecond: 1 } }) },
    }) as SetupState;
  test.each<[string, SetupState[], number]>([
    ['nothing without work', [], -1],
    ['nothing while waiting for approval', [journey('access', 'waiting')], -1],
    ['nothing while a check runs', [journey('access', 'working')], -1],
    ['nothing when paused', [journey('download', 'paused', 5, 10)], -1],
    ['the fraction of a download', [journey('download', 'working', 25, 100)], 0.25],
    ['all work together', [journey('download', 'working', 25, 100), journey('prepare', 'working', 75, 100)], 0.5],
    ['that something runs before its size is known', [journey('prepare', 'working')], 2],
    ['never more than all', [journey('download', 'working', 200, 100)], 1],
  ])('%s', (_name, journeys, expected) => {
    expect(overallProgress(journeys)).toBe(expected);
  });
  test('a folder that is taken in as well, and nothing of a job that has ended', () => {
    const progress = { doneBytes: 75, totalBytes: 100, bytesPerSecond: 1 };
    const work: StorageWork = { task: 'take-in', state: { kind: 'working', progress } };
    expect(overallProgress([], work)).toBe(0.75);
    expect(overallProgress([journey('download', 'working', 25, 100)], work)).toBe(0.5);
    expect(overallProgress([], { task: 'take-in', state: { kind: 'stopped' } })).toBe(-1);
  });
});

describe('a program that can be updated', () => {
  test.each<[NodeJS.Platform, string, boolean]>([
    ['darwin', '/Applications/Latchkey.app/Contents/MacOS/Latchkey', false],
    ['darwin', '/Volumes/Latchkey 1.0/Latchkey.app/Contents/MacOS/Latchkey', true],
    ['darwin', '/private/var/folders/x/T/AppTranslocation/1-2/d/Latchkey.app/Contents/MacOS/Latchkey', true],
    ['linux', '/Volumes/Latchkey/latchkey', false],
  ])('lies in a place that stays (%s, %s)', (platform, program, passing) => {
    expect(isInPassing(platform, program)).toBe(passing);
  });
});

describe('the number Electron gives for the end of a utility process', () => {
  test.each<[number, NodeJS.Platform, WorkerExit]>([
    [0, 'linux', { code: 0 }],
    [1, 'linux', { code: 1 }],
    [9, 'linux', { code: null, signal: 'SIGKILL' }],
    [6, 'darwin', { code: null, signal: 'SIGABRT' }],
    [134, 'linux', { code: null, signal: 'SIGABRT' }], // with a core file
    [5, 'linux', { code: null, signal: 'SIGTRAP' }],
    [139, 'linux', { code: null, signal: 'SIGSEGV' }],
    [9, 'win32', { code: 9 }],
    [0xe000_0008, 'win32', { code: 0xe000_0008 }],
  ])('%i on %s', (code, platform, exit) => {
    expect(exitOfUtility(code, platform)).toEqual(exit);
  });
});
