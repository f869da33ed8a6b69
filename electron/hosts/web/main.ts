/** The web host: the same page and the same services, served to the person's own browser on this computer only. */
import '../quiet.ts';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import type { BackendEvent } from '../../contract/ipc.ts';
import { dataHome } from '../folders.ts';
import { type HostOptions, readOptions, usage } from '../options.ts';
import { hasScreen, openBrowser } from './browser.ts';
import { newSecret } from '../../services/bearer.ts';
import { type Opened, openData } from './openData.ts';
import { startWebServer } from './server.ts';

const dist = resolve(import.meta.dirname, '..');

async function openPerhaps(address: string, data: string, { open }: HostOptions): Promise<() => Promise<void>> {
  return open && hasScreen(process.env, process.platform) ? openBrowser(address, data) : async () => undefined;
}

async function start(options: HostOptions): Promise<void> {
  const home = dataHome(process.env, process.platform, homedir(), options.data);
  const secret = newSecret();
  const { promise: first, resolve: started } = Promise.withResolvers<Opened>();
  let opened = first;
  const server = await startWebServer({
    request: async (name, input) => (await opened).services.request(name, input),
    rendererFolder: join(dist, 'renderer'),
    secret,
    port: options.port,
  });
  const doors = {
    dist,
    say: (text: string) => console.log(text),
    emit: (event: BackendEvent) => server.send(event),
    again: () => {
      // Who asks meanwhile waits; the page is told when everything is there again, and asks for all of it.
      opened = opened.then(async (before) => {
        await before.close();
        return openData(home, { ...doors, practice: before.services.practice });
      });
      opened.then(() => server.send({ type: 'app.restarted' })).catch(fail);
    },
  };
  const begun = await openData(home, { ...doors, practice: options.practice });
  started(begun);

  const address = `${server.origin}/#${secret}`;
  console.log(`\n  Latchkey is ready. Open this address in your browser:\n\n    ${address}\n`);
  console.log('  The part after # is the key to this run: do not share it. Ctrl+C stops Latchkey.\n');
  const forget = await openPerhaps(address, begun.data, options);

  const stop = async (): Promise<void> => {
    await forget();
    await server.close();
    await (await opened).close();
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.once(signal, () => {
      void stop().finally(() => process.exit(0));
    });
  }
}

function fail(error: unknown): never {
  console.error(error instanceof Error ? error.message : error);
  process.exit(1);
}

if (process.argv.includes('--help')) console.log(usage);
else {
  try {
    start(readOptions(process.argv.slice(2), { strict: true })).catch(fail);
  } catch (error) {
    fail(error);
  }
}
