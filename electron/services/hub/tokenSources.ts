import { type AccessToken, createAccessToken } from './secret.ts';
import { readGitCredentials, readShellFile, readStoredTokens } from './tokenFiles.ts';

/** What is looked at: nothing here touches the system by itself. */
export interface Computer {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly home: string;
  readonly platform: string; // as process.platform
  /** The text of a file; undefined when it is missing or cannot be read. */
  readonly readText: (path: string) => Promise<string | undefined>;
}

/** One place where a token for the Hub was found. */
export interface TokenSource {
  readonly kind: 'environment' | 'shell-file' | 'token-file' | 'stored' | 'git';
  /** Variable, account or token name: "HF_TOKEN", "laptop". */
  readonly name: string;
  /** Where to look: the path of a file, or "environment". */
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
}

const variables = ['HF_TOKEN', 'HUGGING_FACE_HUB_TOKEN', 'HF_ACCESS_TOKEN'] as const;
type Variable = (typeof variables)[number];

/**
 * Finds the tokens other programs on this computer would use, in the order Python and transformers.js look (Hub facts
 * 2.2). A window program does not see what a shell exports, so the shells' start files are read as well.
 */
export async function findTokenSources(computer: Computer, hubHost = 'huggingface.co'): Promise<TokenReport> {
  const { env, readText } = computer;
  const inherited = variables.flatMap((name) => fromEnvironment(name, env[name]));
  const exported = await fromShellFiles(computer);
  const tokenPath = tokenFile(computer);
  const active = fromTokenFile(tokenPath, await readText(tokenPath));
  const storedPath = beside(tokenPath, 'stored_tokens');
  const stored = readStoredTokens((await readText(storedPath)) ?? '').map(({ name, token }): TokenSource => {
    return { kind: 'stored', name, place: storedPath, token: createAccessToken(token) };
  });
  const git = await fromGit(computer, hubHost);

  // A terminal starts with what was inherited, then runs its start files: the last word is theirs.
  const visible = (name: Variable): TokenSource | undefined =>
    exported.findLast((source) => source.name === name) ?? inherited.find((source) => source.name === name);
  const set = (name: Variable): TokenSource | undefined => {
    const found = visible(name);
    return found && isEmpty(found) ? undefined : found;
  };
  const disabled = /^(?:1|on|yes|true)$/i.test(env['HF_HUB_DISABLE_IMPLICIT_TOKEN'] ?? '');
  const python = disabled ? undefined : (set('HF_TOKEN') ?? set('HUGGING_FACE_HUB_TOKEN') ?? active);
  // `??` there: an HF_TOKEN that is set to nothing hides HF_ACCESS_TOKEN.
  const js = visible('HF_TOKEN') ?? visible('HF_ACCESS_TOKEN');
  const firstGit = git[0];
  const found = [...inherited, ...exported, ...(active ? [active] : []), ...stored, ...git];
  return {
    sources: found.filter((source) => !isEmpty(source)),
    ...(python ? { python } : {}),
    ...(js && !isEmpty(js) ? { transformersJs: js } : {}),
    ...(firstGit ? { git: firstGit } : {}),
  };
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

async function fromGit({ home, env, readText }: Computer, hubHost: string): Promise<readonly TokenSource[]> {
  // git asks its plain-text store in this order; other helpers keep theirs to themselves.
  const places = [`${home}/.git-credentials`, `${env['XDG_CONFIG_HOME'] ?? `${home}/.config`}/git/credentials`];
  const sources: TokenSource[] = [];
  for (const place of places) {
    for (const { name, token } of readGitCredentials((await readText(place)) ?? '', hubHost)) {
      sources.push({ kind: 'git', name, place, token: createAccessToken(token) });
    }
  }
  return sources;
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
