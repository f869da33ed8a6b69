import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { PracticeHub } from '../../../electron/practice/hub/practiceHub.ts';
import { playScenario, type ScenarioName } from '../../../electron/practice/hub/scenarios.ts';
import { startPracticeHub } from '../../../electron/practice/hub/startPracticeHub.ts';
import { checkAccess } from '../../../electron/services/hub/check.ts';
import { finishDeviceSignIn, startDeviceSignIn } from '../../../electron/services/hub/deviceSignIn.ts';
import { probeFile, readPublicFile, readRepoFile } from '../../../electron/services/hub/files.ts';
import { pageUrl } from '../../../electron/services/hub/pages.ts';
import { createAccessToken } from '../../../electron/services/hub/secret.ts';
import { listFiles } from '../../../electron/services/hub/tree.ts';
import { whoAmI } from '../../../electron/services/hub/whoami.ts';
import { clientFor } from './wire.ts';

let modelFolder: string;
let practice: PracticeHub;

beforeAll(async () => {
  modelFolder = await mkdtemp(join(tmpdir(), 'latchkey-model-'));
  await writeFile(join(modelFolder, 'config.json'), '{"architectures":["LlamaForCausalLM"]}');
  await writeFile(join(modelFolder, 'tokenizer.json'), '{}');
  await writeFile(join(modelFolder, 'model.safetensors'), Buffer.alloc(300_000, 7));
});
afterAll(() => rm(modelFolder, { recursive: true }));
afterEach(async () => {
  expect(practice.authorizationAtCdn).toEqual([]);
  await practice.close();
});

async function stage(name: ScenarioName, options: { account?: string } = {}) {
  practice = await startPracticeHub({ modelFolder, seed: 1, pageSize: 3 });
  const { token, repo } = playScenario(practice, name, options);
  practice.control.forgetRequests();
  const hub = clientFor(practice.endpoint);
  return { hub, repo, token: token === undefined ? undefined : createAccessToken(token), text: token };
}

describe('checkAccess against the practice Hub', () => {
  it.each<[ScenarioName, string | undefined, string | undefined]>([
    ['granted', undefined, 'granted'],
    ['no-token', 'no-token', 'unknown'],
    ['never-requested', 'access-never-asked', 'never-asked'],
    ['wrong-account', 'access-never-asked', 'never-asked'],
    ['pending', 'access-pending', 'pending'],
    ['rejected', 'access-rejected', 'rejected'],
    ['reset', 'access-reset', 'reset'],
    ['bad-token', 'token-not-accepted', 'unknown'],
    ['no-gated-box', 'token-lacks-gated', 'unknown'],
    ['org-policy', 'organisation-policy', 'unknown'],
    ['private', 'repo-not-found', undefined],
    ['missing', 'repo-not-found', undefined],
    ['renamed', undefined, 'granted'],
    ['disabled', 'repo-disabled', 'not-gated'],
    ['region', 'region-blocked', 'not-gated'],
    ['whoami-limited', undefined, 'granted'],
    ['portal', 'proxy-or-portal', undefined],
    ['hub-trouble', 'hub-trouble', undefined],
    ['hub-hiccup', undefined, 'granted'],
  ])('%s', async (name, code, state) => {
    const { hub, repo, token, text } = await stage(name);
    const answer = await checkAccess(hub, { repo, token });
    expect(answer.problem?.code).toBe(code);
    expect(answer.licence?.state).toBe(state);
    expect(practice.requests.length).toBeLessThanOrEqual(4);
    if (text !== undefined) expect(JSON.stringify([answer, hub.log])).not.toContain(text);
  });

  it('names the account a refused token belongs to', async () => {
    const { hub, repo, token } = await stage('wrong-account', { account: 'bob' });
    const answer = await checkAccess(hub, { repo, token });
    expect(answer).toMatchObject({
      account: { name: 'bob' },
      licence: { account: 'bob' },
      problem: { title: 'bob has not accepted this licence yet' },
    });
  });

  it('tells an open model from a dead token', async () => {
    const { hub, token } = await stage('bad-token');
    const answer = await checkAccess(hub, { repo: 'open-practice/Attic-Instruct', token });
    expect(answer).toMatchObject({ licence: { state: 'not-gated' }, problem: { code: 'token-not-accepted' } });
    expect(practice.requests.length).toBeLessThanOrEqual(4);
  });
});

describe('reading files from the practice Hub', () => {
  it('lists, reads, resolves and probes with access', async () => {
    const { hub, repo, token } = await stage('granted');
    const { card } = await checkAccess(hub, { repo, token });
    const commit = card?.commit ?? '';
    const files = await listFiles(hub, { repo, commit, token });
    const weights = files.ok ? files.value.find((file) => file.path === 'model.safetensors') : undefined;
    expect(files.ok && files.value.map((file) => file.path).toSorted()).toEqual(card?.files.toSorted());
    expect(weights).toMatchObject({ bytes: 300_000, sha256: expect.stringMatching(/^[0-9a-f]{64}$/) as string });
    const probed = await probeFile(hub, { repo, commit, path: 'model.safetensors', token });
    expect(probed).toMatchObject({
      ok: true,
      value: { bytes: 300_000, crossOrigin: true, commit, etag: weights?.sha256 },
    });
    expect(await readRepoFile(hub, { repo, commit, path: 'config.json', token, maxBytes: 1000 })).toMatchObject({
      ok: true,
    });
    expect(practice.requests.some((one) => one.port === 'cdn')).toBe(true);
  });

  it('shows sizes but no hashes, and the licence but no config, without access', async () => {
    const { hub, repo, token } = await stage('never-requested');
    const { card } = await checkAccess(hub, { repo, token });
    const commit = card?.commit ?? '';
    const files = await listFiles(hub, { repo, commit, token });
    const weights = files.ok ? files.value.find((file) => file.path === 'model.safetensors') : undefined;
    expect(weights).toEqual({ path: 'model.safetensors', bytes: 300_000 });
    expect(await readPublicFile(hub, { repo, commit, path: 'LICENSE.txt', maxBytes: 100_000 })).toMatchObject({
      ok: true,
    });
    expect(await readRepoFile(hub, { repo, commit, path: 'config.json', token, maxBytes: 1000 })).toMatchObject({
      problem: { code: 'access-never-asked' },
    });
  });

  it('says so when only the download server is blocked', async () => {
    const { hub, repo, token } = await stage('cdn-blocked');
    const { card, licence } = await checkAccess(hub, { repo, token });
    expect(licence?.state).toBe('granted');
    const hasty = clientFor(practice.endpoint, { stallMs: 2000 });
    const probed = await probeFile(hasty, { repo, commit: card?.commit ?? '', path: 'model.safetensors', token });
    expect(probed).toMatchObject({ ok: false, problem: { code: 'cdn-blocked' } });
  });
});

describe('signing in at the practice Hub', () => {
  it('knows whose token it is', async () => {
    const { hub, token } = await stage('no-gated-box');
    const who = await whoAmI(hub, token ?? createAccessToken('none'));
    expect(who).toMatchObject({ ok: true, value: { name: 'ada', kind: 'fine-grained', readsGated: false } });
  });

  it('makes a code and waits for the browser', async () => {
    const { hub } = await stage('no-token');
    const clientId = '11111111-2222-3333-4444-555555555555';
    const started = await startDeviceSignIn(hub, { clientId });
    expect(started.ok && started.value.userCode).toMatch(/\S{6,}/);
    if (!started.ok) return;
    const code = { ...started.value, intervalSeconds: 0.05, expiresAt: Date.now() + 300 };
    expect(await finishDeviceSignIn(hub, { clientId, code })).toMatchObject({
      ok: false,
      problem: { code: 'no-token' },
    });
  });

  it('has the pages our buttons open', async () => {
    const { repo } = await stage('granted');
    for (const page of ['licence', 'new-token', 'tokens', 'requests', 'sign-up', 'device-sign-in'] as const) {
      const answer = await fetch(pageUrl(practice.endpoint, page, repo));
      expect([page, answer.status < 400]).toEqual([page, true]);
    }
  });
});
