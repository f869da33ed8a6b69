/** The web host: the same page and the same services, served to the person's own browser on this computer only. */
import '../quiet.ts';
import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { assemble, type Services } from '../assemble.ts';
import { dataFolder } from '../folders.ts';
import { lockFolder } from '../folderLock.ts';
import { type HostOptions, readOptions, usage } from '../options.ts';
import { hasScreen, openBrowser } from './browser.ts';
import { newSecret } from '../../services/bearer.ts';
import { startWebServer } from './server.ts';
import { startNodeProcess } from '../nodeWorkers.ts';

const dist = resolve(import.meta.dirname, '..');

/** As Electron does for the desktop host: the version is the package's. */
function version(): string {
  const about: unknown = JSON.parse(readFileSync(join(dist, '..', 'package.json'), 'utf8'));
  return typeof about === 'object' && about !== null && 'version' in about ? String(about.version) : '';
}

async function openPerhaps(address: string, data: string, { open }: HostOptions): Promise<() => Promise<void>> {
  return open && hasScreen(process.env, process.platform) ? openBrowser(address, data) : async () => undefined;
}

async function start(options: HostOptions): Promise<void> {
  const data = resolve(options.data ?? dataFolder(process.env, process.platform, homedir()));
  const lock = await lockFolder(data, {
    onKnock: () => console.log('Somebody tried to start Latchkey again; it is running here.'),
  });
  if (!lock)
    throw new Error(`Latchkey is already running with ${data}. Close it first, or use --data with another folder.`);

  const secret = newSecret();
  const { promise: starting, resolve: started } = Promise.withResolvers<Services>();
  const server = await startWebServer({
    request: async (name, input) => (await starting).request(name, input),
    rendererFolder: join(dist, 'renderer'),
    secret,
    port: options.port,
  });
  const services = await assemble(
    {
      host: 'web',
      version: version(),
      data,
      practiceModel: join(dist, 'practice-model'),
      startWorker: (name) => startNodeProcess(join(dist, 'electron', `${name}.js`)),
      // The page is in a browser already: it shows the link itself.
      openPage: async () => false,
    },
    { practice: options.practice, emit: (event) => server.send(event) },
  );
  started(services);

  const address = `${server.origin}/#${secret}`;
  console.log(`\n  Latchkey is ready. Open this address in your browser:\n\n    ${address}\n`);
  console.log('  The part after # is the key to this run: do not share it. Ctrl+C stops Latchkey.\n');
  const forget = await openPerhaps(address, data, options);

  const stop = async (): Promise<void> => {
    await forget();
    await server.close();
    await services.close();
    await lock.release();
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
