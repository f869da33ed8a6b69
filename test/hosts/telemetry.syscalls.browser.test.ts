/**
 * ONNX Runtime for Linux ships with an uploader. What every process of the product opens and whom it calls is read off the
 * kernel while a model is prepared and answers; the same runtime without our precaution shows what would be seen.
 */
import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { answerOf, askWeb } from './askWeb.ts';
import { launchChromium, launchDesktop, root, startWeb } from './launch.ts';

const run = promisify(execFile);
const node = join(root, 'node_modules/node/bin/node');
const repo = 'open-practice/Doorstep-Instruct';

let folder: string;
let data: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'latchkey-traced-'));
  data = join(folder, 'data');
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Files, programs and addresses, of the process and all its children; other calls are not slowed. */
const traced = (record: string): string[] => [
  ...['strace', '-f', '--seccomp-bpf', '-qq', '-s', '400', '-o', record],
  ...['-e', 'trace=open,openat,creat,mkdir,mkdirat,connect,sendto,sendmsg,sendmmsg,execve,clone,clone3,fork,vfork'],
];

interface Trace {
  /** Calls that name the runtime's own store of device and installation numbers. */
  readonly stores: readonly string[];
  /** Internet addresses beyond this computer that were called, and names that were asked for. */
  readonly calls: readonly string[];
  /** Calls within this computer: the practice Hub. They show that calls are seen at all. */
  readonly inside: number;
  /** Programs that were started. */
  readonly programs: readonly string[];
}

/** Without the lines of Chromium's processes: those are not the product's, and what a page of ours asks for never leaves. */
function withoutBrowser(lines: readonly string[]): readonly string[] {
  const pidOf = (line: string): string => /^\d+/.exec(line)?.[0] ?? '';
  const children = new Map<string, string[]>();
  for (const line of lines) {
    const child = /(?:clone3?|v?fork)(?:\(| resumed>).*\) = (\d+)$/.exec(line)?.[1];
    if (child !== undefined) children.set(pidOf(line), [...(children.get(pidOf(line)) ?? []), child]);
  }
  const browsers = new Set<string>();
  const add = (pid: string): void => {
    if (browsers.has(pid)) return;
    browsers.add(pid);
    children.get(pid)?.forEach(add);
  };
  for (const line of lines) if (/execve\(\S*chrom/.test(line)) add(pidOf(line));
  return lines.filter((line) => !browsers.has(pidOf(line)));
}

async function readTrace(record: string, { browser = true } = {}): Promise<Trace> {
  const all = (await readFile(record, 'utf8')).split('\n');
  const lines = browser ? all : withoutBrowser(all);
  const loopback = /inet_addr\("127\.|inet_pton\(AF_INET6, "(?:::1|::ffff:127\.)/;
  const addressed = lines.filter((line) => /sa_family=AF_INET6?\b/.test(line));
  return {
    stores: lines.filter((line) => /DeveloperTools|onnxruntime\.db|deviceid/i.test(line)),
    calls: addressed.filter((line) => !loopback.test(line)),
    inside: addressed.filter((line) => loopback.test(line)).length,
    programs: lines.filter((line) => line.includes('execve(')),
  };
}

async function until(done: () => Promise<boolean>): Promise<void> {
  while (!(await done())) await new Promise((resolve) => setTimeout(resolve, 200));
}

test('the browser host, its preparing and its answering process open no store and call nobody', async () => {
  const record = join(folder, 'web.trace');
  const host = await startWeb({ data, args: ['--practice'], under: traced(record) });
  try {
    await askWeb(host.url, 'setup.choose', { repo });
    await until(async () => {
      const [setup] = await askWeb(host.url, 'setup.list', undefined);
      return setup?.step === 'download';
    });
    await askWeb(host.url, 'setup.start', { repo });
    await until(async () => (await askWeb(host.url, 'models.list', undefined)).length > 0);
    expect(await answerOf(host.url, 'What is a token?')).not.toBe('');
  } finally {
    await host.close();
  }
  const { stores, calls, inside, programs } = await readTrace(record);
  expect(programs.length).toBeGreaterThan(2); // the host and both workers were seen
  expect(inside).toBeGreaterThan(0);
  expect(stores).toEqual([]);
  expect(calls).toEqual([]);
}, 120_000);

test('a first start calls nobody, not even the Hub, before the person asked for anything', async () => {
  const record = join(folder, 'first.trace');
  const host = await startWeb({ data: join(folder, 'first'), under: traced(record) });
  const browser = await launchChromium();
  try {
    const page = await browser.newPage();
    await page.goto(host.url);
    await page.getByTestId('paste-model').waitFor();
    for (const name of ['Access', 'Storage', 'Settings', 'Models']) {
      await page.getByRole('button', { name, exact: true }).click();
      await page.getByRole('heading', { level: 1 }).first().waitFor();
    }
  } finally {
    await browser.close();
    await host.close();
  }
  const { calls, stores, programs } = await readTrace(record);
  expect(programs.length).toBeGreaterThan(0);
  expect(calls).toEqual([]);
  expect(stores).toEqual([]);
}, 60_000);

test('a first start of the desktop app calls nobody either', async () => {
  const record = join(folder, 'first-desktop.trace');
  const app = await launchDesktop({ data: join(folder, 'first-desktop'), under: traced(record) });
  try {
    await app.page.getByTestId('paste-model').waitFor();
    // What the page asked for came out of the archive, and nothing else was asked for.
    expect(await app.evaluate(({ standin }) => standin.requested.filter((url) => !url.startsWith('app://')))).toEqual(
      [],
    );
    expect(await app.evaluate(({ standin }) => standin.dictionaries)).toEqual([]);
  } finally {
    await app.close();
  }
  const { calls, stores, programs } = await readTrace(record, { browser: false });
  expect(programs.length).toBeGreaterThan(0);
  expect(calls).toEqual([]);
  expect(stores).toEqual([]);
}, 60_000);

test('the desktop host and its answering process open no store either', async () => {
  const record = join(folder, 'desktop.trace');
  const app = await launchDesktop({ data, args: ['--practice'], under: traced(record) });
  try {
    await app.page.getByTestId('new-chat').first().click();
    await app.page.getByTestId('composer').fill('What is a token?');
    await app.page.getByTestId('send').click();
    await app.page.locator('[data-role=assistant]:not([data-state=writing])').waitFor({ timeout: 60_000 });
  } finally {
    await app.close();
  }
  const { stores, programs } = await readTrace(record);
  expect(programs.some((line) => line.includes('chrom'))).toBe(true);
  expect(stores).toEqual([]);
}, 120_000);

test('without the precaution, the same runtime opens its store, and this test would see it', async () => {
  const record = join(folder, 'control.trace');
  const models = join(data, 'practice', 'models');
  const [model = ''] = (await readdir(models)).filter((name) => !name.startsWith('.'));
  const [graph = ''] = (await readdir(join(models, model, 'onnx'))).filter((name) => name.endsWith('.onnx'));
  const script = `const ort = require('onnxruntime-node');
    ort.InferenceSession.create(process.argv[1]).then((session) => session.release());`;
  const [tracer = '', ...words] = traced(record);
  await run(tracer, [...words, node, '-e', script, join(models, model, 'onnx', graph)], {
    cwd: root,
    env: { PATH: process.env['PATH'], HOME: join(folder, 'home') },
  });
  expect((await readTrace(record)).stores).not.toEqual([]);
}, 60_000);
