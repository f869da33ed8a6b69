/**
 * `latchkey doctor`: the installed program as a doctor for the terminal, because who installed it has no npm. No window
 * opens, nothing of the person's is written, and a Latchkey that is already running is left alone.
 */
import { join } from 'node:path';
import { app } from 'electron';
import { createNodeHttp } from '../../adapters/nodeHttp.ts';
import { createNodeWay } from '../../adapters/nodeNetwork.ts';
import { createDesktopNetwork } from './network.ts';
import { useTemporarySession } from './temporarySession.ts';
import { startUtilityProcess } from './workers.ts';

/** The words after `doctor`, where the command line begins with it; undefined for every other command line. */
export function doctorWords(line: readonly string[]): readonly string[] | undefined {
  const [first, ...words] = line;
  return first === 'doctor' ? words : undefined;
}

/** Runs to the end of the process, whose exit code is the doctor's. `workers` is the folder of the bundled workers. */
export function beDoctor(words: readonly string[], { workers }: { readonly workers: string }): void {
  useTemporarySession('doctor');
  if (process.platform === 'darwin') app.dock?.hide();
  const look = async (): Promise<number> => {
    const { runDoctor } = await import('../doctor.ts');
    const { http, way } = createDesktopNetwork({
      node: createNodeHttp(),
      nodeWay: createNodeWay(process.env),
      env: process.env,
      now: Date.now,
    });
    const startWorker = (name: string) => startUtilityProcess(join(workers, `${name}.js`));
    const said: string[] = [];
    const host = { name: 'desktop', command: 'latchkey doctor', version: app.getVersion(), startWorker, http, way };
    const code = await runDoctor(words, host, (text) => said.push(text));
    // A pipe may still hold it when the process ends.
    await new Promise((done) => process.stdout.write(`${said.join('\n')}\n`, done));
    return code;
  };
  void app
    .whenReady()
    .then(look)
    .catch((error: unknown) => {
      process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
      return 1;
    })
    .then((code) => app.exit(code));
}
