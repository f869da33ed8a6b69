import type { Computer } from '../ports.ts';
import { type AccessToken, createAccessToken } from './secret.ts';
import { readGitCredentials, readShellFile, readStoredTokens } from './tokenFiles.ts';

/** One place where a token for the Hub was found. */
export interface TokenSource {
  readonly kind: 'environment' | 'login-shell' | 'shell-file' | 'token-file' | 'stored' | 'git';
  /** Variable, account or token name: "HF_TOKEN", "laptop". */
  readonly name: string;
  /** Where to look: the path of a file or of a shell, "environment", or "credential helper". */
  readonly place: string;
  /** Absent when the place computes it, as in `HF_TOKEN=$(pass hf)`. */
  readonly token?: AccessToken;
}

/** Every source found, and the one each program would use if it ran in a terminal now. */
export interface TokenReport {
  readonly sources: readonly TokenSource[];
  readonly python?: TokenSource;
  readonly transformersJs?: TokenSource;
  readonly git?: TokenSource;
  /** Set, but never read: transformers.js stops at an HF_TOKEN that is set to nothing. */
  readonly hiddenByEmpty?: TokenSource;
  /** What the login shell said; 'none' = it was not there to be asked. */
  readonly shell: 'asked' | 'silent' | 'none';
}

const variables = ['HF_TOKEN', 'HUGGING_FACE_HUB_TOKEN', 'HF_ACCESS_TOKEN'] as const;
type Variable = (typeof variables)[number];

/** What else of a shell's environment decides where programs look. */
const places = ['HF_TOKEN_PATH', 'HF_HOME', 'XDG_CACHE_HOME', 'XDG_CONFIG_HOME', 'HF_HUB_DISABLE_IMPLICIT_TOKEN'];

/**
 * Finds the tokens other programs on this computer would use, in the order Python and transformers.js look (Hub facts
 * 2.2). A window program does not see what a shell sets: the login shell is asked where it can be, and the shells' start
 * files tell the line. `askGit` asks git's credential helpers, too, instead of only reading its plain-text store.
 */
export async function findTokenSources(
  computer: Computer,
  { hub = new URL('https://huggingface.co'), askGit = false }: { readonly hub?: URL; readonly askGit?: boolean } = {},
): Promise<TokenReport> {
  const told = await computer.askShell?.([...variables, ...places]);
  const env = { ...computer.env, ...told?.values };
  const inherited = variables.flatMap((name) => fromEnvironment(name, computer.env[name]));
  const written = await fromShellFiles({ ...computer, env });
  const said = told ? fromShell(told, written) : undefined;
  const exported = said?.exported ?? written;
  const { active, stored } = await fromPython({ ...computer, env });
  const git = await fromGit({ ...computer, env }, { hub, ask: askGit });

  // A terminal starts with what was inherited, then runs its start files: the last word is theirs.
  const visible = (name: Variable): TokenSource | undefined =>
    (said ? said.set.get(name) : exported.findLast((source) => source.name === name)) ??
    inherited.find((source) => source.name === name);
  const set = (name: Variable): TokenSource | undefined => {
    const found = visible(name);
    return found && isEmpty(found) ? undefined : found;
  };
  const disabled = /^(?:1|on|yes|true)$/i.test(env['HF_HUB_DISABLE_IMPLICIT_TOKEN'] ?? '');
  const python = disabled ? undefined : (set('HF_TOKEN') ?? set('HUGGING_FACE_HUB_TOKEN') ?? active);
  // `??` there: an HF_TOKEN that is set to nothing hides HF_ACCESS_TOKEN.
  const js = visible('HF_TOKEN') ?? visible('HF_ACCESS_TOKEN');
  const hidden = js && isEmpty(js) ? set('HF_ACCESS_TOKEN') : undefined;
  const found = [...inherited, ...exported, ...(active ? [active] : []), ...stored, ...git.sources];
  return {
    sources: found.filter((source) => !isEmpty(source)),
    ...(python ? { python } : {}),
    ...(js && !isEmpty(js) ? { transformersJs: js } : {}),
    ...(git.used ? { git: git.used } : {}),
    ...(hidden ? { hiddenByEmpty: hidden } : {}),
    shell: told ? 'asked' : computer.askShell ? 'silent' : 'none',
  };
}

/**
 * What the shell really sets, joined with the lines its start files have: a line that computes its value gets it from
 * here, and a value that no known line explains stands for itself.
 */
function fromShell(
  { shell, values }: { readonly shell: string; readonly values: Readonly<Record<string, string>> },
  written: readonly TokenSource[],
): { readonly exported: readonly TokenSource[]; readonly set: ReadonlyMap<Variable, TokenSource> } {
  let exported = written;
  const set = new Map<Variable, TokenSource>();
  for (const name of variables) {
    const value = values[name];
    if (value === undefined) continue;
    const token = createAccessToken(trimmed(value));
    const line = exported.findLast(
      (source) => source.name === name && (!source.token || source.token.reveal() === token.reveal()),
    );
    const source: TokenSource = line ? { ...line, token } : { kind: 'login-shell', name, place: shell, token };
    exported = line ? exported.map((one) => (one === line ? source : one)) : [...exported, source];
    set.set(name, source);
  }
  return { exported, set };
}

async function fromPython(
  computer: Computer,
): Promise<{ readonly active: TokenSource | undefined; readonly stored: readonly TokenSource[] }> {
  const path = tokenFile(computer);
  const place = beside(path, 'stored_tokens');
  const [text, list] = [await computer.readText(path), await computer.readText(place)];
  const stored = readStoredTokens(list ?? '').map(({ name, token }): TokenSource => {
    return { kind: 'stored', name, place, token: createAccessToken(token) };
  });
  return { active: fromTokenFile(path, text), stored };
}

function fromEnvironment(name: string, value: string | undefined): readonly TokenSource[] {
  return value === undefined
    ? []
    : [{ kind: 'environment', name, place: 'environment', token: createAccessToken(trimmed(value)) }];
}

async function fromShellFiles({ home, platform, env, readText }: Computer): Promise<readonly TokenSource[]> {
  if (platform === 'win32') return []; // programs there inherit what the person set
  const config = env['XDG_CONFIG_HOME'] ?? `${home}/.config`;
  const files: Readonly<Record<string, readonly string[]>> = {
    zsh: ['.zshenv', '.zprofile', '.zshrc', '.zlogin'].map((name) => `${env['ZDOTDIR'] ?? home}/${name}`),
    bash: ['.profile', '.bash_profile', '.bashrc'].map((name) => `${home}/${name}`),
    fish: [`${config}/fish/config.fish`],
  };
  const shell = env['SHELL']?.split('/').at(-1) ?? '';
  const paths = files[shell] ?? Object.values(files).flat();
  const sources: TokenSource[] = [];
  for (const place of paths) {
    for (const { name, value } of readShellFile((await readText(place)) ?? '', variables)) {
      const token = value === undefined ? {} : { token: createAccessToken(trimmed(value)) };
      sources.push({ kind: 'shell-file', name, place, ...token });
    }
  }
  return sources;
}

function fromTokenFile(place: string, text: string | undefined): TokenSource | undefined {
  const token = trimmed(text ?? '');
  return token === '' ? undefined : { kind: 'token-file', name: 'token', place, token: createAccessToken(token) };
}

async function fromGit(
  { home, env, readText, askGit }: Computer,
  { hub, ask }: { readonly hub: URL; readonly ask: boolean },
): Promise<{ readonly sources: readonly TokenSource[]; readonly used?: TokenSource | undefined }> {
  // git asks its plain-text store in this order; other helpers keep theirs to themselves.
  const places = [`${home}/.git-credentials`, `${env['XDG_CONFIG_HOME'] ?? `${home}/.config`}/git/credentials`];
  const sources: TokenSource[] = [];
  for (const place of places) {
    for (const { name, token } of readGitCredentials((await readText(place)) ?? '', hub.host)) {
      sources.push({ kind: 'git', name, place, token: createAccessToken(token) });
    }
  }
  if (!ask || !askGit) return { sources, used: sources[0] };
  const held = await askGit(hub);
  if (!held) return { sources }; // the store may be there, but git does not use it
  const known = sources.find((source) => source.token?.reveal() === held.password);
  if (known) return { sources, used: known };
  const token = createAccessToken(held.password);
  const helped: TokenSource = { kind: 'git', name: held.username, place: 'credential helper', token };
  return { sources: [helped, ...sources], used: helped };
}

/** $HF_TOKEN_PATH, else "token" in $HF_HOME, else in the huggingface folder of the cache; the same on Windows. */
export function tokenFile({ env, home }: Pick<Computer, 'env' | 'home'>): string {
  const path = (value: string): string => expanded(value, { env, home });
  const own = env['HF_TOKEN_PATH'];
  if (own) return path(own);
  const hfHome = env['HF_HOME'] || `${env['XDG_CACHE_HOME'] || `${home}/.cache`}/huggingface`;
  return `${path(hfHome)}/token`;
}

/** "~" and $NAME as Python's expanduser and expandvars read them. */
function expanded(path: string, { env, home }: Pick<Computer, 'env' | 'home'>): string {
  return path
    .replace(/^~(?=$|[/\\])/, () => home)
    .replace(/\$(?:\{(\w+)\}|(\w+))/g, (whole, braced?: string, bare?: string) => env[braced ?? bare ?? ''] ?? whole);
}

function beside(path: string, name: string): string {
  return path.replace(/[^/\\]*$/, name);
}

function trimmed(value: string): string {
  return value.replace(/[\r\n]/g, '').trim();
}

function isEmpty(source: TokenSource): boolean {
  return source.token?.reveal() === '';
}
