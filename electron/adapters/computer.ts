import { type ChildProcess, spawn } from 'node:child_process';
import { userInfo } from 'node:os';
import { dirname, isAbsolute } from 'node:path';
import type { Computer } from '../services/ports.ts';
import { openToRead } from '../services/durable/reading.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** Token files are one line; a file beyond this is something else. */
const largest = 2 ** 20;
/** Start files that take longer than this keep the person waiting in every terminal, too. */
const patience = 5000;

/** What a shell and git's helpers need to find their own files and their keyring. Tokens of ours or others are not in it. */
const handedOn =
  /^(?:PATH|HOME|USER|LOGNAME|SHELL|LANG|LC_\w+|TMPDIR|ZDOTDIR|XDG_\w+|DBUS_SESSION_BUS_ADDRESS|DISPLAY|WAYLAND_DISPLAY|SystemRoot|SystemDrive|USERPROFILE|APPDATA|LOCALAPPDATA|PATHEXT|ComSpec)$/i;

/**
 * This computer as other programs see it. `asksShell` is for programs that were started from a desktop: those in a
 * terminal have its variables already. No child gets a token in its arguments or its environment.
 */
export function createComputer(options: {
  readonly env: Environment;
  readonly home: string;
  readonly platform: string;
  readonly asksShell: boolean;
}): Computer {
  const { env, home, platform } = options;
  const shell = platform === 'win32' ? undefined : loginShell(env);
  return {
    env,
    home,
    platform,
    readText,
    ...(options.asksShell && shell !== undefined && { askShell: (names) => askShell(shell, names, env) }),
    askGit: (hub) => askGit(hub, env),
  };
}

async function readText(path: string): Promise<string | undefined> {
  try {
    const file = await openToRead(path);
    try {
      const facts = await file.stat();
      return facts.isFile() && facts.size <= largest ? await file.readFile('utf8') : undefined;
    } finally {
      await file.close();
    }
  } catch {
    return undefined;
  }
}

/** The shells whose words for "print a variable" are the ones below. */
function loginShell(env: Environment): string | undefined {
  const shell = env['SHELL'] || accountShell();
  return shell !== undefined && isAbsolute(shell) && /\/(?:ba|z|da|k|fi)?sh$/.test(shell) ? shell : undefined;
}

function accountShell(): string | undefined {
  try {
    return userInfo().shell ?? undefined;
  } catch {
    return undefined; // no entry for this user, as in some containers
  }
}

/**
 * Runs the person's login shell as a terminal would, with an environment that holds no token, and reads what it set.
 * `printenv` tells "set to nothing" (an empty line) from "not set" (no line) in every shell and on every system.
 */
async function askShell(
  shell: string,
  names: readonly string[],
  env: Environment,
): Promise<{ shell: string; values: Record<string, string> } | undefined> {
  const mark = '<latchkey>';
  const script = [...names.map((name) => `printf '%s' '${mark}'; command printenv ${name}`), `printf '%s' '${mark}'`];
  const output = await run(shell, ['-ilc', script.join('; ')], { env: { ...kept(env), TERM: 'dumb' } });
  // What start files print comes before the first mark.
  const parts = output?.split(mark).slice(1, -1) ?? [];
  if (parts.length !== names.length) return undefined;
  const values: Record<string, string> = {};
  for (const [index, name] of names.entries()) {
    const part = parts[index] ?? '';
    if (part !== '') values[name] = part.replace(/\r?\n$/, '');
  }
  return { shell, values };
}

const ownFolder = dirname(process.execPath);

/** git's own way to ask its helpers; nobody is prompted, and what is not there stays away. */
async function askGit(hub: URL, env: Environment): Promise<{ username: string; password: string } | undefined> {
  const output = await run('git', ['credential', 'fill'], {
    env: {
      ...kept(env),
      GIT_TERMINAL_PROMPT: '0',
      GCM_INTERACTIVE: 'never',
      GIT_ASKPASS: '',
      SSH_ASKPASS: '',
      GIT_CEILING_DIRECTORIES: dirname(ownFolder), // nor in a repository around it
    },
    input: `protocol=${hub.protocol.replace(':', '')}\nhost=${hub.host}\n\n`,
  });
  const field = (name: string): string | undefined => new RegExp(`^${name}=(.+)$`, 'm').exec(output ?? '')?.[1];
  const password = field('password');
  return password === undefined ? undefined : { username: field('username') ?? '', password };
}

function kept(env: Environment): Record<string, string> {
  const entries = Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return Object.fromEntries(entries.filter(([name]) => handedOn.test(name)));
}

/** What a program prints; undefined when it fails, takes too long or does not exist. */
function run(
  command: string,
  words: readonly string[],
  { env, input }: { readonly env: Record<string, string>; readonly input?: string },
): Promise<string | undefined> {
  return new Promise((resolve) => {
    // A group of its own: an interactive shell would else fight for our terminal, and is ended with all it started.
    const child = spawn(command, words, {
      env,
      // Never the folder Latchkey was started in, which may be a stranger's model: Windows would look for the program there
      // first, and git does what the repository it stands in says.
      cwd: ownFolder,
      stdio: ['pipe', 'pipe', 'ignore'],
      detached: process.platform !== 'win32',
    });
    let output = '';
    const timer = setTimeout(() => end(child), patience);
    child.stdout.on('data', (bytes: Buffer) => {
      if (output.length < largest) output += bytes.toString('utf8');
    });
    child.stdin.on('error', () => undefined); // it may not want to listen
    child.stdin.end(input ?? '');
    const finish = (code: number | null): void => {
      clearTimeout(timer);
      child.stdout.destroy();
      resolve(code === 0 ? output : undefined);
    };
    child.once('error', () => finish(null));
    child.once('close', finish);
    // A program that a start file left in the background may keep the pipe open for ever.
    child.once('exit', (code) => setTimeout(finish, 500, code).unref());
  });
}

function end(child: ChildProcess): void {
  try {
    if (child.pid !== undefined && process.platform !== 'win32') process.kill(-child.pid, 'SIGKILL');
    else child.kill('SIGKILL');
  } catch {
    // It ended by itself in this very moment.
  }
}
