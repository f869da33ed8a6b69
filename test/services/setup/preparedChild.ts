/**
 * Run by the kill sweeps in a process of its own: prepares one model from official files, or, to show that the sweeps
 * can fail, copies a prepared one file by file to where it belongs.
 */
import '../durable/slowClock.ts';
import { cpSync } from 'node:fs';
import { prepareHere } from './prepareRoom.ts';

export interface PrepareJob {
  readonly mode: 'careful' | 'naive';
  readonly source: string; // official files, or a prepared folder in naive mode
  readonly modelsFolder: string;
  readonly name: string; // folder that a naive copy makes
}

const job = JSON.parse(process.argv[2] ?? '') as PrepareJob;
if (job.mode === 'naive') {
  cpSync(job.source, `${job.modelsFolder}/${job.name}`, { recursive: true });
} else {
  const { result } = await prepareHere({ source: job.source, modelsFolder: job.modelsFolder, dtype: 'q8' });
  if (!result.ok) throw new Error(JSON.stringify(result.problem));
}
process.stdout.write('done\n');
