/**
 * The desktop's way to the network. Straight connections go through Node, as on the other host: many at once, each with
 * its own socket. Whatever the system has put in between (its proxy settings, a PAC file, a proxy that wants a sign-in, a
 * certificate of the company's) goes through Chromium, which knows all of that. See docs/decisions/0005.
 */
import { net, type Session, session } from 'electron';
import { environmentProxy, shownProxy } from '../../adapters/environmentProxy.ts';
import { isUntrusted } from '../../adapters/nodeNetwork.ts';
import type { HttpPort, WayPort } from '../../services/ports.ts';
import { chromiumHttp } from './chromiumHttp.ts';
import { readProxies } from './readProxies.ts';
import { spellNothing } from './spelling.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** A person who changes the proxy in the system's settings is not kept waiting longer than this. */
const believedMs = 30_000;
/** Looking for a PAC file can take long on a network that has none. */
const patienceMs = 5000;

export interface DesktopNetwork {
  readonly http: HttpPort;
  readonly way: WayPort;
}

/** Call after `ready`. `node` is the port for straight connections and for proxies that the environment names. */
export function createDesktopNetwork(options: {
  readonly node: HttpPort;
  readonly nodeWay: WayPort;
  readonly env: Environment;
  readonly now: () => number;
}): DesktopNetwork {
  const { node, nodeWay, env } = options;
  // Not the page's session: pages have no network. In memory only, without cache and cookies.
  const ours = session.fromPartition('latchkey-network', { cache: false });
  spellNothing(ours);
  const issuers = rememberIssuers(ours);
  const chromium = chromiumHttp({ net, session: ours, issuerFor: (host) => issuers.get(host) });
  const proxies = systemProxies(ours, options.now);
  /** Servers whose certificate only the system vouches for. */
  const vouchedFor = new Set<string>();

  const goesByChromium = async (url: string): Promise<boolean> =>
    vouchedFor.has(new URL(url).origin) ||
    // What a terminal was told holds for what is started there, on every system.
    (environmentProxy(url, env) === undefined && (await proxies(url)) !== undefined);

  const http: HttpPort = async (request, more) => {
    if (await goesByChromium(request.url)) return chromium(request, more);
    try {
      return await node(request, more);
    } catch (error) {
      if (!isUntrusted(error)) throw error;
      // Nothing was sent: the certificate comes first. Chromium asks the system, which may know better.
      const answer = await chromium(request, more).catch((second: unknown) => {
        throw more.signal?.aborted ? second : error;
      });
      vouchedFor.add(new URL(request.url).origin);
      return answer;
    }
  };

  return {
    http,
    way: {
      async proxyFor(url) {
        const named = environmentProxy(url, env);
        if (named) return shownProxy(named);
        const found = await proxies(url);
        return found && `${found} (system settings)`;
      },
      async issuerOf(url) {
        if (!(await goesByChromium(url))) return nodeWay.issuerOf(url);
        const { origin, hostname } = new URL(url);
        const look = { method: 'HEAD', url: `${origin}/`, headers: {} } as const;
        await chromium(look, { signal: AbortSignal.timeout(3000) }).then(
          (answer) => answer.close(),
          () => undefined,
        );
        return issuers.get(hostname);
      },
    },
  };
}

/** Chromium alone decides about certificates; this only listens who signed them. */
function rememberIssuers(ours: Session): ReadonlyMap<string, string> {
  const issuers = new Map<string, string>();
  ours.setCertificateVerifyProc(({ hostname, certificate }, answer) => {
    const [organisation] = certificate.issuer.organizations;
    issuers.set(hostname, organisation ?? certificate.issuerName);
    answer(-3); // as Chromium judged
  });
  return issuers;
}

/** The first proxy the system names for an address, "host:port"; undefined = the straight way. */
function systemProxies(ours: Session, now: () => number): (url: string) => Promise<string | undefined> {
  const known = new Map<string, { readonly proxy: Promise<string | undefined>; readonly at: number }>();
  const ask = async (url: string): Promise<string | undefined> => {
    const { promise: late, resolve } = Promise.withResolvers<string>();
    const timer = setTimeout(resolve, patienceMs, 'DIRECT');
    const said = await Promise.race([ours.resolveProxy(url), late]).catch(() => 'DIRECT');
    clearTimeout(timer);
    return readProxies(said);
  };
  return (url) => {
    const { origin } = new URL(url);
    const before = known.get(origin);
    if (before && now() - before.at < believedMs) return before.proxy;
    const proxy = ask(`${origin}/`);
    known.set(origin, { proxy, at: now() });
    return proxy;
  };
}
