import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
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
    // Large enough to be met at work: some seconds of packing.
    const wide = {
      ...tinyConfigs.llama,
      hidden_size: 512,
      intermediate_size: 1536,
      vocab_size: 4000,
      num_hidden_layers: 4,
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
    const workers = readFileSync(`/proc/${app.pid}/task/${app.pid}/children`, 'utf8').trim().split(' ').filter(Boolean);
    app.kill('SIGKILL');
    expect(workers).toHaveLength(1);
    await expect.poll(() => workers.filter((pid) => existsSync(`/proc/${pid}`)), { timeout: 60_000 }).toEqual([]);
    expect(said).toBe('converting\n');
    expect(existsSync(join(models, 'final'))).toBe(false);
    expect(await sweepUnfinished(models)).toBe(1);
    expect(readdirSync(models)).toEqual([]);
  },
);
