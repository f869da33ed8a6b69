import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createNodeHttp } from '../../../electron/adapters/nodeHttp.ts';
import { repoPaths } from '../../../electron/services/download/cachePaths.ts';
import { partialPath } from '../../../electron/services/download/journal.ts';
import { openPartial } from '../../../electron/services/download/partial.ts';
import { published, removeFolder, repo, smallTuning, temporaryFolder } from './bench.ts';
import { type FaultServer, noise, sha256, startFaultServer } from './faultServer.ts';

const KiB = 1024;
const path = 'model.safetensors';
const content = noise(3 * KiB * KiB + 777, 42);
const file = { path, bytes: content.length, sha256: sha256(content) };
const tuning = {
  ...smallTuning,
  blockBytes: 64 * KiB,
  writeBytes: 4 * KiB,
  noteBytes: 32 * KiB,
  syncBytes: 32 * KiB,
  tailBytes: 96 * KiB,
  startConnections: 4,
  reportMs: 2,
  stallMs: 5000,
};
// What a kill may cost: the bytes that the journal does not mention yet, and what each connection had collected.
const tail = tuning.noteBytes + 2 * tuning.maxConnections * tuning.writeBytes;
const node = process.execPath;

let server: FaultServer;
let url: string;
beforeAll(async () => {
  server = await startFaultServer(new Map([[path, content]]), createNodeHttp());
  const answer = await server.source.resolve(path, { signal: new AbortController().signal });
  url = answer.ok ? answer.value.url : '';
  server.pause(1);
});
afterAll(() => server.close());

let seed = 1;
function random(): number {
  seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
  return seed / 2 ** 32;
}

/** Runs the downloader in a child and kills it `afterMs` after its first bytes; answers what it said last. */
async function runChild(mode: 'careful' | 'naive', folder: string, afterMs: number) {
  const job = { mode, url, hubCache: folder, naiveFile: join(folder, 'naive'), file, tuning };
  const child = spawn(node, [join(import.meta.dirname, 'killedChild.ts'), JSON.stringify(job)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  let timer: NodeJS.Timeout | undefined;
  const started = server.counts.requests;
  const poll = setInterval(() => {
    if (server.counts.requests > started) timer ??= setTimeout(() => child.kill('SIGKILL'), afterMs);
  }, 2);
  child.stdout.on('data', (data: Buffer) => (output += data.toString()));
  await new Promise((resolve) => child.on('close', resolve));
  clearInterval(poll);
  clearTimeout(timer);
  const lines = output.trim().split('\n');
  const counts = lines.map(Number).filter((count) => count > 0);
  return { done: lines.at(-1) === 'done', reported: counts.at(-1) ?? 0, lines };
}

test(
  'twenty kills at random moments lose no proved byte and never more than the tail',
  { timeout: 120_000 },
  async () => {
    const folder = await temporaryFolder();
    const own = repoPaths(folder, repo).own;
    let kills = 0;
    let worst = 0;
    let finished = 0;
    for (let rounds = 0; kills < 20 && rounds < 60; rounds++) {
      const child = await runChild('careful', folder, 20 + random() * 350);
      if (child.done) {
        finished++;
        expect((await published(folder, path)).equals(content)).toBe(true);
        await removeFolder(folder);
        continue;
      }
      kills++;
      if (!existsSync(partialPath(own, file.sha256))) continue;
      const data = await readFile(partialPath(own, file.sha256));
      const partial = await openPartial(own, { etag: file.sha256, bytes: file.bytes, tuning });
      for (let block = 0; block < partial.blockCount; block++) {
        const start = block * partial.blockBytes;
        const kept = partial.filled(block);
        expect(data.subarray(start, start + kept).equals(content.subarray(start, start + kept))).toBe(true);
      }
      worst = Math.max(worst, child.reported - partial.filledBytes());
      await partial.close();
    }
    server.pause(0);
    const last = await runChild('careful', folder, 60_000);
    server.pause(1);
    expect(last.done, last.lines.at(-1)).toBe(true);
    expect((await published(folder, path)).equals(content)).toBe(true);
    expect(kills).toBe(20);
    expect(worst).toBeLessThanOrEqual(tail);
    await removeFolder(folder);
    console.log(
      `kills ${String(kills)}, whole downloads between ${String(finished)}, most lost ${String(worst)} of ${String(tail)} bytes`,
    );
  },
);

test('the same kills do break a downloader that trusts the length of its file', { timeout: 120_000 }, async () => {
  let broken = 0;
  for (let round = 0; round < 4; round++) {
    const folder = await temporaryFolder();
    await runChild('naive', folder, 150);
    server.pause(0);
    await runChild('naive', folder, 60_000);
    server.pause(1);
    if (!(await readFile(join(folder, 'naive'))).equals(content)) broken++;
    await removeFolder(folder);
  }
  expect(broken).toBeGreaterThan(0);
});
