/**
 * What stands between a person and the Hub, through the interface: an inspected connection, a proxy that refuses, a server
 * that is no Hub, a full disk, and a token of another program that wins in scripts. One start of the app each, with the environment that does it.
 */
import { spawnSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import http from 'node:http';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { startPracticeHub } from '../../electron/practice/hub/startPracticeHub.ts';
import { makeCertificates } from '../adapters/certificates.ts';
import { makeProxy } from '../adapters/proxyServer.ts';
import { launchWeb, root, type WebApp } from '../hosts/launch.ts';
import { takePicture } from './pictures.ts';
import { chooseModel, gatedRepo, go, pasteToken, problem, showFailures, words } from './world.ts';

const llama = 'meta-llama/Llama-3.2-1B';
let app: WebApp;
showFailures(() => app);
const undo: (() => unknown)[] = [];

afterEach(async () => {
  await app?.close();
  for (const one of undo.splice(0)) await one();
});

async function listen(server: http.Server | https.Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  undo.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

/** Starts a program with a disk of 1 MB at this folder, which only the program sees and which ends with it. */
function smallDisk(folder: string): readonly string[] {
  const mount = `mount -t tmpfs -o size=1m tmpfs '${folder}' && exec "$@"`;
  return ['unshare', '--user', '--map-root-user', '--mount', 'sh', '-c', mount, 'sh'];
}
/** Needs namespaces that any account may make: Linux, and not within every container. */
const canMount = ((): boolean => {
  const [program = '', ...flags] = smallDisk(root);
  return spawnSync(program, [...flags, 'true']).status === 0;
})();

const picture = (name: string): Promise<void> => takePicture(app.page, name);

describe('what stands between', { timeout: 90_000 }, () => {
  test('an inspection of secure connections is named, and gets no token', async () => {
    const inspector = makeCertificates(['huggingface.co'], { organisation: 'Example Inspection' });
    undo.push(() => inspector.forget());
    let requests = 0;
    const port = await listen(
      https.createServer(inspector, (_request, response) => void ((requests += 1), response.end())),
    );
    const proxy = await listen(makeProxy({ to: () => port }).server);
    app = await launchWeb({ env: { HTTPS_PROXY: `http://127.0.0.1:${String(proxy)}` } });
    await chooseModel(app.page, llama);
    expect(words(await problem(app.page, 'tls-intercepted'))).toMatch(
      /was issued by "Example Inspection".*Your token was not sent/,
    );
    await app.page.getByRole('button', { name: 'Copy details for IT' }).waitFor();
    await picture('inspected');
    expect(requests).toBe(0);
  });

  test('a proxy that refuses is told apart from the Hub', async () => {
    const { server, asked } = makeProxy({ refuse: true });
    const port = await listen(server);
    app = await launchWeb({ env: { HTTPS_PROXY: `http://127.0.0.1:${String(port)}` } });
    await chooseModel(app.page, llama);
    expect(words(await problem(app.page, 'proxy-or-portal'))).toMatch(
      /Your proxy did not let the request through.*NAME:PASSWORD/,
    );
    await picture('proxy-refuses');
    expect(asked[0]).toBe('CONNECT huggingface.co:443');
  });

  test('a server that is no Hub is told by its answers', async () => {
    const port = await listen(
      http.createServer((_request, response) => {
        response.writeHead(200, { 'content-type': 'application/json' }).end('{"hello":"there"}');
      }),
    );
    app = await launchWeb({ env: { HF_ENDPOINT: `http://127.0.0.1:${String(port)}` } });
    await chooseModel(app.page, llama);
    expect(words(await problem(app.page, 'not-the-hub'))).toMatch(
      /The answer did not come from a Hugging Face Hub.*127\.0\.0\.1:\d+ answered in a form the Hub does not use/,
    );
    await picture('not-the-hub');
  });

  test.skipIf(!canMount)('a disk without room is told with the figure, before a byte is fetched', async () => {
    const hub = await startPracticeHub({ modelFolder: join(root, 'electron/practice/model') });
    undo.push(() => hub.close());
    const small = await mkdtemp(join(tmpdir(), 'latchkey-small-disk-'));
    undo.push(() => rm(small, { recursive: true, force: true }));
    app = await launchWeb({ under: smallDisk(small), env: { HF_ENDPOINT: hub.endpoint, HF_HOME: small } });
    const { page } = app;
    await chooseModel(page, 'open-practice/Doorstep-Instruct');
    const start = page.getByTestId('start-download');
    const full = page.locator('[data-testid=problem][data-code=disk-full]');
    await start.or(full).first().waitFor();
    if (await start.isVisible()) await start.click();
    expect(words(await problem(page, 'disk-full'))).toMatch(/\d MB more are needed on this disk/);
    await page.getByRole('button', { name: 'Open storage' }).first().waitFor();
    await picture('disk-full');
    expect(hub.requests.filter(({ port }) => port === 'cdn')).toEqual([]);
  });

  test('a token that wins in scripts is named, asked about, and taken away with a line to copy', async () => {
    const hub = await startPracticeHub({ modelFolder: join(root, 'electron/practice/model') });
    undo.push(() => hub.close());
    const { control } = hub;
    control.setRequestState(gatedRepo, 'ada', 'granted');
    const theirs = control.createToken({ account: 'bob', kind: 'read' });
    app = await launchWeb({ env: { HF_ENDPOINT: hub.endpoint, HF_TOKEN: theirs } });
    const { page } = app;
    await chooseModel(page, gatedRepo);
    await pasteToken(page, control.createToken({ account: 'ada', kind: 'read' }));
    await page
      .locator('[data-step=download][data-state=current], [data-step=ready][data-state=current]')
      .first()
      .waitFor();
    await go(page, 'Access');
    await page.getByTestId('find-tokens').first().click();
    expect(words(await problem(page, 'token-hidden'))).toMatch(
      /Your scripts use a different token.*HF_TOKEN in the environment wins in Python and transformers.js/,
    );
    await page.getByRole('button', { name: 'Ask whose it is' }).first().click();
    await expect.poll(async () => words(await problem(page, 'token-hidden'))).toMatch(/belongs to bob/);
    await page.getByTestId('scripts').locator('summary').click();
    const scripts = page.getByTestId('scripts');
    await expect
      .poll(async () => words(await scripts.innerText()))
      .toMatch(/belongs to bob.*unset HF_TOKEN.*hf auth login/);
    expect(await scripts.innerText()).toContain(`repo = "${gatedRepo}"`);
    await picture('another-token-wins');
    expect(await page.locator('body').innerText()).not.toContain(theirs);
  });
});
