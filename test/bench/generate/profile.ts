/** Where the time of a run goes, operator by operator, from ONNX Runtime's own profiler. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createDecoder } from '../../../electron/services/inference/decoder.ts';
import { openSession } from '../../../electron/services/inference/session.ts';
import type { Say } from '../row.ts';

interface ProfiledEvent {
  readonly cat: string;
  readonly name: string;
  readonly ts: number; // microseconds
  readonly dur: number;
  readonly args?: { readonly op_name?: string };
}

/** Layers do the same, so they are counted together; products are told apart by what they compute. */
function label({ name, args }: ProfiledEvent): string {
  const operator = args?.op_name ?? '';
  const of = name
    .replace(/_kernel_time$/u, '')
    .split('/')
    .slice(1)
    .join(' ')
    .replace(/layer\.\d+\./u, '');
  return operator.includes('MatMul') ? `${operator} ${of.replace(/_token_\d+$/u, '')}` : operator;
}

/** Milliseconds per run and label, the first half of the runs left out. */
function summed(events: readonly ProfiledEvent[]): [string, number][] {
  const runs = events.filter(({ name }) => name === 'model_run');
  const from = runs[Math.floor(runs.length / 2)]?.ts ?? 0;
  const counted = runs.filter(({ ts }) => ts >= from).length;
  const totals = new Map<string, number>();
  for (const event of events) {
    if (event.cat !== 'Node' || event.ts < from || !event.name.endsWith('_kernel_time')) continue;
    if (event.args?.op_name === 'If') continue; // what it runs is counted by itself
    totals.set(label(event), (totals.get(label(event)) ?? 0) + event.dur / 1000 / counted);
  }
  return [...totals].sort((a, b) => b[1] - a[1]);
}

/** Says what runs over `width` tokens after `past` others spend their time on. */
export async function profile(
  graph: string,
  { threads, past, width }: { readonly threads: number; readonly past: number; readonly width: number },
  say: Say,
): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'latchkey-profile-'));
  const session = await openSession(graph, { device: 'cpu', threads, profileTo: join(folder, 'run') });
  const decoder = createDecoder(session, past + width + 256);
  const cache = decoder.newCache();
  const ids = (count: number): number[] => Array.from({ length: count }, (_, index) => 1000 + index * 7);
  while (cache.ids.length < past) await decoder.forward(cache, ids(Math.min(128, past - cache.ids.length)));
  for (let run = 0; run < (width === 1 ? 16 : 4); run++) {
    await decoder.forward(cache, ids(width));
    cache.truncate(past);
  }
  await decoder.release();
  const [file = ''] = readdirSync(folder);
  const sums = summed(JSON.parse(readFileSync(join(folder, file), 'utf8')) as ProfiledEvent[]);
  rmSync(folder, { recursive: true });
  const total = sums.reduce((sum, [, milliseconds]) => sum + milliseconds, 0);
  say(`${width} tokens after ${past}: ${total.toFixed(1)} ms in operators`);
  for (const [name, milliseconds] of sums.filter(([, milliseconds]) => milliseconds > total / 100)) {
    say(`${milliseconds.toFixed(2).padStart(9)} ms ${name}`);
  }
}
