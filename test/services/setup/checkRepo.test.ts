/** What the app says of a model before its first heavy byte, asked of a Hub that speaks the real protocol. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { PracticeHub } from '../../../electron/practice/hub/practiceHub.ts';
import { playScenario, scenarioNames } from '../../../electron/practice/hub/scenarios.ts';
import { startPracticeHub } from '../../../electron/practice/hub/startPracticeHub.ts';
import { stateFile } from '../../../electron/services/durable/stateFile.ts';
import { whoAmI } from '../../../electron/services/hub/whoami.ts';
import { checkRepo } from '../../../electron/services/setup/checkRepo.ts';
import { type CheckFindings } from '../../../electron/services/setup/runner.ts';
import {
  type AccountNote,
  createSignIn,
  isAccountNote,
  type SignIn,
} from '../../../electron/services/signIn/signIn.ts';
import { clientFor } from '../hub/wire.ts';
import { practice } from './prepareRoom.ts';

const room = mkdtempSync(join(tmpdir(), 'check-repo-'));
const open = 'open-practice/Doorstep-Instruct';
const gated = 'practice-labs/Keyhole-1-Instruct';
const config = JSON.parse(readFileSync(join(practice, 'config.json'), 'utf8')) as Record<string, unknown>;

let hub: PracticeHub;
let client: ReturnType<typeof clientFor>;
let signIn: SignIn;

beforeAll(async () => {
  hub = await startPracticeHub({ modelFolder: practice, seed: 3 });
  client = clientFor(hub.endpoint);
  signIn = await signInWith(hub.control.createToken({ account: 'ada', kind: 'fineGrained', gated: true }), client);
});
afterAll(async () => {
  await hub.close();
  rmSync(room, { recursive: true, force: true });
});
beforeEach(() => hub.control.forgetRequests());

/** A token found in the keychain at the start, as on every day but the first. */
async function signInWith(token: string | undefined, asked: typeof client): Promise<SignIn> {
  const answer = async () =>
    token === undefined ? { kind: 'empty' as const } : { kind: 'value' as const, secret: token };
  const held = createSignIn({
    isWithheld: () => false,
    vault: { read: answer, write: answer, remove: answer },
    note: stateFile<AccountNote | null>({
      path: join(room, 'account.json'),
      version: 1,
      check: (value): value is AccountNote | null => value === null || isAccountNote(value),
      onDamage: () => undefined,
    }),
    whoAmI: (secret, options) => whoAmI(asked, secret, options),
    now: () => 0,
    onChange: () => undefined,
    log: () => undefined,
  });
  await held.start();
  return held;
}

const check = (repo: string): Promise<CheckFindings> =>
  checkRepo({
    repo,
    dtype: 'q4',
    hub: client,
    signIn,
    folders: { hubCache: join(room, 'hub'), models: join(room, 'models') },
    signal: new AbortController().signal,
  });
const withConfig = (repo: string, patch: Readonly<Record<string, unknown>>): Promise<string> =>
  hub.control.commit(repo, { 'config.json': JSON.stringify({ ...config, ...patch }) });

it('a model that can be prepared gets a plan', async () => {
  await withConfig(open, {});
  const { plan, problem } = await check(open);
  expect(problem).toBeUndefined();
  expect(plan).toMatchObject({ architecture: 'LlamaForCausalLM', dtype: 'q4' });
});

describe('a model that cannot be prepared is refused by name, before a byte of weights', () => {
  it.each([
    ['an unknown architecture', { architectures: ['SpectrumForCausalLM'] }, 'SpectrumForCausalLM'],
    ['an unknown rope type', { rope_scaling: { rope_type: 'spiral', factor: 2 } }, 'rope type spiral'],
    ['an unknown dtype', { torch_dtype: 'int8' }, 'weights of dtype int8'],
    ['packed weights', { quantization_config: { quant_method: 'awq', bits: 4 } }, 'weights already quantized (awq)'],
    ['an unknown activation', { hidden_act: 'relu2' }, 'activation "relu2"'],
  ])('%s', async (_, patch, name) => {
    await withConfig(open, patch);
    const { plan, problem } = await check(open);
    expect(plan).toBeUndefined();
    expect(problem?.code).toBe('unsupported-architecture');
    expect(problem?.explanation).toContain(name);
    expect(problem?.actions[0]).toMatchObject({ kind: 'view', view: 'models' });
    expect(hub.requests.filter(({ path, port }) => port === 'cdn' || path.includes('.safetensors'))).toEqual([]);
  });
});

it('nobody is sent to the licence page of a model that could not run', async () => {
  await withConfig(gated, { architectures: ['SpectrumForCausalLM'] });
  const refused = await check(gated);
  expect(refused.problem?.code).toBe('unsupported-architecture');
  expect(refused.problem?.explanation).toContain('SpectrumForCausalLM');
  await withConfig(gated, {});
  expect((await check(gated)).problem?.code).toBe('access-never-asked');
});

it('a model that moved is told with its new name, and nothing of the other is taken for its own', async () => {
  hub.control.setRequestState(gated, 'ada', 'granted');
  const found = await check('practice-labs/Keyhole-One-Instruct');
  expect(found.problem).toMatchObject({
    code: 'repo-renamed',
    title: `This model moved to ${gated}`,
    actions: [{ kind: 'request', request: 'setup.choose', input: { repo: gated } }],
  });
  expect(found.plan).toBeUndefined();
});

describe('one look at one model is at most four small requests, whoami among them', () => {
  it.each(scenarioNames)('%s', async (name) => {
    const fresh = await startPracticeHub({ modelFolder: practice, seed: 5 });
    const { token, repo } = playScenario(fresh, name);
    const own = clientFor(fresh.endpoint);
    const found = await checkRepo({
      repo,
      dtype: 'q4',
      hub: own,
      signIn: await signInWith(token, own),
      folders: { hubCache: join(room, 'hub'), models: join(room, 'models') },
      signal: new AbortController().signal,
    });
    // What follows a yes, the list of files and the config, is the download's.
    const small = fresh.requests.filter(({ path }) => /whoami|auth-check|\/api\/models\/[^/]+\/[^/]+$/.test(path));
    expect(small.length).toBeLessThanOrEqual(4);
    // Asked again only where the Hub itself failed.
    const whoami = small.filter(({ path, status }) => path.includes('whoami') && status < 500);
    expect(whoami.length).toBeLessThanOrEqual(1);
    expect(found.problem === undefined).toBe(found.plan !== undefined);
    await fresh.close();
  });
});
