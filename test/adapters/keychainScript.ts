/**
 * `node keychainScript.ts '<steps>' ['<steps>'...]`: plays lists of steps against the real keychain of its session and
 * prints what each step answered, as JSON. Each list runs in a process of its own, as each start of the app does: the
 * library behind the keychain does not find a keyring daemon again that was started anew.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createKeychain } from '../../electron/adapters/keychain.ts';

export type Step =
  | { readonly do: 'read' | 'remove' | 'lock' | 'unlock' | 'forgetMarker' | 'marker' }
  | { readonly do: 'write'; readonly secret: string }
  /** Another program (the keychain's own window) takes the secret out. */
  | { readonly do: 'removeOutside' };

const login = '/org/freedesktop/secrets/collection/login';
const gdbus = (...words: readonly string[]): string =>
  execFileSync('gdbus', ['call', '--session', ...words], { encoding: 'utf8' });

function lock(): void {
  const target = ['--dest', 'org.freedesktop.secrets', '--object-path', '/org/freedesktop/secrets'];
  gdbus(...target, '--method', 'org.freedesktop.Secret.Service.Lock', `[objectpath "${login}"]`);
}

/** True when the process has ended, whether or not somebody has taken note of it. */
function hasEnded(pid: number): boolean {
  try {
    return readFileSync(`/proc/${String(pid)}/stat`, 'latin1')
      .replace(/.*\) /s, '')
      .startsWith('Z');
  } catch {
    return true;
  }
}

/** A running daemon cannot be unlocked from outside: it is replaced by one that starts unlocked. */
function unlock(): void {
  const bus = ['--dest', 'org.freedesktop.DBus', '--object-path', '/'];
  const answer = gdbus(
    ...bus,
    '--method',
    'org.freedesktop.DBus.GetConnectionUnixProcessID',
    'org.freedesktop.secrets',
  );
  const pid = Number(/uint32 (\d+)/.exec(answer)?.[1]);
  process.kill(pid);
  // While the old one is there, a new one would only hand its password on to it.
  while (!hasEnded(pid)) spawnSync('sleep', ['0.02']);
  spawnSync('gnome-keyring-daemon', ['--unlock', '--components=secrets'], {
    input: process.env['KEYRING_PASSWORD'] ?? 'test',
  });
  // Before it has its name, the bus would start another one for whoever asks, and that one is locked.
  execFileSync('gdbus', ['wait', '--session', '--timeout', '30', 'org.freedesktop.secrets']);
}

let stored = process.env['MARKER'] === 'true';
const names = { service: 'Latchkey test', account: 'access token' };
const vault = createKeychain({
  ...names,
  marker: { read: async () => stored, write: async (now) => void (stored = now) },
});

async function play(step: Step): Promise<unknown> {
  switch (step.do) {
    case 'read':
      return vault.read();
    case 'remove':
      return vault.remove();
    case 'write':
      return vault.write(step.secret);
    case 'lock':
      return lock();
    case 'unlock':
      return unlock();
    case 'forgetMarker':
      stored = false;
      return undefined;
    case 'marker':
      return stored;
    case 'removeOutside': {
      const { default: keytar } = await import('keytar');
      return keytar.deletePassword(names.service, names.account);
    }
  }
}

interface Played {
  readonly answers: readonly unknown[];
  readonly stored: boolean;
}

async function playAll(steps: readonly Step[]): Promise<Played> {
  const answers: unknown[] = [];
  for (const step of steps) answers.push((await play(step)) ?? null);
  return { answers, stored };
}

const lists = process.argv.slice(2);
if (process.env['ONE_LIST'] === 'true')
  console.log(JSON.stringify(await playAll(JSON.parse(lists[0] ?? '[]') as Step[])));
else {
  const all: unknown[] = [];
  for (const list of lists) {
    const env = { ...process.env, ONE_LIST: 'true', MARKER: String(stored) };
    const output = execFileSync(process.execPath, [import.meta.filename, list], { encoding: 'utf8', env });
    const played = JSON.parse(output) as Played;
    all.push(...played.answers);
    stored = played.stored;
  }
  console.log(JSON.stringify(all));
}
