/** PURE readers of the file formats other programs keep tokens in. */

/** $HF_HOME/stored_tokens: an INI file, one section per named token, read without interpolation. */
export function readStoredTokens(text: string): readonly { readonly name: string; readonly token: string }[] {
  const found: { name: string; token: string }[] = [];
  let section: string | undefined;
  for (const line of lines(text)) {
    const name = /^\[(.+)\]$/.exec(line)?.[1];
    if (name !== undefined) section = name;
    const token = /^hf_token\s*[=:]\s*(\S+)$/i.exec(line)?.[1];
    if (token !== undefined && section !== undefined) found.push({ name: section, token });
  }
  return found;
}

/** git's plain-text store: one address per line, https://name:password@host. */
export function readGitCredentials(
  text: string,
  host: string,
): readonly { readonly name: string; readonly token: string }[] {
  return lines(text).flatMap((line) => {
    if (!URL.canParse(line)) return [];
    const url = new URL(line);
    if (url.host !== host || url.password === '') return [];
    return [{ name: decoded(url.username), token: decoded(url.password) }];
  });
}

/**
 * Assignments of the named variables in a start file of sh, bash, zsh or fish, in order. `value` is undefined when the
 * shell would compute it.
 */
export function readShellFile(
  text: string,
  names: readonly string[],
): readonly { readonly name: string; readonly value: string | undefined }[] {
  const either = names.join('|');
  const posix = new RegExp(`^(?:export\\s+|(?:typeset|declare)\\s+-x\\s+)?(${either})=(.*)$`);
  const fish = new RegExp(`^set\\s+(?:-\\S+\\s+)*(${either})\\s+(.*)$`);
  return lines(text).flatMap((line) => {
    const [, name, rest] = posix.exec(line) ?? fish.exec(line) ?? [];
    return name === undefined || rest === undefined ? [] : [{ name, value: shellWord(rest.trim()) }];
  });
}

/** The first word of a shell line without its quotes; undefined when it holds a command or a variable. */
function shellWord(rest: string): string | undefined {
  const single = /^'([^']*)'/.exec(rest)?.[1];
  if (single !== undefined) return single;
  const word = /^"([^"]*)"/.exec(rest)?.[1] ?? /^[^\s;#&|]*/.exec(rest)?.[0] ?? '';
  return /[$`(]/.test(word) ? undefined : word;
}

function lines(text: string): readonly string[] {
  return text
    .slice(0, 1_000_000)
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== '' && !/^[#;]/.test(line));
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
