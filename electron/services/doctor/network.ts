import type { Problem, ProblemCode } from '../../contract/problem.ts';
import { authCheck } from '../hub/authCheck.ts';
import { explain } from '../hub/explain.ts';
import type { HubAnswer, HubClient } from '../hub/request.ts';
import type { WayPort } from '../ports.ts';
import type { Finding } from './finding.ts';

/** A name everybody knows and nobody needs: what is asked is whether a Hub answers, not what it says. */
const knownRepo = 'meta-llama/Llama-3.2-1B';
/** Where the large files of the real Hub come from (Hub facts 1.6). */
const downloadServer = 'https://us.aws.cdn.hf.co/';
/** Who signs the certificate of huggingface.co (Hub facts 1.9). */
const usualIssuer = 'Amazon';

const networkCodes: ReadonlySet<ProblemCode> = new Set([
  'offline',
  'tls-intercepted',
  'proxy-or-portal',
  'not-the-hub',
  'hub-trouble',
  'rate-limited',
  'cdn-blocked',
]);

/** Up to three small requests: does the Hub answer, who vouches for it, do the download servers answer. */
export async function examineNetwork(
  hub: HubClient,
  options: { readonly way: WayPort; readonly offline: string | undefined; readonly signal: AbortSignal },
): Promise<readonly Finding[]> {
  const { way, offline, signal } = options;
  if (offline !== undefined) return [{ area: 'network', outcome: 'skipped', fact: `Not asked: ${offline}.` }];
  const proxy = await way.proxyFor(hub.endpoint);
  const between = proxy === undefined ? [] : [`through the proxy ${proxy}`];
  const began = hub.now();
  const answer = await authCheck(hub, { repo: knownRepo }, { signal });
  const problem = troubleIn(answer, hub);
  const { host } = new URL(hub.endpoint);
  if (problem) return [failing(`${host} could not be used: ${lower(problem.title)}.`, problem, between)];
  const known = isHub(answer);
  const reached: Finding = {
    area: 'network',
    outcome: known ? 'works' : 'note',
    fact: known
      ? `${host} answers (${String(hub.now() - began)} ms).`
      : `${host} answers, but without the marks of a Hugging Face Hub: a mirror, perhaps.`,
    details: [...between, ...(await signature(hub.endpoint, way))],
  };
  return host === 'huggingface.co' ? [reached, await examineDownloads(hub, way, signal)] : [reached];
}

async function signature(endpoint: string, way: WayPort): Promise<readonly string[]> {
  const url = new URL(endpoint);
  if (url.protocol !== 'https:') return [];
  const issuer = await way.issuerOf(url.origin);
  if (issuer === undefined) return [];
  const usual = url.hostname !== 'huggingface.co' || issuer.includes(usualIssuer);
  const remark = usual ? '' : `, usually by ${usualIssuer}: something on your network opens secure connections`;
  return [`certificate signed by ${issuer}${remark}`];
}

async function examineDownloads(hub: HubClient, way: WayPort, signal: AbortSignal): Promise<Finding> {
  const { host } = new URL(downloadServer);
  const proxy = await way.proxyFor(downloadServer);
  const answer = await hub.send({ method: 'HEAD', path: downloadServer, redirects: 'read' }, { signal });
  // Without a signed address it refuses, and that is proof enough that it is there.
  if (answer.kind === 'response' && answer.status !== 407)
    return { area: 'network', outcome: 'works', fact: `The download servers answer (${host}).` };
  const problem = explain(answer, { endpoint: hub.endpoint, token: 'none' });
  return failing(
    `The download servers do not answer: ${lower(problem.title)}.`,
    problem,
    proxy === undefined ? [] : [`through the proxy ${proxy}`],
  );
}

function troubleIn(answer: HubAnswer, hub: HubClient): Problem | undefined {
  if (answer.kind === 'response' && answer.status < 300) return undefined;
  const problem = explain(answer, { endpoint: hub.endpoint, token: 'none' });
  return answer.kind === 'failure' || networkCodes.has(problem.code) ? problem : undefined;
}

function isHub(answer: HubAnswer): boolean {
  return (
    answer.kind === 'response' &&
    ['x-request-id', 'x-error-code', 'x-repo-commit'].some((name) => name in answer.headers)
  );
}

function failing(fact: string, problem: Problem, details: readonly string[]): Finding {
  return { area: 'network', outcome: 'fails', fact, problem, details };
}

function lower(title: string): string {
  return title.charAt(0).toLowerCase() + title.slice(1);
}
