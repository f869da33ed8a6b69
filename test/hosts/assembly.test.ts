import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { childEnvironment } from '../../electron/hosts/childEnvironment.ts';
import { lockFolder } from '../../electron/hosts/folderLock.ts';
import { dataHome, modeFolders } from '../../electron/hosts/folders.ts';
import { openLog, redacted } from '../../electron/hosts/logFile.ts';
import { openablePage } from '../../electron/hosts/pages.ts';
import { readStaticFile } from '../../electron/hosts/staticFiles.ts';
import { vaultMarker } from '../../electron/hosts/vaultMarker.ts';

const place = mkdtempSync(join(tmpdir(), 'hosts-'));
afterAll(() => rmSync(place, { recursive: true, force: true }));

describe('the data folder', () => {
  test.each<[NodeJS.Platform, Record<string, string>, string]>([
    ['linux', {}, '/home/p/.local/share/Latchkey'],
    ['linux', { XDG_DATA_HOME: '/x' }, '/x/Latchkey'],
    ['linux', { XDG_DATA_HOME: '' }, '/home/p/.local/share/Latchkey'],
    ['darwin', {}, '/home/p/Library/Application Support/Latchkey'],
    ['darwin', { XDG_DATA_HOME: '/x' }, '/home/p/Library/Application Support/Latchkey'],
    ['win32', { APPDATA: '/roaming', LOCALAPPDATA: '/local' }, '/local/Latchkey'],
    ['win32', {}, '/home/p/AppData/Local/Latchkey'],
  ])('on %s with %j is usually %s', (platform, env, usual) => {
    expect(dataHome(env, platform, '/home/p', undefined)).toEqual({ usual });
  });

  // What names a folder also wins over the record of a move, which stands in the usual place.
  test.each<[NodeJS.Platform, Record<string, string>, string | undefined, string, string]>([
    ['win32', { APPDATA: '/r', PORTABLE_EXECUTABLE_DIR: '/stick' }, undefined, '/stick/Latchkey data', 'portable'],
    ['linux', { LATCHKEY_DATA: '/mine', XDG_DATA_HOME: '/x' }, undefined, '/mine', 'variable'],
    ['linux', { LATCHKEY_DATA: '/mine' }, '/said', '/said', 'flag'],
  ])('on %s with %j and --data %s is %s', (platform, env, named, folder, fixedBy) => {
    expect(dataHome(env, platform, '/home/p', named)).toEqual({ folder, fixedBy });
  });

  test('of practice mode shares nothing with the real one', () => {
    expect(modeFolders('/d', false, '/cache/hub')).toEqual({ data: '/d', models: '/d/models', hubCache: '/cache/hub' });
    expect(modeFolders('/d', true, '/cache/hub')).toEqual({
      data: '/d/practice',
      models: '/d/practice/models',
      hubCache: '/d/practice/hub',
    });
  });
});

describe('a page is opened in the browser', () => {
  test.each<[string, string | undefined, boolean]>([
    ['https://huggingface.co/settings/tokens', undefined, true],
    ['https://hf-mirror.example/x', undefined, true],
    ['http://huggingface.co/settings/tokens', undefined, false],
    ['http://127.0.0.1:4000/settings', 'http://127.0.0.1:4000', true],
    ['http://127.0.0.1:4001/settings', 'http://127.0.0.1:4000', false],
    ['http://127.0.0.1:4000/settings', undefined, false],
    ['http://evil.example/', 'http://evil.example', false],
    ['https://user:word@huggingface.co/', undefined, false],
    ['javascript:alert(1)', undefined, false],
    ['file:///etc/passwd', undefined, false],
    ['smb://host/share', undefined, false],
    ['calculator://', undefined, false],
    ['data:text/html,x', undefined, false],
    ['', undefined, false],
    ['not a url', undefined, false],
  ])('%s with practice Hub %s: %s', (url, practice, opens) => {
    expect(openablePage(url, practice) !== undefined).toBe(opens);
  });
});

test('a worker gets what it needs to run, and no secret of the person', () => {
  const env = childEnvironment({
    PATH: '/bin',
    HOME: '/home/p',
    LD_LIBRARY_PATH: '/cuda',
    HF_TOKEN: 'hf_x',
    HUGGING_FACE_HUB_TOKEN: 'hf_x',
    AWS_SECRET_ACCESS_KEY: 'x',
    NODE_OPTIONS: '--require /evil.js',
    ELECTRON_RUN_AS_NODE: '1',
    DBUS_SESSION_BUS_ADDRESS: 'x',
    EMPTY: undefined,
  });
  expect(env).toEqual({
    PATH: '/bin',
    HOME: '/home/p',
    LD_LIBRARY_PATH: '/cuda',
    ORT_DISABLE_TELEMETRY: '1',
    GLIBC_TUNABLES: 'glibc.malloc.hugetlb=1',
  });
});

describe('the log', () => {
  test.each([
    ['{"token":"hf_abcdefgh123"}', '{"token":"hf_[redacted]"}'],
    ['authorization: Bearer abc.def-123=', 'authorization: Bearer [redacted]'],
    ['https://hub/?x=hf_AbCdEf', 'https://hub/?x=hf_[redacted]'],
    ['an hf_ alone and a harmless sentence', 'an hf_ alone and a harmless sentence'],
  ])('writes %s as %s', (line, written) => {
    expect(redacted(line)).toBe(written);
  });

  test('holds one line per entry, in order, readable by its owner only', async () => {
    const data = join(place, 'log');
    const log = openLog(data, () => 7);
    for (let index = 0; index < 20; index += 1)
      log.log({ area: 'test', event: 'counted', index, word: 'hf_secretsecret' });
    await log.close();
    const path = join(data, 'logs', 'latchkey.jsonl');
    const lines = (await readFile(path, 'utf8')).trim().split('\n');
    expect(lines.map((line) => (JSON.parse(line) as { index: number }).index)).toEqual([...Array(20).keys()]);
    expect(lines[0]).toBe('{"at":7,"area":"test","event":"counted","index":0,"word":"hf_[redacted]"}');
    expect((await stat(path)).mode & 0o777).toBe(0o600);
  });

  test('starts a new file when one is full, and keeps the one before', async () => {
    const data = join(place, 'full');
    const log = openLog(data, () => 0);
    for (let index = 0; index < 25; index += 1)
      log.log({ area: 'test', event: 'long', index, text: 'x'.repeat(100_000) });
    await log.close();
    const sizes = ['latchkey.jsonl', 'latchkey.1.jsonl'].map(
      async (name) => (await stat(join(data, 'logs', name))).size,
    );
    for (const size of await Promise.all(sizes)) expect(size).toBeLessThan(1_200_000);
    const last = (await readFile(join(data, 'logs', 'latchkey.jsonl'), 'utf8')).trim().split('\n').at(-1) ?? '';
    expect((JSON.parse(last) as { index: number }).index).toBe(24);
  });

  test('that cannot be written stops nobody', async () => {
    writeFileSync(join(place, 'file'), '');
    const log = openLog(join(place, 'file'), () => 0);
    log.log({ area: 'test', event: 'lost' });
    await expect(log.close()).resolves.toBeUndefined();
  });
});

describe('the lock of a data folder', () => {
  test('is held by one, who hears the other knock, and is free again afterwards', async () => {
    const knocks: string[] = [];
    const first = await lockFolder(join(place, 'locked'), { onKnock: () => knocks.push('knock') });
    expect(first).toBeDefined();
    expect(await lockFolder(join(place, 'locked'), { onKnock: () => undefined })).toBeUndefined();
    await expect.poll(() => knocks).toEqual(['knock']);
    const other = await lockFolder(join(place, 'other'), { onKnock: () => undefined });
    expect(other).toBeDefined();
    await first?.release();
    const again = await lockFolder(join(place, 'locked'), { onKnock: () => undefined });
    expect(again).toBeDefined();
    await Promise.all([again?.release(), other?.release()]);
  });

  test('is got by exactly one of many who try at once', async () => {
    const locks = await Promise.all(
      Array.from({ length: 20 }, () => lockFolder(join(place, 'race'), { onKnock: () => undefined })),
    );
    const held = locks.filter((lock) => lock !== undefined);
    expect(held).toHaveLength(1);
    await held[0]?.release();
  });
});

test('the marker of the keychain is a small file without a secret, and unreadable means no', async () => {
  const marker = vaultMarker(join(place, 'marked'));
  expect(await marker.read()).toBe(false);
  await marker.write(true);
  expect(await marker.read()).toBe(true);
  expect(await readFile(join(place, 'marked', 'vault.json'), 'utf8')).toBe('{"stored":true}');
  await marker.write(false);
  expect(await marker.read()).toBe(false);
  writeFileSync(join(place, 'marked', 'vault.json'), '\0\0\0');
  expect(await marker.read()).toBe(false);
});

test('a link inside the folder of the page does not lead out of it', async () => {
  writeFileSync(join(place, 'outside.js'), 'secret');
  const page = mkdtempSync(join(place, 'page-'));
  symlinkSync(join(place, 'outside.js'), join(page, 'link.js'));
  writeFileSync(join(page, 'real.js'), 'public');
  expect(await readStaticFile(page, '/link.js')).toBeUndefined();
  expect(Buffer.from((await readStaticFile(page, '/real.js'))?.body ?? []).toString()).toBe('public');
});
