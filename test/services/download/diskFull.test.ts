import { execFileSync } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createNodeHttp } from '../../../electron/adapters/nodeHttp.ts';
import { ownFiles, published, removeFolder, run, temporaryFolder } from './bench.ts';
import { type FaultServer, noise, sha256, startFaultServer } from './faultServer.ts';

const path = 'model.safetensors';
const content = noise(8202, 5);
let hubCache: string;
let server: FaultServer;
beforeEach(async () => {
  hubCache = await temporaryFolder();
  server = await startFaultServer(new Map([[path, content]]), createNodeHttp());
});
afterEach(async () => {
  await server.close();
  await removeFolder(hubCache);
});

function mountTiny(folder: string, megabytes: number): boolean {
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${String(megabytes)}m`, 'tmpfs', folder], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

describe('a disk without room', () => {
  test('is told before the first byte when the plan is too large', async () => {
    const files = [{ path, bytes: 2 ** 52, sha256: sha256(content) }];
    const { result } = await run(server.source, hubCache, files);
    expect(result).toMatchObject({ ok: false, problem: { code: 'disk-full' } });
    expect(server.counts.requests).toBe(0);
  });

  test('that fills up in the middle keeps what was written, and the download goes on later', async ({ skip }) => {
    if (!mountTiny(hubCache, 1)) skip('needs the right to mount a small file system');
    const big = noise(700_000, 11);
    const crowded = await startFaultServer(new Map([[path, big]]), createNodeHttp());
    try {
      const filler = join(hubCache, 'filler');
      crowded.pause(1);
      let filled = false;
      const first = await run(crowded.source, hubCache, crowded.listed, {
        tuning: {
          stallMs: 10_000,
          blockBytes: 16_384,
          startConnections: 4,
          writeBytes: 4096,
          syncBytes: 8192,
          tailBytes: 32_768,
        },
        onProgress: ({ doneBytes }) => {
          if (doneBytes < 100_000 || filled) return;
          filled = true;
          void writeFile(filler, Buffer.alloc(900_000)).catch(() => undefined);
        },
      });
      expect(first.result).toMatchObject({ ok: false, problem: { code: 'disk-full' } });
      expect(await ownFiles(hubCache)).toContain(`${sha256(big)}.part`);
      await writeFile(filler, '');
      crowded.pause(0);
      const before = crowded.counts.sent;
      const second = await run(crowded.source, hubCache, crowded.listed, { tuning: { stallMs: 10_000 } });
      expect(second.result).toMatchObject({ ok: true });
      expect((await published(hubCache, path)).equals(big)).toBe(true);
      expect(crowded.counts.sent - before).toBeLessThan(big.length - 60_000);
    } finally {
      await crowded.close();
      execFileSync('umount', [hubCache]);
    }
  });

  test('that is read-only is named as disk trouble', async ({ skip }) => {
    if (!mountTiny(hubCache, 1)) skip('needs the right to mount a small file system');
    try {
      execFileSync('mount', ['-o', 'remount,ro', hubCache]);
      const { result } = await run(server.source, hubCache, server.listed);
      expect(result).toMatchObject({ ok: false, problem: { code: 'disk-trouble' } });
    } finally {
      execFileSync('umount', [hubCache]);
    }
  });
});
