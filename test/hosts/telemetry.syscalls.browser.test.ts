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
import { launchDesktop, root, startWeb } from './launch.ts';

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
  ...['-e', 'trace=open,openat,creat,mkdir,mkdirat,connect,sendto,sendmsg,sendmmsg,execve'],
];

interface Trace {
  /** Calls that name the runtime's own store of device and installation numbers. */
  readonly stores: readonly string[];
  /** Internet addresses beyond this computer that were called, and names that were asked for. */
  readonly calls: readonly string[];
  /** Programs that were started. */
  readonly programs: readonly string[];
}

async function readTrace(record: string): Promise<Trace> {
  const lines = (await readFile(record, 'utf8')).split('\n');
  return {
    stores: lines.filter((line) => /DeveloperTools|onnxruntime\.db|deviceid/i.test(line)),
    calls: lines.filter(
      (line) =>
        /sa_family=AF_INET6?\b/.test(line) &&
        !/inet_addr\("127\.|inet_pton\(AF_INET6, "(?:::1|::ffff:127\.)/.test(line),
    ),
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
  const { stores, calls, programs } = await readTrace(record);
  expect(programs.length).toBeGreaterThan(2); // the host and both workers were seen
  expect(stores).toEqual([]);
  expect(calls).toEqual([]);
}, 120_000);

test('neither does the desktop host with its answering process', async () => {
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
