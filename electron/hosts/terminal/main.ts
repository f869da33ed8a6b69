/** `npm run doctor`: the doctor as a program of its own, on plain Node. */
import '../quiet.ts';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { runDoctor } from '../doctor.ts';
import { startNodeProcess } from '../nodeWorkers.ts';

const folder = import.meta.dirname;

/** As the other hosts: the version is the package's. */
function version(): string {
  const about: unknown = JSON.parse(readFileSync(join(folder, '..', '..', 'package.json'), 'utf8'));
  return typeof about === 'object' && about !== null && 'version' in about ? String(about.version) : '';
}

try {
  process.exitCode = await runDoctor(
    process.argv.slice(2),
    {
      name: 'doctor in a terminal',
      command: 'npm run doctor --',
      version: version(),
      startWorker: (name) => startNodeProcess(join(folder, `${name}.js`)),
    },
    console.log,
  );
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
