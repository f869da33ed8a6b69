import { describe, expect, it } from 'vitest';
import { explain, readAnswer, type Asked } from '../../../electron/services/hub/explain.ts';
import { evidenceOf, parseJson } from '../../../electron/services/hub/evidence.ts';
import { explainLost } from '../../../electron/services/hub/files.ts';
import type { FailureReason, HubFailure, HubResponse } from '../../../electron/services/hub/request.ts';
import * as seen from './recorded.ts';
import type { Recorded } from './wire.ts';

const endpoint = 'https://huggingface.co';
const cdn = 'https://us.aws.cdn.hf.co/x';

function answered(recorded: Recorded, url = `${endpoint}/api/x`): HubResponse {
  const headers = Object.fromEntries(
    Object.entries(recorded.headers ?? {}).map(([name, value]) => [name, String(value)]),
  );
  const { status, body: text = '' } = recorded;
  const evidence = evidenceOf({ request: 'GET /api/x', url, at: 1000 }, { status, headers, text });
  return { kind: 'response', status, headers, text, url, hops: [], json: () => parseJson(text), evidence };
}

function unanswered(reason: FailureReason, code?: string, host = 'huggingface.co'): HubFailure {
  return {
    kind: 'failure',
    reason,
    evidence: { host, cause: code ?? reason },
    ...(code === undefined ? {} : { code }),
  };
}

const alive: Asked = { endpoint, repo: seen.repo, token: 'alive', account: 'ada' };
const none: Asked = { endpoint, repo: seen.repo, token: 'none' };
const dead: Asked = { ...alive, token: 'dead' };
const unchecked: Asked = { ...alive, token: 'unchecked' };
const whoami: Asked = { endpoint, token: 'unchecked', about: 'whoami' };

describe('explain on answers', () => {
  it.each<[string, Recorded, Asked, string, Record<string, unknown>]>([
    ['gated, no token', seen.gatedAnonymous, none, 'no-token', { view: 'token-field' }],
    ['gated, no token, older words', seen.gatedAnonymousOld, none, 'no-token', { view: 'token-field' }],
    ['gated, dead token', seen.gatedAnonymous, dead, 'token-not-accepted', { page: 'new-token' }],
    ['gated, token nobody asked about', seen.gatedAnonymous, unchecked, 'access-unknown', { kind: 'copy-report' }],
    ['whoami, bad token', seen.anonymous, whoami, 'token-not-accepted', { page: 'new-token' }],
    ['whoami, bad token, words of 2025', seen.badCredentials, whoami, 'token-not-accepted', { page: 'new-token' }],
    ['whoami without a token', seen.anonymous, { ...whoami, token: 'none' }, 'no-token', { view: 'token-field' }],
    ['whoami limited', seen.limited, whoami, 'rate-limited', { view: 'token-field' }],
    ['missing, no token', seen.anonymous, none, 'repo-unknown-without-token', { view: 'token-field' }],
    ['missing, live token', seen.repoMissing, alive, 'repo-not-found', { view: 'journey' }],
    ['never asked', seen.neverAsked, alive, 'access-never-asked', { page: 'licence', repo: seen.repo }],
    ['pending', seen.pending, alive, 'access-pending', { request: 'setup.check', input: { repo: seen.repo } }],
    ['rejected', seen.rejected, alive, 'access-rejected', { view: 'journey' }],
    ['reset', seen.reset, alive, 'access-reset', { page: 'licence' }],
    ['no box', seen.noBox, alive, 'token-lacks-gated', { page: 'new-token' }],
    ['organisation', seen.orgRevoked, alive, 'organisation-policy', { view: 'token-field' }],
    ['organisation, no right', seen.orgMember, alive, 'access-unknown', { kind: 'copy-report' }],
    ['disabled', seen.disabled, alive, 'repo-disabled', { view: 'journey' }],
    ['region', seen.region, alive, 'region-blocked', { view: 'journey' }],
    ['region, no token', seen.region, none, 'region-blocked', { view: 'journey' }],
    ['bad revision', seen.revisionMissing, alive, 'revision-not-found', { request: 'setup.choose' }],
    ['missing file', seen.entryMissing, alive, 'file-not-found', { request: 'setup.choose' }],
    ['unmarked 404', { status: 404, body: 'nothing' }, alive, 'access-unknown', { kind: 'copy-report' }],
    ['rate limit', seen.limited, alive, 'rate-limited', { request: 'setup.check' }],
    ['trouble', seen.trouble, alive, 'hub-trouble', { request: 'setup.check' }],
    ['408', { status: 408 }, alive, 'hub-trouble', { request: 'setup.check' }],
    ['portal', seen.portal, alive, 'proxy-or-portal', { page: 'status' }],
    ['511', { status: 511 }, alive, 'proxy-or-portal', { page: 'status' }],
    ['filter', seen.filtered, alive, 'proxy-or-portal', { page: 'status' }],
    ['407', seen.proxySignIn, alive, 'proxy-or-portal', { request: 'setup.check' }],
    [
      'moved',
      { status: 307, headers: { location: '/api/models/new/name' } },
      alive,
      'repo-renamed',
      { request: 'setup.choose', input: { repo: 'new/name' } },
    ],
    ['range past the end', { status: 416 }, alive, 'access-unknown', { kind: 'copy-report' }],
  ])('%s', (_, recorded, asked, code, first) => {
    const problem = explain(answered(recorded), asked);
    expect(problem.code).toBe(code);
    expect(problem.actions[0]).toMatchObject(first);
    expect(problem.title).toMatch(/^[A-Za-z].*[^.!]$/);
    const own = `${problem.title} ${problem.explanation}`.replace(/".*"/, ''); // what the Hub said stays its own
    expect(own).not.toMatch(/oops|sorry|please|!|undefined/i);
    expect(problem.evidence[0]?.status).toBe(recorded.status);
  });

  it('blames a download server, not access, for its own 403', () => {
    expect(explain(answered({ status: 403 }, cdn), alive).code).toBe('cdn-blocked');
  });

  it('does not take a page that CloudFront marked for a portal', () => {
    const page = { status: 403, headers: { 'content-type': 'text/html', 'x-amz-cf-id': 'x' }, body: '<html>' };
    expect(readAnswer(answered(page), alive).code).toBe('access-unknown');
  });

  it('quotes unknown words and dresses nothing up', () => {
    const problem = explain(answered(seen.refusal(409, 'New', 'Come back \u202etomorrow.')), alive);
    expect(problem.explanation).toBe('Hugging Face said: "Come back tomorrow."');
  });
});

describe('explain without an answer', () => {
  it.each<[FailureReason, string | undefined, string, string | undefined]>([
    ['network', 'ENOTFOUND', 'offline', 'setup.check'],
    ['network', 'EAI_AGAIN', 'offline', 'setup.check'],
    ['network', 'ECONNREFUSED', 'offline', 'setup.check'],
    ['network', 'ECONNRESET', 'offline', 'setup.check'],
    ['network', 'ETIMEDOUT', 'offline', 'setup.check'],
    ['network', 'ENETUNREACH', 'offline', 'setup.check'],
    ['stalled', undefined, 'offline', 'setup.check'],
    ['switched-off', undefined, 'offline', 'app.setOffline'],
    ['network', 'SELF_SIGNED_CERT_IN_CHAIN', 'tls-intercepted', undefined],
    ['network', 'DEPTH_ZERO_SELF_SIGNED_CERT', 'tls-intercepted', undefined],
    ['network', 'UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'tls-intercepted', undefined],
    ['network', 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY', 'tls-intercepted', undefined],
    ['network', 'ERR_TLS_CERT_ALTNAME_INVALID', 'tls-intercepted', undefined],
    ['network', 'CERT_HAS_EXPIRED', 'tls-intercepted', undefined],
    ['network', 'EPROTO', 'proxy-or-portal', undefined],
    ['network', 'HPE_INVALID_CONSTANT', 'proxy-or-portal', undefined],
    ['network', 'ERR_PROXY_TUNNEL', 'proxy-or-portal', 'setup.check'],
    ['foreign-redirect', undefined, 'proxy-or-portal', undefined],
    ['redirect-loop', undefined, 'not-the-hub', undefined],
    ['too-large', undefined, 'not-the-hub', undefined],
    ['insecure-endpoint', undefined, 'not-the-hub', undefined],
  ])('%s %s is %s', (reason, cause, code, request) => {
    const problem = explain(unanswered(reason, cause), alive);
    expect(problem.code).toBe(code);
    if (request !== undefined) expect(problem.actions[0]).toMatchObject({ request });
    expect(problem.evidence[0]?.cause).toBe(cause ?? reason);
  });

  it('names who opens secure connections', () => {
    const failure = { ...unanswered('network', 'SELF_SIGNED_CERT_IN_CHAIN'), issuer: 'Zscaler Inc.' };
    expect(explain(failure, alive).explanation).toContain('issued by "Zscaler Inc."');
  });

  it('asks to look at the clock when a certificate is out of date', () => {
    expect(explain(unanswered('network', 'CERT_HAS_EXPIRED'), alive).explanation).toContain('clock');
  });

  it('tells a blocked download server from no network', () => {
    const problem = explain(unanswered('network', 'ETIMEDOUT', 'us.aws.cdn.hf.co'), alive);
    expect(problem.code).toBe('cdn-blocked');
    expect(problem.explanation).toContain('us.aws.cdn.hf.co');
  });

  it('says nothing when the person stopped it', () => {
    expect(explain(unanswered('cancelled'), alive)).toMatchObject({ code: 'cancelled', actions: [] });
  });
});

describe('explainLost', () => {
  it('turns a refusal in the middle of a download into its own problem and keeps the evidence', () => {
    const problem = explain(answered(seen.neverAsked), alive);
    const lost = explainLost(problem, seen.repo);
    expect(lost).toMatchObject({ code: 'access-lost', evidence: problem.evidence });
    expect(lost.explanation).toContain('not in the authorized list');
    expect(lost.explanation).toContain('kept');
  });

  it('leaves network trouble what it is', () => {
    const problem = explain(unanswered('network', 'ENOTFOUND'), alive);
    expect(explainLost(problem, seen.repo)).toBe(problem);
  });
});
