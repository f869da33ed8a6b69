/** What is remembered of each edition of a family, asked of a Hub that speaks the real protocol. */
import { mkdtempSync, rmSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import type { LicenceStatus } from '../../../electron/contract/setup.ts';
import type { PracticeHub } from '../../../electron/practice/hub/practiceHub.ts';
import { startPracticeHub } from '../../../electron/practice/hub/startPracticeHub.ts';
import { stateFile } from '../../../electron/services/durable/stateFile.ts';
import { checkAccess } from '../../../electron/services/hub/check.ts';
import { createAccessToken } from '../../../electron/services/hub/secret.ts';
import { areLicences, createLicences, type Licences } from '../../../electron/services/licences/licences.ts';
import { clientFor } from '../hub/wire.ts';
import { practice as modelFolder } from '../setup/prepareRoom.ts';

const instruct = 'practice-labs/Keyhole-1-Instruct';
const base = 'practice-labs/Keyhole-1';
const older = 'practice-labs/Keyhole-0.9-Instruct';
const room = mkdtempSync(join(tmpdir(), 'licences-'));
let path = '';

let round = 0;
let hub: PracticeHub;
let token: string;
beforeAll(async () => {
  hub = await startPracticeHub({ modelFolder, seed: 5 });
  token = hub.control.createToken({ account: 'ada', kind: 'read' });
});
afterAll(async () => {
  await hub.close();
  rmSync(room, { recursive: true, force: true });
});
beforeEach(async () => {
  path = join(room, `${String(round++)}.json`);
  hub.control.forgetRequests();
  hub.control.setRequestState(instruct, 'ada', 'granted');
  hub.control.setRequestState(base, 'ada', 'none');
  hub.control.setRequestState(older, 'ada', 'rejected');
});

const damaged: string[] = [];
function open(secret = token): Licences {
  const file = stateFile({ path, version: 1, check: areLicences, onDamage: (at) => damaged.push(at) });
  const client = clientFor(hub.endpoint);
  return createLicences({
    file,
    ask: (repo) => checkAccess(client, { repo, token: createAccessToken(secret), account: { name: 'ada' } }),
  });
}
const states = (licences: Licences): (string | undefined)[] =>
  licences.family(instruct).members.map(({ licence }) => licence?.state);
const status = (repo: string, state: LicenceStatus['state'], checkedAt: number): LicenceStatus => ({
  repo,
  state,
  gate: 'manual',
  licence: 'practice-community',
  account: 'ada',
  checkedAt,
});

it('shows the editions side by side without asking anybody', () => {
  const licences = open();
  expect(licences.family(instruct).members.map(({ repo }) => repo)).toEqual([base, instruct, older]);
  expect(states(licences)).toEqual([undefined, undefined, undefined]);
  expect(hub.requests).toEqual([]);
});

it('access to one edition says nothing about the next: each is asked by itself, in two requests', async () => {
  const licences = open();
  for (const edition of [instruct, base, older]) {
    hub.control.forgetRequests();
    await licences.check(instruct, edition);
    expect(hub.requests.map((request) => request.path.replace(edition, 'X'))).toEqual([
      '/api/models/X',
      '/api/models/X/auth-check',
    ]);
  }
  expect(states(licences)).toEqual(['never-asked', 'granted', 'rejected']);
  expect(licences.family(instruct).members.every(({ licence }) => licence?.account === 'ada')).toBe(true);
});

it('remembers after a restart what was answered, with its time', async () => {
  const first = open();
  const checked = await first.check(instruct, older);
  await expect.poll(() => readFile(path, 'utf8').catch(() => '')).toContain(older);
  const second = open();
  await second.start();
  expect(second.family(instruct)).toEqual(checked);
});

it('a journey that asked brings the newest word; older words and "unknown" change nothing', () => {
  const licences = open();
  licences.learned(status(instruct, 'pending', 2000));
  licences.learned(status(instruct, 'never-asked', 1000));
  licences.learned(status(instruct, 'unknown', 3000));
  expect(licences.family(instruct).members[1]?.licence).toEqual(status(instruct, 'pending', 2000));
});

it('says why an edition could not be asked about, and keeps what was known', async () => {
  const licences = open();
  await licences.check(instruct, instruct);
  hub.control.script([{ match: /./, port: 'hub', do: 'html-portal' }]);
  const after = await licences.check(instruct, instruct);
  hub.control.clearScript();
  expect(after.members[1]).toMatchObject({ licence: { state: 'granted' }, problem: { code: 'proxy-or-portal' } });
  expect((await licences.check(instruct, instruct)).members[1]?.problem).toBeUndefined();
});

it('forgets everything on a reset', async () => {
  const licences = open();
  await licences.check(instruct, instruct);
  await licences.forget();
  expect(states(licences)).toEqual([undefined, undefined, undefined]);
  const again = open();
  await again.start();
  expect(states(again)).toEqual([undefined, undefined, undefined]);
});

it('sets a damaged file aside and begins anew', async () => {
  await writeFile(path, '{"version":1,"value":[{"repo":7}]}');
  const licences = open();
  await licences.start();
  expect(states(licences)).toEqual([undefined, undefined, undefined]);
  expect(damaged).toHaveLength(1);
});

it('a model of no known family has no editions', () => {
  expect(open().family('open-practice/Spectrum')).toEqual({ repo: 'open-practice/Spectrum', members: [] });
});
