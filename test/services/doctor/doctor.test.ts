import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { createNodeHttp } from '../../../electron/adapters/nodeHttp.ts';
import { playScenario, type ScenarioName } from '../../../electron/practice/hub/scenarios.ts';
import { startPracticeHub } from '../../../electron/practice/hub/startPracticeHub.ts';
import type { InstalledModel } from '../../../electron/contract/model.ts';
import { examine, type Patient } from '../../../electron/services/doctor/examine.ts';
import { exitCodes, troubleOf, type TroubleClass } from '../../../electron/services/doctor/finding.ts';
import { shareable, writeDiagnosis, writeJson } from '../../../electron/services/doctor/write.ts';
import type { VaultAnswer, WorkerProcess } from '../../../electron/services/ports.ts';
import { clientFor } from '../hub/wire.ts';
import { practice } from '../setup/prepareRoom.ts';

const room = mkdtempSync(join(tmpdir(), 'doctor-'));
afterAll(() => rmSync(room, { recursive: true, force: true }));
const signal = new AbortController().signal;
const home = '/home/somebody-private';

/** A worker process that answers what it is asked, or ends at once. */
function worker(works: boolean): WorkerProcess {
  let answer: (message: unknown) => void = () => undefined;
  let end: (exit: { code: number | null }) => void = () => undefined;
  return {
    post: (message) => {
      const { seq } = message as { seq: number };
      setImmediate(() => (works ? answer({ seq, result: { ok: true } }) : end({ code: 1 })));
    },
    onMessage: (listener) => void (answer = listener),
    onExit: (listener) => void (end = listener),
    kill: () => undefined,
  };
}

function patient(
  endpoint: string,
  more: Partial<Patient> & { token?: string; vault?: VaultAnswer; broken?: boolean } = {},
): Patient {
  const { token, vault, broken, ...rest } = more;
  const file = join(home, '.cache/huggingface/token');
  return {
    ports: {
      version: '1.2.3',
      practice: false,
      hubEndpoint: endpoint,
      paths: { data: room, models: join(room, 'models'), hubCache: join(room, 'hub') },
      startWorker: () => worker(broken !== true),
      way: { proxyFor: async () => undefined, issuerOf: async () => undefined },
      now: Date.now,
    },
    host: 'test',
    vault: vault ?? { kind: 'empty' },
    asksAccounts: true,
    consent: 'yes',
    hub: clientFor(endpoint, { http: createNodeHttp({ env: {} }), retryMs: 1, stallMs: 1500 }),
    computer: { env: {}, home, platform: 'linux', readText: async (path) => (path === file ? token : undefined) },
    offline: undefined,
    models: { folder: join(room, 'models'), reachable: true, list: [] },
    ...rest,
  };
}

describe('the doctor asked about a model', () => {
  test.each<[ScenarioName, TroubleClass, RegExp]>([
    ['granted', 'fine', /may be downloaded. Access is granted to ada. A first byte came from 127.0.0.1:\d+/],
    ['cdn-blocked', 'network', /download servers/],
    ['no-token', 'token', /asks you to sign in first/],
    ['bad-token', 'token', /does not accept this token/],
    ['no-gated-box', 'token', /may not read gated models/],
    ['org-policy', 'token', /organisation limits this token/],
    ['never-requested', 'licence', /has not accepted this licence yet/],
    ['wrong-account', 'licence', /has not accepted this licence yet/],
    ['pending', 'licence', /has your request/],
    ['rejected', 'licence', /declined this request/],
    ['reset', 'licence', /asks you to agree again/],
    ['missing', 'repository', /No model of this name is visible/],
    ['private', 'repository', /No model of this name is visible/],
    ['disabled', 'repository', /has disabled this model/],
    ['region', 'repository', /not offered where you are/],
    ['unsupported', 'repository', /SpectrumForCausalLM/],
    ['pickle-only', 'repository', /./],
    ['whoami-limited', 'network', /slow down/],
    ['portal', 'network', /Your network answered instead/i],
    ['hub-trouble', 'network', /has a problem right now/],
  ])('in the state %s ends with the class %s and says so', async (name, trouble, words) => {
    const hub = await startPracticeHub({ modelFolder: practice, seed: 5 });
    try {
      const { token, repo } = playScenario(hub, name);
      const found = await examine(patient(hub.endpoint, { repo, ...(token !== undefined && { token }) }), { signal });
      const text = writeDiagnosis(found, { home });
      expect(troubleOf(found.findings)).toBe(trouble);
      expect(text).toMatch(words);
      // One to see whether a Hub answers, one whoami, four for the repository.
      expect(hub.requests.length).toBeLessThanOrEqual(name === 'hub-trouble' ? 3 : 6);
      expect(hub.requests.filter(({ path }) => path.includes('whoami')).length).toBeLessThanOrEqual(2);
      for (const written of [text, writeJson(found, { home })]) {
        if (token !== undefined) {
          expect(written).not.toContain(token);
          expect(written).not.toContain(Buffer.from(token).toString('base64'));
        }
        expect(written).not.toContain(home);
      }
    } finally {
      await hub.close();
    }
  });

  test('shows side by side what Latchkey may do and what the scripts may, when they use different tokens', async () => {
    const hub = await startPracticeHub({ modelFolder: practice, seed: 5 });
    try {
      const { token = '', repo } = playScenario(hub, 'granted');
      const scripts = hub.control.createToken({ account: 'bob', kind: 'read' });
      const found = await examine(
        patient(hub.endpoint, { repo, token: scripts, vault: { kind: 'value', secret: token } }),
        { signal },
      );
      const facts = found.findings.filter(({ area }) => area === 'repository').map(({ fact }) => fact);
      expect(facts[0]).toMatch(/^Latchkey \(ends in \w{4}\): .* may be downloaded/);
      expect(facts[1]).toMatch(/^Python \(ends in \w{4}\): bob has not accepted this licence yet/);
    } finally {
      await hub.close();
    }
  });
});

describe('the doctor without a connection', () => {
  const model = { id: 'm', repo: 'org/model', dtype: 'q4', bytes: 2e9 } as InstalledModel;
  const models = { folder: join(room, 'models'), reachable: true, list: [model] };

  test('says offline, and what still works', async () => {
    const found = await examine(patient('http://nowhere.invalid', { models, repo: 'org/gated' }), { signal });
    expect(exitCodes[troubleOf(found.findings)]).toBe(10);
    expect(found.works[0]).toBe('Chatting, without a connection: org/model.');
    expect(found.findings.find(({ area }) => area === 'repository')).toMatchObject({ outcome: 'skipped' });
  });

  test('asks nobody when the person switched the network off', async () => {
    const hub = await startPracticeHub({ modelFolder: practice, seed: 5 });
    const found = await examine(patient(hub.endpoint, { models, offline: 'HF_HUB_OFFLINE is set' }), { signal });
    await hub.close();
    expect(hub.requests).toEqual([]);
    expect(troubleOf(found.findings)).toBe('fine');
    expect(writeDiagnosis(found, { home })).toContain('Not asked: HF_HUB_OFFLINE is set.');
  });

  test('does not promise a chat when the runtime cannot be loaded', async () => {
    const found = await examine(patient('http://nowhere.invalid', { models, broken: true, offline: 'off' }), {
      signal,
    });
    expect(found.works[0]).toMatch(/not yet/);
    expect(exitCodes[troubleOf(found.findings)]).toBe(14);
  });
});

test.each<[string, string, string]>([
  ['/home/ada', 'cache at /home/ada/.cache', 'cache at ~/.cache'],
  ['C:\\Users\\ada', 'at C:\\Users\\ada\\x and "C:\\\\Users\\\\ada\\\\x"', 'at ~\\x and "~\\\\x"'],
  ['/', 'at /var', 'at /var'],
])('a text to share hides the home folder %s', (folder, text, expected) => {
  expect(shareable(text, folder)).toBe(expected);
});
