import { spawn, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { root } from '../hosts/launch.ts';

/** A private keyring that outlives the app: what one start stores, the next one finds. */
export interface OwnKeyring {
  /** The variables by which a program finds it. */
  readonly env: Readonly<Record<string, string>>;
  close(): Promise<void>;
}

/** Whether this machine can have one. */
export const canHaveKeyring =
  process.platform === 'linux' &&
  ['gnome-keyring-daemon', 'dbus-run-session'].every(
    (command) => spawnSync('sh', ['-c', `command -v ${command}`]).status === 0,
  );

/** Opens one for a test file; the keyring of the run is left alone. */
export async function openOwnKeyring(): Promise<OwnKeyring> {
  const { WITH_KEYRING_INSIDE: _inside, ...env } = process.env;
  const say = 'echo "$DBUS_SESSION_BUS_ADDRESS"; echo "$XDG_RUNTIME_DIR"; exec cat';
  const child = spawn(join(root, 'build/withKeyring.sh'), ['sh', '-c', say], {
    env,
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const exited = new Promise((settle) => child.once('exit', settle));
  let said = '';
  await new Promise<void>((settle, reject) => {
    child.once('exit', () => reject(new Error('no keyring could be opened')));
    child.stdout.on('data', (text: Buffer) => {
      said += text.toString();
      if (said.split('\n').length > 2) settle();
    });
  });
  const [address = '', folder = ''] = said.split('\n');
  return {
    env: { DBUS_SESSION_BUS_ADDRESS: address, XDG_RUNTIME_DIR: folder },
    async close() {
      child.stdin.end();
      await exited;
    },
  };
}
