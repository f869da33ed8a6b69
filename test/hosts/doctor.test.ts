/** The doctor as a person runs it: `npm run doctor`, with and without a network. */
import { execFile, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { PracticeHub } from '../../electron/practice/hub/practiceHub.ts';
import { startPracticeHub } from '../../electron/practice/hub/startPracticeHub.ts';
import { ensureBuilt, root } from './launch.ts';

const place = mkdtempSync(join(tmpdir(), 'doctor-'));
const gated = 'practice-labs/Keyhole-1-Instruct';
const canNotReach = spawnSync('unshare', ['-n', 'true']).status !== 0;
let hub: PracticeHub;

beforeAll(async () => {
  await ensureBuilt();
  hub = await startPracticeHub({ modelFolder: join(root, 'electron/practice/model'), seed: 9 });
}, 120_000);
afterAll(async () => {
  await hub.close();
  rmSync(place, { recursive: true, force: true });
});

interface Said {
  readonly code: number;
  readonly text: string;
}

function doctor(
  words: readonly string[],
  env: Record<string, string> = {},
  before: readonly string[] = [],
): Promise<Said> {
  const home = join(place, 'home');
  mkdirSync(home, { recursive: true });
  const [command = '', ...rest] = [...before, process.execPath, join(root, 'build/doctor.js'), ...words];
  return new Promise((resolve) => {
    execFile(command, rest, { env: { PATH: process.env['PATH'], HOME: home, ...env } }, (error, stdout) =>
      resolve({ code: typeof error?.code === 'number' ? error.code : 0, text: stdout }),
    );
  });
}

describe('npm run doctor', () => {
  test.skipIf(canNotReach)('without any network says offline and what still works', async () => {
    const { code, text } = await doctor(['meta-llama/Llama-3.2-1B'], {}, ['unshare', '-n']);
    expect(code).toBe(10);
    expect(text).toMatch(/FAIL +network .*no connection/i);
    expect(text).toMatch(/ok +runtime +The inference runtime loads/);
    expect(text).toMatch(/What works now:[^]*Reading and searching your chats/);
  });

  test('takes an error text, finds its model, and says what is true of it', async () => {
    const token = hub.control.createToken({ account: 'ada', kind: 'read' });
    const folder = join(place, 'hf');
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'token'), `${token}\n`);
    const error = `401 Client Error. Repository Not Found for url: https://huggingface.co/${gated}/resolve/main/config.json.`;
    const { code, text } = await doctor([error], { HF_ENDPOINT: hub.endpoint, HF_HOME: folder });
    expect(code).toBe(13);
    expect(text).toMatch(/Python \(ends in \w{4}\): ada has not accepted this licence yet/);
    expect(text).toContain(`Next: Open licence page: ${hub.endpoint}/${gated}`);
    expect(text).not.toContain(token);
  });

  test('gives JSON that a script can read, with the class of the trouble', async () => {
    const { code, text } = await doctor(['--json', gated], { HF_ENDPOINT: hub.endpoint });
    const found = JSON.parse(text) as { trouble: string; exitCode: number };
    expect(found).toMatchObject({ trouble: 'token', exitCode: 11 });
    expect(code).toBe(11);
  });

  test('explains itself, and refuses what it does not understand', async () => {
    const help = await doctor(['--help']);
    expect(help).toMatchObject({ code: 0 });
    expect(help.text).toContain('Exit codes: 0 fine');
    expect(await doctor(['--quick'])).toMatchObject({ code: 2 });
    expect((await doctor(['hello'])).text).toContain('No model name found');
  });
});
