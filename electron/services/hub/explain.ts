import type { Evidence, Problem } from '../../contract/problem.ts';
import { cancelled } from '../explain.ts';
import { looksLikePage } from './evidence.ts';
import type { HubAnswer, HubFailure, HubResponse } from './request.ts';
import { describe, type Facts, type HubProblemCode } from './words.ts';

/** Who asked for what: the same answer means different things to different callers. */
export interface Asked {
  readonly repo?: string | undefined;
  /** What is known of the token that was sent. 'alive' and 'dead' are whoami's word, never a guess. */
  readonly token: 'none' | 'unchecked' | 'alive' | 'dead';
  readonly account?: string | undefined;
  /** The Hub's own host; answers of any other host are about the download servers. */
  readonly endpoint: string;
  readonly about?: 'whoami' | 'repo';
}

/**
 * PURE: one answer that was not the hoped-for one becomes the problem it shows. Unknown sentences are quoted, never
 * mapped to a guess (Hub facts 1.5 and 9).
 */
export function explain(answer: HubAnswer, asked: Asked): Problem {
  if (answer.kind === 'failure') return explainFailure(answer, asked);
  return verdict(readAnswer(answer, asked), answer.evidence, asked);
}

/** Puts a verdict that needed more than one answer into words. `earlier` is evidence that led there. */
export function verdict(
  found: Verdict,
  evidence: Evidence,
  { repo, account }: Asked,
  earlier: readonly Evidence[] = [],
): Problem {
  const facts: Facts = { repo, account, said: evidence.errorMessage, host: evidence.host, ...found };
  const named = account === undefined ? evidence : { ...evidence, account };
  return describe(found.code, facts, [named, ...earlier]);
}

export type Verdict = { readonly code: HubProblemCode } & Pick<Facts, 'shade' | 'issuer' | 'newRepo'>;

/** Sentences in the order they are looked for; substrings only, because the Hub rewords the rest (Hub facts 1.5). */
const sentences: readonly (readonly [string, HubProblemCode])[] = [
  ['not available in your region', 'region-blocked'],
  ['resource is disabled', 'repo-disabled'],
  ['fine-grained token settings', 'token-lacks-gated'],
  ['not in the authorized list', 'access-never-asked'],
  ['awaiting a review', 'access-pending'],
  ['has been rejected', 'access-rejected'],
  ['has been reset', 'access-reset'],
  ['by the organization administrator', 'organisation-policy'],
];
const gate = ['must have access to it and be authenticated', 'is gated. you must be authenticated'];

/** PURE: which of our codes one answer stands for. */
export function readAnswer(answer: HubResponse, asked: Asked): Verdict {
  const { status, headers } = answer;
  const said = (answer.evidence.errorMessage ?? '').toLowerCase();
  if (status === 407) return { code: 'proxy-or-portal', shade: 'proxy-sign-in' };
  if (status === 429) return { code: 'rate-limited', ...(asked.token === 'none' ? { shade: 'no-token' } : {}) };
  if (isForeign(answer)) return { code: 'proxy-or-portal' };
  if (status === 451) return { code: 'region-blocked', shade: 'legal' };
  if (status >= 500 && saidByProxy(headers)) return { code: 'proxy-or-portal', shade: 'proxy-error' };
  if (status === 408 || status >= 500) return { code: 'hub-trouble' };
  if (onDownloadServer(answer.url, asked.endpoint)) return { code: 'cdn-blocked' };
  if (status === 404) return { code: missing(answer.evidence.errorCode, said) };
  if (status === 401) return unrecognised(answer.evidence.errorCode, said, asked);
  if (status === 403) return { code: sentences.find(([part]) => said.includes(part))?.[1] ?? 'access-unknown' };
  if ([301, 302, 307, 308].includes(status)) return moved(headers['location'] ?? '');
  return { code: status >= 400 ? 'access-unknown' : 'not-the-hub' };
}

/** A page where the Hub would have sent JSON or text, without any mark of the Hub or its load balancers. */
function isForeign({ status, headers, text }: HubResponse): boolean {
  if (status === 511) return true;
  const marked = ['x-request-id', 'x-amz-cf-id', 'x-error-code', 'x-error-message', 'x-repo-commit'].some(
    (name) => name in headers,
  );
  if (status < 300) return looksLikePage(headers, text);
  return status < 500 && !marked && looksLikePage(headers, text);
}

/** Marks that proxies set on errors of their own: Squid's, and the one of RFC 9209. */
function saidByProxy(headers: Readonly<Record<string, string>>): boolean {
  return 'x-squid-error' in headers || 'proxy-status' in headers;
}

function onDownloadServer(url: string, endpoint: string): boolean {
  return URL.canParse(url) && new URL(url).origin !== new URL(endpoint).origin;
}

function missing(errorCode: string | undefined, said: string): HubProblemCode {
  if (errorCode === 'RevisionNotFound' || said.startsWith('revision not found')) return 'revision-not-found';
  if (errorCode === 'EntryNotFound' || said.startsWith('entry not found')) return 'file-not-found';
  if (errorCode === 'RepoNotFound' || said.startsWith('repository not found')) return 'repo-not-found';
  return 'access-unknown';
}

function unrecognised(errorCode: string | undefined, said: string, asked: Asked): Verdict {
  if (said.includes('not available in your region')) return { code: 'region-blocked' };
  if (asked.token === 'dead' || (asked.about === 'whoami' && asked.token !== 'none'))
    return { code: 'token-not-accepted' };
  if (asked.token === 'none') {
    const gated = errorCode === 'GatedRepo' || gate.some((part) => said.includes(part));
    return { code: gated ? 'no-token' : asked.about === 'whoami' ? 'no-token' : 'repo-unknown-without-token' };
  }
  return { code: 'access-unknown' }; // a token was sent and only whoami could tell whether it is the reason
}

function moved(location: string): Verdict {
  const target = /\/api\/models\/([\w.-]+\/[\w.-]+?)(?:\/(?:auth-check|revision|tree)\b.*)?(?:\?.*)?$/.exec(
    location,
  )?.[1];
  return target === undefined ? { code: 'not-the-hub' } : { code: 'repo-renamed', newRepo: target };
}

const untrusted =
  /^(?:SELF_SIGNED_CERT_IN_CHAIN|DEPTH_ZERO_SELF_SIGNED_CERT|UNABLE_TO_|CERT_|ERR_TLS_CERT|HOSTNAME_MISMATCH|INVALID_CA)/;
const outOfDate: readonly string[] = ['CERT_HAS_EXPIRED', 'CERT_NOT_YET_VALID'];

function explainFailure(failure: HubFailure, asked: Asked): Problem {
  if (failure.reason === 'cancelled') return cancelled();
  return verdict(readFailure(failure, asked), failure.evidence, asked);
}

function readFailure({ reason, code = '', issuer, evidence }: HubFailure, asked: Asked): Verdict {
  const elsewhere = evidence.host !== new URL(asked.endpoint).host;
  if (reason === 'switched-off') return { code: 'offline', shade: 'switched-off' };
  if (reason === 'token-unasked') return { code: 'mirror-asks' };
  if (reason === 'token-withheld') return { code: 'mirror-asks', shade: 'withheld' };
  if (reason === 'insecure-endpoint') return { code: 'not-the-hub', shade: 'insecure' };
  if (reason === 'foreign-redirect') return { code: 'proxy-or-portal' };
  if (reason === 'too-large' || reason === 'redirect-loop') return { code: 'not-the-hub' };
  // Only a Hub that had to be asked again and again uses a look's requests up.
  if (reason === 'budget') return { code: 'hub-trouble' };
  if (outOfDate.includes(code)) return { code: 'tls-intercepted', shade: 'clock' };
  if (untrusted.test(code)) return { code: 'tls-intercepted', ...(issuer === undefined ? {} : { issuer }) };
  // Somebody answered in plain text where encryption was expected, or in no HTTP at all: not the Hub.
  if (/^(?:EPROTO|ERR_SSL_|HPE_)/.test(code)) return { code: 'proxy-or-portal' };
  if (code === 'ERR_PROXY_UNREACHABLE') return { code: 'proxy-or-portal', shade: 'proxy-away' };
  // A proxy that lets the Hub through and not its download servers is a firewall with a list.
  if (code.startsWith('ERR_PROXY') && !elsewhere) return { code: 'proxy-or-portal', shade: 'proxy-sign-in' };
  return { code: elsewhere ? 'cdn-blocked' : 'offline' };
}
