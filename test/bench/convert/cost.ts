import { fork, spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type BenchRow, median, row } from '../row.ts';
import type { ConvertCost, ConvertJob } from './convertChild.ts';
import { shapes, writeShape } from './shapes.ts';

type Say = (line: string) => void;

const gigabytes = (bytes: number): string => `${(bytes / 1e9).toFixed(2)} GB`;

async function convert(job: ConvertJob): Promise<ConvertCost> {
  const child = fork(join(import.meta.dirname, 'convertChild.ts'), [JSON.stringify(job)]);
  return new Promise((resolve, reject) => {
    child.once('message', resolve as (cost: unknown) => void);
    child.once('exit', (code) => reject(new Error(`the conversion ended with code ${code}`)));
  });
}

/** Seconds of `cp` where there is one, else of the copy that Node makes. */
function copySeconds(from: string, to: string): number {
  const begin = performance.now();
  const cp = spawnSync('cp', [from, to]);
  if (cp.status !== 0) cpSync(from, to);
  const seconds = (performance.now() - begin) / 1000;
  rmSync(to);
  return seconds;
}

const settle = (): void => void spawnSync('sync');

/** Wall time of q4 from bfloat16 beside copying what is read and what is written, taking turns. */
export async function speedRows(name: '1B' | 'small', rounds: number, say: Say): Promise<BenchRow[]> {
  const room = mkdtempSync(join(tmpdir(), 'latchkey-bench-'));
  try {
    const source = join(room, 'source');
    const bytes = writeShape(source, shapes[name], 'random');
    say(`${name} shape: ${gigabytes(bytes)} of bfloat16 weights`);
    const [ours, copies, cpu]: [number[], number[], number[]] = [[], [], []];
    for (let round = 0; round < rounds; round++) {
      const output = join(room, `output-${round}`);
      settle();
      const cost = await convert({ source, output, dtype: 'q4' });
      settle();
      const read = copySeconds(join(source, 'model.safetensors'), join(room, 'copy'));
      settle();
      const write = copySeconds(join(output, 'onnx', 'model_q4.onnx_data'), join(room, 'copy'));
      rmSync(output, { recursive: true });
      ours.push(cost.seconds);
      cpu.push(cost.cpuSeconds);
      copies.push(read + write);
      const spent = `${cost.seconds.toFixed(2)} s (${cost.cpuSeconds.toFixed(2)} s of processor)`;
      say(
        `round ${round + 1}: ours ${spent} for ${gigabytes(cost.outputBytes)}, cp ${read.toFixed(2)} + ${write.toFixed(2)} s`,
      );
    }
    const pair = [median(ours), median(copies)] as const;
    return [row(`q4 of the ${name} shape: seconds, beside cp of source and output`, pair, 2, 'lower')];
  } finally {
    rmSync(room, { recursive: true, force: true });
  }
}

/** Peak memory of q4 of the 8B shape, in gigabytes; the reference is the most it may be. */
export async function memoryRows(say: Say): Promise<BenchRow[]> {
  const room = mkdtempSync(join(tmpdir(), 'latchkey-bench-'));
  try {
    const source = join(room, 'source');
    writeShape(source, shapes['8B'], 'sparse');
    const cost = await convert({ source, output: join(room, 'output'), dtype: 'q4' });
    say(
      `8B shape: ${gigabytes(cost.peakBytes)} at the most, ${cost.seconds.toFixed(1)} s, ${gigabytes(cost.outputBytes)} written`,
    );
    return [row('q4 of the 8B shape: peak gigabytes', [cost.peakBytes / 1e9, 1], 1, 'lower')];
  } finally {
    rmSync(room, { recursive: true, force: true });
  }
}
