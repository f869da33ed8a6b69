import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import { stateFile } from '../../../electron/services/durable/stateFile.ts';
import { isSpeed, openLastSpeed } from '../../../electron/services/setup/lastSpeed.ts';

let path: string;
let now = 0;
beforeEach(() => {
  path = join(mkdtempSync(join(tmpdir(), 'latchkey-speed-')), 'last-speed.json');
  now = 0;
});
const open = () => openLastSpeed(stateFile({ path, version: 1, check: isSpeed, onDamage: () => undefined }), () => now);
const progress = (bytesPerSecond: number) => ({ doneBytes: 1, totalBytes: 2, bytesPerSecond });

/** A download that reports these speeds, one for each second. */
async function download(...speeds: number[]): Promise<void> {
  const speed = (await open()).watch();
  for (const one of speeds) {
    speed.hear(progress(one));
    now += 1000;
  }
  await speed.end();
}

test('nothing is known before the first download', async () => {
  expect((await open()).bytesPerSecond()).toBeUndefined();
});

test('the mean over the time in which bytes came is remembered across runs', async () => {
  await download(0, 0, 4e6, 4e6, 0, 1e6, 1e6, 0);
  expect((await open()).bytesPerSecond()).toBe(2.5e6);
});

test('a short download changes nothing', async () => {
  await download(2e6, 2e6, 2e6, 2e6, 2e6);
  await download(9e6, 9e6, 9e6);
  expect((await open()).bytesPerSecond()).toBe(2e6);
});
