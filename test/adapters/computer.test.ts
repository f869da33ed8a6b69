import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createComputer } from '../../electron/adapters/computer.ts';

const canary = `hf_${'CANARYcanaryCANARYcanaryCANARYcana'}`;
let home: string;
beforeAll(() => {
  home = mkdtempSync(join(tmpdir(), 'latchkey-computer-'));
});
afterAll(() => rmSync(home, { recursive: true, force: true }));

const has = (command: string): boolean => spawnSync('sh', ['-c', `command -v ${command}`]).status === 0;
const path = process.env['PATH'] ?? '';
const computer = (env: Record<string, string> = {}) =>
  createComputer({ env: { PATH: path, HOME: home, ...env }, home, platform: process.platform, asksShell: true });

/** Start files of each shell that say the same. */
const shells: readonly (readonly [shell: string, file: string, text: string])[] = [
  ['bash', '.bash_profile', 'echo welcome\nexport HF_TOKEN=hf_from_shell\nexport HF_ACCESS_TOKEN=\n'],
  ['dash', '.profile', 'echo welcome\nexport HF_TOKEN=hf_from_shell\nexport HF_ACCESS_TOKEN=\n'],
  ['zsh', '.zprofile', 'echo welcome\nexport HF_TOKEN=hf_from_shell\nexport HF_ACCESS_TOKEN=\n'],
  ['fish', '.config/fish/config.fish', 'echo welcome\nset -gx HF_TOKEN hf_from_shell\nset -gx HF_ACCESS_TOKEN ""\n'],
];

describe.runIf(process.platform !== 'win32')('the login shell', () => {
  for (const [shell, file, text] of shells) {
    test.runIf(has(shell))(`${shell} tells what it sets, what is set to nothing and what is not set`, async () => {
      const at = mkdtempSync(join(home, `${shell}-`));
      mkdirSync(join(at, file, '..'), { recursive: true });
      writeFileSync(join(at, file), text);
      const where = execFileSync('sh', ['-c', `command -v ${shell}`], { encoding: 'utf8' }).trim();
      const answer = await computer({ HOME: at, SHELL: where, HF_TOKEN: canary, HF_HOME: '/inherited' }).askShell?.([
        'HF_TOKEN',
        'HF_ACCESS_TOKEN',
        'HF_HOME',
      ]);
      // What we inherited is not handed on, so it is no answer of the shell.
      expect(answer).toEqual({ shell: where, values: { HF_TOKEN: 'hf_from_shell', HF_ACCESS_TOKEN: '' } });
    });
  }

  test('gets no token of ours in its arguments or its environment', async () => {
    const spy = join(home, 'spy', 'bash');
    mkdirSync(join(home, 'spy'));
    writeFileSync(
      spy,
      `#!/bin/sh\ntr '\\0' '\\n' < /proc/$$/environ > ${home}/seen\ntr '\\0' '\\n' < /proc/$$/cmdline >> ${home}/seen\n`,
    );
    chmodSync(spy, 0o700);
    await computer({ SHELL: spy, HF_TOKEN: canary, HUGGING_FACE_HUB_TOKEN: canary, AWS_SECRET: canary }).askShell?.([
      'HF_TOKEN',
    ]);
    const seen = await computer().readText(join(home, 'seen'));
    expect(seen).toContain('HF_TOKEN'); // the name it is asked about
    expect(seen).not.toContain(canary);
  });

  test('that fails, or is none of the known ones, is silent', async () => {
    const broken = join(home, 'zsh');
    writeFileSync(broken, '#!/bin/sh\nexit 3\n');
    chmodSync(broken, 0o700);
    expect(await computer({ SHELL: broken }).askShell?.(['HF_TOKEN'])).toBeUndefined();
    expect(computer({ SHELL: '/usr/bin/nu' }).askShell).toBeUndefined();
    expect(createComputer({ env: {}, home, platform: 'win32', asksShell: true }).askShell).toBeUndefined();
  });
});

describe.runIf(has('git'))('git', () => {
  test('tells what its helpers hold for this Hub, and prompts nobody for what they do not', async () => {
    const at = mkdtempSync(join(home, 'git-'));
    writeFileSync(join(at, '.gitconfig'), '[credential]\n  helper = store\n');
    writeFileSync(join(at, '.git-credentials'), `https://hf_user:${canary}@huggingface.co\n`);
    const here = computer({ HOME: at, GIT_ASKPASS: '/bin/false' });
    expect(await here.askGit?.(new URL('https://huggingface.co'))).toEqual({ username: 'hf_user', password: canary });
    expect(await here.askGit?.(new URL('https://hub.example'))).toBeUndefined();
  });

  test('does nothing of what a folder says in which Latchkey was started', () => {
    const folder = mkdtempSync(join(home, 'model of a stranger-'));
    const marker = join(folder, 'was run');
    execFileSync('git', ['init', '-q', folder]);
    execFileSync('git', [
      '-C',
      folder,
      'config',
      'credential.helper',
      `!touch '${marker}'; echo username=u; echo password=x; :`,
    ]);
    const ask = `
      import { createComputer } from ${JSON.stringify(new URL('../../electron/adapters/computer.ts', import.meta.url).href)};
      const here = createComputer({ env: process.env, home: ${JSON.stringify(home)}, platform: process.platform, asksShell: false });
      console.log(JSON.stringify(await here.askGit?.(new URL('https://huggingface.co')) ?? null));
    `;
    const env = { PATH: process.env['PATH'], HOME: home };
    execFileSync('git', ['credential', 'fill'], { cwd: folder, env, input: 'protocol=https\nhost=a.example\n\n' });
    expect(existsSync(marker)).toBe(true); // it would be run
    rmSync(marker);
    const said = execFileSync(process.execPath, ['--input-type=module', '-e', ask], { cwd: folder, env });
    expect([said.toString().trim(), existsSync(marker)]).toEqual(['null', false]);
  });
});

describe('a file', () => {
  test('that is missing, a folder or far too long reads as nothing', async () => {
    writeFileSync(join(home, 'long'), Buffer.alloc(2 ** 20 + 1));
    writeFileSync(join(home, 'token'), canary);
    const read = (name: string) => computer().readText(join(home, name));
    expect(await Promise.all(['nothing', '.', 'long', 'token'].map(read))).toEqual([
      undefined,
      undefined,
      undefined,
      canary,
    ]);
  });
});
