/**
 * Run by the orphan test in a process of its own: starts a conversion in a process of the app and waits. The conversion is
 * stopped at its first sign of life, so that it is met at work.
 */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { startNodeProcess } from '../../../electron/hosts/nodeWorkers.ts';
import { converterExit } from '../../../electron/services/setup/explain.ts';
import { connectWorker } from '../../../electron/services/work/client.ts';
import type { ConvertWork } from '../../../electron/services/work/protocol.ts';

const [source = '', output = ''] = process.argv.slice(2);
const worker = connectWorker<ConvertWork>(
  startNodeProcess(fileURLToPath(new URL('../../../electron/workers/convert.ts', import.meta.url))),
  { explainExit: converterExit, log: () => undefined },
);
let said = false;
const onEvent = (): void => {
  if (said) return;
  said = true;
  const converter = readFileSync(`/proc/${process.pid}/task/${process.pid}/children`, 'utf8').trim();
  process.kill(Number(converter), 'SIGSTOP');
  process.stdout.write(`converting in ${converter}\n`);
};
const result = await worker.call('convert', { source, output, dtype: 'q4' }, { onEvent });
process.stdout.write(result.ok ? 'done\n' : `${JSON.stringify(result.problem)}\n`);
worker.kill();
