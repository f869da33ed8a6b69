/**
 * HF_ENDPOINT through the interface: a mirror behind a proxy, with a certificate that only the system knows, is asked
 * nothing with a token until the person said so; and what they said outlives the app.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { PracticeHub } from '../../electron/practice/hub/practiceHub.ts';
import { startPracticeHub } from '../../electron/practice/hub/startPracticeHub.ts';
import { launchWeb, root, type WebApp } from '../hosts/launch.ts';
import { type Mirror, startMirror } from './mirrorServer.ts';
import { chooseModel, gatedRepo, pasteToken, problem, showFailures } from './world.ts';

let hub: PracticeHub;
let mirror: Mirror;
let app: WebApp;
let data: string;
let token: string;
showFailures(() => app);

const launch = (): Promise<WebApp> => launchWeb({ data, env: mirror.env });
const sent = (): number => mirror.authorizations.filter((one) => one !== undefined).length;
const button = (page: Page, name: string) => page.getByRole('button', { name }).first();

beforeAll(async () => {
  data = await mkdtemp(join(tmpdir(), 'latchkey-mirror-'));
  hub = await startPracticeHub({ modelFolder: join(root, 'electron/practice/model') });
  token = hub.control.createToken({ account: 'ada', kind: 'read' });
  mirror = await startMirror(hub.endpoint);
  app = await launch();
}, 120_000);
afterAll(async () => {
  await app?.close();
  await mirror?.close();
  await hub?.close();
  await rm(data, { recursive: true, force: true });
});

test('the mirror is named where a token is asked for, and its answers are heard', async () => {
  await chooseModel(app.page, gatedRepo);
  const panel = app.page.getByTestId('mirror');
  await panel.waitFor();
  expect(await panel.textContent()).toContain('Files come from mirror.example');
  expect(mirror.authorizations.length).toBeGreaterThan(0);
});

test('a pasted token is not sent before the person allows it', async () => {
  await pasteToken(app.page, token);
  expect(await problem(app.page, 'mirror-asks')).toMatch(/May mirror.example have your access token/);
  expect(sent()).toBe(0);
});

test('"Go on without it" is remembered, and the model says what it means', async () => {
  await button(app.page, 'Go on without it').click();
  await expect.poll(() => app.page.getByRole('switch').isChecked()).toBe(false);
  await expect.poll(() => app.page.getByTestId('mirror').textContent()).toContain('Not sent. Open models come');
  await app.close();
  app = await launch();
  await pasteToken(app.page, token);
  expect(await problem(app.page, 'mirror-asks')).toMatch(/mirror.example does not get your token/);
  expect(sent()).toBe(0);
});

test('allowed, it gets the token, also after the next start', async () => {
  await button(app.page, 'Send it to mirror.example').click();
  await expect.poll(() => app.page.getByRole('switch').isChecked()).toBe(true);
  await pasteToken(app.page, token);
  await problem(app.page, 'access-never-asked');
  expect(mirror.authorizations.at(-1)).toBe(`Bearer ${token}`);
  await app.close();
  app = await launch();
  const before = sent();
  await pasteToken(app.page, token);
  await problem(app.page, 'access-never-asked');
  expect(sent()).toBeGreaterThan(before);
});

test('the licence page is that of Hugging Face', async () => {
  const link = app.page.getByRole('link', { name: 'Open licence page' }).first();
  expect(await link.getAttribute('href')).toBe(`https://huggingface.co/${gatedRepo}`);
});
