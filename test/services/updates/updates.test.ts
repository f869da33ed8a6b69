import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { UpdateOffer } from '../../../electron/contract/update.ts';
import { stateFile } from '../../../electron/services/durable/stateFile.ts';
import type { UpdaterPort } from '../../../electron/services/ports.ts';
import { isSigned, signRelease } from '../../../electron/services/updates/signature.ts';
import { isUpdateChoice, openUpdates } from '../../../electron/services/updates/updates.ts';

const offer: UpdateOffer = { version: '2.0.0', notes: '', bytes: 10 };
let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'updates-'))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

async function world(options: { readonly obstacle?: 'by-hand'; readonly found?: UpdateOffer } = {}) {
  const calls: string[] = [];
  let answering: Promise<void> = Promise.resolve();
  let offline = false;
  const updater: UpdaterPort = {
    obstacle: options.obstacle,
    async check(channel) {
      calls.push(`check ${channel}`);
      return options.found;
    },
    async download(onProgress) {
      calls.push('download');
      onProgress(5);
    },
    install: () => void calls.push('install'),
  };
  const open = () =>
    openUpdates({
      updater,
      choice: stateFile({
        path: join(folder, 'updates.json'),
        version: 1,
        check: isUpdateChoice,
        onDamage: () => undefined,
      }),
      isOffline: () => offline,
      quiet: () => answering,
      onChange: () => undefined,
      now: Date.now,
      firstCheckMilliseconds: 5,
    });
  return {
    calls,
    open,
    goOffline: () => (offline = true),
    /** An answer is being written until the returned function is called. */
    answer: (): (() => void) => {
      const { promise, resolve } = Promise.withResolvers<void>();
      answering = promise;
      return resolve;
    },
  };
}

describe('looking for updates', () => {
  test('happens by itself only after the person allowed it, also in an earlier run', async () => {
    const { calls, open } = await world();
    const first = await open();
    await new Promise((settle) => setTimeout(settle, 30));
    expect(calls).toEqual([]);
    await first.allow(true);
    await expect.poll(() => calls).toEqual(['check latest']);
    first.close();
    const second = await open();
    await expect.poll(() => calls).toHaveLength(2);
    second.close();
  });

  test('never happens offline or where nothing could be done with the answer', async () => {
    const away = await world();
    away.goOffline();
    const updates = await away.open();
    await updates.allow(true);
    expect((await updates.check()).ok).toBe(false);
    await new Promise((settle) => setTimeout(settle, 30));
    expect(away.calls).toEqual([]);
    updates.close();
    const byHand = await world({ obstacle: 'by-hand' });
    const other = await byHand.open();
    await other.allow(true);
    await new Promise((settle) => setTimeout(settle, 30));
    expect(byHand.calls).toEqual([]);
    expect(other.state().obstacle).toBe('by-hand');
    other.close();
  });

  test('waits, as fetching and installing do, until no answer is being written', async () => {
    const { calls, open, answer } = await world({ found: offer });
    const updates = await open();
    let finish = answer();
    await updates.allow(true);
    await new Promise((settle) => setTimeout(settle, 30));
    expect([calls, updates.state().activity.kind]).toEqual([[], 'checking']);
    finish();
    await expect.poll(() => updates.state().activity.kind).toBe('offered');
    finish = answer();
    const fetched = updates.download();
    await Promise.resolve();
    expect(calls).toEqual(['check latest']);
    finish();
    await fetched;
    expect(updates.state().activity.kind).toBe('ready');
    finish = answer();
    const installed = updates.install();
    await Promise.resolve();
    expect(calls).toEqual(['check latest', 'download']);
    finish();
    await installed;
    expect(calls).toEqual(['check latest', 'download', 'install']);
    updates.close();
  });
});

describe('the signature of a release', () => {
  const pair = () =>
    generateKeyPairSync('ed25519', {
      privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
      publicKeyEncoding: { type: 'spki', format: 'pem' },
    });
  const { privateKey, publicKey } = pair();
  const release = { version: '1.2.3', files: [{ url: 'a', sha512: 'x', size: 1 }], releaseNotes: 'n' };
  const signature = signRelease(release, privateKey);

  test('is good for exactly what was signed, in whatever order its files are listed', () => {
    expect(isSigned(release, signature, publicKey)).toBe(true);
    const two = { ...release, files: [{ url: 'b', sha512: 'y', size: 2 }, ...release.files] };
    const both = signRelease(two, privateKey);
    expect(isSigned({ ...two, files: two.files.toReversed() }, both, publicKey)).toBe(true);
  });

  test.each([
    ['another version', { ...release, version: '1.2.4' }, signature],
    ['another hash', { ...release, files: [{ url: 'a', sha512: 'z', size: 1 }] }, signature],
    ['another file', { ...release, files: [{ url: 'b', sha512: 'x', size: 1 }] }, signature],
    ['one more file', { ...release, files: [...release.files, { url: 'b', sha512: 'x', size: 1 }] }, signature],
    ['other notes', { ...release, releaseNotes: 'm' }, signature],
    ['another key', release, signRelease(release, pair().privateKey)],
    ['no signature', release, undefined],
    ['noise', release, 'not base64 at all'],
  ])('is bad for %s', (_what, claimed, given) => {
    expect(isSigned(claimed, given, publicKey)).toBe(false);
  });
});
