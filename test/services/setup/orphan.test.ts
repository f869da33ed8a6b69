import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { sweepUnfinished } from '../../../electron/services/models/manifest.ts';
import { tinyModel, writeCheckpoint } from '../../reference/checkpoint.ts';
import { tinyConfigs } from '../../reference/configs.ts';

const room = mkdtempSync(join(tmpdir(), 'orphan-'));
afterAll(() => rmSync(room, { recursive: true, force: true }));
const node = process.execPath;

it.runIf(process.platform === 'linux')(
  'a conversion whose app was killed ends by itself, and the next start finds nothing that grows again',
  { timeout: 120_000 },
  async () => {
    const [source, models] = [join(room, 'source'), join(room, 'models')];
    mkdirSync(models);
    // Large enough to be met at work: a part of a second of packing.
    const wide = {
      ...tinyConfigs.llama,
      hidden_size: 512,
      intermediate_size: 1536,
      vocab_size: 4000,
      num_hidden_layers: 2,
    };
    writeCheckpoint(source, tinyModel(wide, 3));
    const app = spawn(node, [join(import.meta.dirname, 'forkingParent.ts'), source, join(models, 'final')], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let said = '';
    const { promise: converting, resolve } = Promise.withResolvers<void>();
    app.stdout.on('data', (text: Buffer) => {
      said += text.toString();
      resolve();
    });
    await converting;
    const worker = /^converting in (\d+)\n$/.exec(said)?.[1] ?? '';
    expect(worker).not.toBe('');
    try {
      app.kill('SIGKILL');
      await once(app, 'exit');
    } finally {
      process.kill(Number(worker), 'SIGCONT');
    }
    await expect.poll(() => existsSync(`/proc/${worker}`), { timeout: 60_000 }).toBe(false);
    expect(said).toBe(`converting in ${worker}\n`);
    expect(existsSync(join(models, 'final'))).toBe(false);
    expect(await sweepUnfinished(models)).toBe(1);
    expect(readdirSync(models)).toEqual([]);
  },
);
