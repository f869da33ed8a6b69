import { isLoopback } from '../services/hub/loopback.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** The proxy that the environment names for an address. */
export interface NamedProxy {
  /** As written, perhaps with a name and password: never shown. */
  readonly url: string;
  /** The variable it comes from. */
  readonly variable: string;
}

/**
 * PURE: which proxy HTTPS_PROXY, HTTP_PROXY (either case; the small one wins, as in curl and Python) and NO_PROXY name for
 * an address; undefined = the straight way. This computer is never reached through a proxy.
 */
export function environmentProxy(address: string, env: Environment): NamedProxy | undefined {
  const url = new URL(address);
  if (isLoopback(url.hostname)) return undefined;
  const name = url.protocol === 'https:' ? 'https_proxy' : 'http_proxy';
  const variable = [name, name.toUpperCase()].find((one) => (env[one] ?? '') !== '');
  const proxy = variable === undefined ? undefined : env[variable];
  if (variable === undefined || proxy === undefined) return undefined;
  const exceptions = env['no_proxy'] || env['NO_PROXY'] || '';
  return exceptions.split(/[\s,]+/).some((one) => excludes(one, url)) ? undefined : { url: proxy, variable };
}

/** One entry of NO_PROXY: "*", "host", ".suffix", "*.suffix", each perhaps with a port. */
function excludes(entry: string, url: URL): boolean {
  if (entry === '*') return true;
  const [, host = '', port] = /^(.*?)(?::(\d+))?$/.exec(entry.toLowerCase()) ?? [];
  if (host === '' || (port !== undefined && port !== portOf(url))) return false;
  const suffix = host.replace(/^\*?\.?/, '');
  const name = url.hostname.replace(/^\[|\]$/g, '');
  return name === suffix || ((host.startsWith('.') || host.startsWith('*.')) && name.endsWith(`.${suffix}`));
}

function portOf(url: URL): string {
  return url.port || (url.protocol === 'https:' ? '443' : '80');
}

/** How a proxy is shown: where it is, never its name and password. */
export function shownProxy({ url, variable }: NamedProxy): string {
  const readable = URL.canParse(url) ? new URL(url) : undefined;
  return readable?.host ? `${readable.protocol}//${readable.host} (${variable})` : `that ${variable} names`;
}
