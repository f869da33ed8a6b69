/**
 * `npm run bench -- download [fast|slow|kill]... [--gigabytes=2] [--rounds=3]`: our downloader beside curl, both from
 * the same server on the loopback, taking turns. What ours does more: it proves the bytes, and survives a kill.
 */
import { type ChildProcess, fork, spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { DownloadCost, DownloadJob } from './downloadChild.ts';
import { filePeriod, filePieces, type ServerJob } from './fileServer.ts';
import { bundled } from './bundled.ts';

export interface BenchRow {
  readonly figure: string;
  readonly ours: number;
  readonly reference: number;
  readonly ratio: number;
  readonly goal: number;
  readonly better: 'higher' | 'lower';
}

interface Cost {
  readonly seconds: number;
  readonly cpuSeconds: number;
}

const here = import.meta.dirname;
const slowBytes = 400e6;
const killBytes = 600e6;
const killRounds = 8;

const round = (value: number): number => Number(value.toPrecision(3));
const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;

function row(
  figure: string,
  [ours, reference]: readonly [number, number],
  goal: number,
  better: BenchRow['better'],
): BenchRow {
  return { figure, ours: round(ours), reference: round(reference), ratio: round(ours / reference), goal, better };
}

function hashOf(bytes: number): string {
  const hash = createHash('sha256');
  for (const piece of filePieces(filePeriod(), 0, bytes, 2 ** 24)) hash.update(piece);
  return hash.digest('hex');
}

async function startServer(job: ServerJob): Promise<{ readonly url: string; readonly child: ChildProcess }> {
  const child = fork(join(here, 'fileServer.ts'), [JSON.stringify(job)]);
  const port = await new Promise<number>((resolve) => child.once('message', resolve as (port: unknown) => void));
  return { url: `http://127.0.0.1:${port}`, child };
}

// What earlier runs left unwritten must not be written at the cost of the next.
const settle = (): void => void spawnSync('sync');

/** Runs a shell line; wall clock of the whole, processor time of its children. */
async function shell(line: string): Promise<Cost> {
  settle();
  const started = performance.now();
  const child = spawn('sh', ['-c', `set -e; ${line}; times`], { stdio: ['ignore', 'pipe', 'inherit'] });
  let output = '';
  child.stdout.on('data', (data: Buffer) => (output += data.toString()));
  const code = await new Promise((resolve) => child.once('close', resolve));
  const seconds = (performance.now() - started) / 1000;
  if (code !== 0) throw new Error(`${line} ended with ${String(code)}`);
  const parts = [...(output.trim().split('\n').at(-1) ?? '').matchAll(/(\d+)m([\d.]+)s/g)];
  return {
    seconds,
    cpuSeconds: parts.reduce((sum, [, minutes, rest]) => sum + Number(minutes) * 60 + Number(rest), 0),
  };
}

function startOurs(
  program: string,
  job: DownloadJob,
): { readonly child: ChildProcess; readonly ended: Promise<string> } {
  const child = spawn(process.execPath, [program, JSON.stringify(job)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  child.stdout.on('data', (data: Buffer) => (output += data.toString()));
  return { child, ended: new Promise((resolve) => child.once('close', () => resolve(output))) };
}

async function ours(program: string, job: DownloadJob): Promise<DownloadCost> {
  settle();
  return JSON.parse(await startOurs(program, job).ended) as DownloadCost;
}

interface Room {
  readonly folder: string;
  /** Our downloader as it ships: bundled. */
  readonly program: string;
  readonly url: string;
  readonly say: (line: string) => void;
}

/** Bytes per second beside curl, which proves nothing; processor time beside curl and sha256sum; memory. */
async function fast(room: Room, bytes: number, rounds: number): Promise<BenchRow[]> {
  const { folder, program, say } = room;
  const url = `${room.url}/fast`;
  const sha256 = hashOf(bytes);
  const out = join(folder, 'curl');
  const [curls, proved, mine]: [Cost[], Cost[], DownloadCost[]] = [[], [], []];
  for (let turn = 0; turn < rounds; turn++) {
    curls.push(await shell(`curl -sS -o ${out} ${url}`));
    proved.push(await shell(`curl -sS -o ${out} ${url} && sha256sum ${out} >/dev/null`));
    rmSync(out);
    const hubCache = join(folder, 'hub');
    mine.push(await ours(program, { url, hubCache, bytes, sha256 }));
    rmSync(hubCache, { recursive: true });
    const [curl, both, us] = [curls.at(-1), proved.at(-1), mine.at(-1)];
    say(
      `round ${turn + 1}: curl ${curl?.seconds.toFixed(2)} s (cpu ${curl?.cpuSeconds.toFixed(2)}), ` +
        `curl+sha256sum ${both?.seconds.toFixed(2)} s (cpu ${both?.cpuSeconds.toFixed(2)}), ` +
        `ours ${us?.seconds.toFixed(2)} s (cpu ${us?.cpuSeconds.toFixed(2)}), ` +
        `memory ${((us?.idleBytes ?? 0) / 1e6).toFixed(0)} -> ${((us?.peakBytes ?? 0) / 1e6).toFixed(0)} MB`,
    );
  }
  const speed = (costs: readonly Cost[]): number => bytes / 1e6 / median(costs.map(({ seconds }) => seconds));
  const cpu = (costs: readonly Cost[]): number => median(costs.map(({ cpuSeconds }) => cpuSeconds)) / (bytes / 1e9);
  const grown = Math.max(...mine.map(({ peakBytes, idleBytes }) => peakBytes - idleBytes)) / 1e6;
  return [
    row('MB/s, ours with verification against curl without', [speed(mine), speed(curls)], 0.95, 'higher'),
    row('MB/s to proved bytes, against curl and then sha256sum', [speed(mine), speed(proved)], 1, 'higher'),
    row('CPU seconds per GB, against curl and sha256sum', [cpu(mine), cpu(proved)], 1.5, 'lower'),
    row('peak memory over idle in MB, against 150 MB', [grown, 150], 1, 'lower'),
  ];
}

/** Many connections to a far server that limits each. */
async function slow({ folder, program, url, say }: Room): Promise<BenchRow[]> {
  const hubCache = join(folder, 'hub');
  const mine = await ours(program, { url: `${url}/slow`, hubCache, bytes: slowBytes, sha256: hashOf(slowBytes) });
  rmSync(hubCache, { recursive: true });
  const curl = await shell(`curl -sS -o ${join(folder, 'curl')} ${url}/slow`);
  say(`4 ms and 8 MB/s per connection: ours ${mine.seconds.toFixed(1)} s, curl ${curl.seconds.toFixed(1)} s`);
  const speed = ({ seconds }: Cost): number => slowBytes / 1e6 / seconds;
  return [row('MB/s at 4 ms and 8 MB/s per connection, against curl', [speed(mine), speed(curl)], 6, 'higher')];
}

/** Kills at different moments; what had arrived and had to be fetched again. */
async function kill({ folder, program, url, say }: Room): Promise<BenchRow[]> {
  const sha256 = hashOf(killBytes);
  const hubCache = join(folder, 'hub');
  const job: DownloadJob = { url: `${url}/fast`, hubCache, bytes: killBytes, sha256, countFile: join(folder, 'count') };
  const received = (): number => Number(readFileSync(join(folder, 'count'), 'utf8'));
  let worst = 0;
  for (let turn = 0; turn < killRounds; turn++) {
    const target = ((turn + 0.5) / killRounds) * 0.9 * killBytes;
    rmSync(join(folder, 'count'), { force: true });
    const first = startOurs(program, job);
    while (first.child.exitCode === null && !(safely(received) > target)) await delay(1);
    first.child.kill('SIGKILL');
    await first.ended;
    const before = received();
    await ours(program, job);
    const again = before + received() - killBytes;
    worst = Math.max(worst, again);
    say(`killed after ${(before / 1e6).toFixed(1)} MB: ${(again / 1e6).toFixed(2)} MB came twice`);
    rmSync(hubCache, { recursive: true });
  }
  return [row('MB that came twice after a kill (worst of 8), against 8 MB', [worst / 1e6, 8], 1, 'lower')];
}

function safely(read: () => number): number {
  try {
    return read();
  } catch {
    return 0; // not written yet
  }
}

/** Runs the parts that `args` name (all without a name). */
export async function bench(args: readonly string[], say: (line: string) => void): Promise<readonly BenchRow[]> {
  const value = (name: string, usual: number): number =>
    Number(args.find((arg) => arg.startsWith(`--${name}=`))?.split('=')[1] ?? usual);
  const names = args.filter((arg) => !arg.startsWith('--'));
  const wants = (name: string): boolean => names.length === 0 || names.includes(name);
  const folder = mkdtempSync(join(process.env['BENCH_FOLDER'] ?? tmpdir(), 'latchkey-bench-'));
  mkdirSync(folder, { recursive: true });
  const program = await bundled(folder, {
    downloadChild: join(here, 'downloadChild.ts'),
    hashWorker: join(here, '../../electron/services/download/hashWorker.ts'),
  });
  const rows: BenchRow[] = [];
  const part = async (name: string, bytes: number, run: (room: Room) => Promise<BenchRow[]>): Promise<void> => {
    if (!wants(name)) return;
    const server = await startServer({ bytes, delayMs: 4, bytesPerSecond: 8e6 });
    try {
      rows.push(...(await run({ folder, program, url: server.url, say })));
    } finally {
      server.child.disconnect();
    }
  };
  try {
    const bytes = value('gigabytes', 2) * 1e9;
    await part('fast', bytes, (room) => fast(room, bytes, value('rounds', 3)));
    await part('slow', slowBytes, slow);
    await part('kill', killBytes, kill);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return rows;
}
