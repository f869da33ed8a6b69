/** The doctor for the terminal, whichever program it is started from: the same services, no window, nothing written. */
import { homedir } from 'node:os';
import { parseArgs } from 'node:util';
import { createComputer } from '../adapters/computer.ts';
import { createKeychain } from '../adapters/keychain.ts';
import { createNodeHttp } from '../adapters/nodeHttp.ts';
import { createNodeWay } from '../adapters/nodeNetwork.ts';
import { repoPattern } from '../contract/ipc.ts';
import { examine, type Patient } from '../services/doctor/examine.ts';
import { exitCodes, troubleOf } from '../services/doctor/finding.ts';
import { shareable, writeDiagnosis, writeJson } from '../services/doctor/write.ts';
import { hubCacheFolder, offlineVariable } from '../services/download/environment.ts';
import { readPaste } from '../services/hub/readPaste.ts';
import { consentFor } from '../services/hub/mirror.ts';
import { createHubClient } from '../services/hub/request.ts';
import { readSettings } from '../services/settings.ts';
import { listModels } from '../services/models/manifest.ts';
import type { Ports } from '../services/ports.ts';
import { findModelsHome } from '../services/storage/modelsHome.ts';
import { dataHome, findData, modeFolders } from './folders.ts';
import { hubEndpointOf } from './hubEndpoint.ts';
import { vaultMarker } from './vaultMarker.ts';

/** `command` is what a person types to get here. */
export const doctorUsage = (
  command: string,
): string => `Latchkey doctor: says what works on this computer, and why the rest does not
  ${command}               looks at network, tokens, keychain, cache, disk, runtime and models
  ${command} OWNER/NAME    also asks the Hub what you may do with this model
  ${command} "ERROR TEXT"  the same for the model that an error text, a link or a command names
  --json       the diagnosis as JSON
  --data DIR   the data folder of Latchkey, where it is not the usual one
Exit codes: ${Object.entries(exitCodes)
  .map(([name, code]) => `${String(code)} ${name}`)
  .join(', ')}`;

/** What differs between the programs it is started from. */
export interface DoctorHost {
  readonly name: string;
  /** What a person types to start it. */
  readonly command: string;
  readonly version: string;
  readonly startWorker: Ports['startWorker'];
  readonly http?: Ports['http'];
  readonly way?: Ports['way'];
}

interface Question {
  readonly repo: string | undefined;
  readonly json: boolean;
  readonly data: string;
}

/** Throws a TypeError with a readable sentence. */
function readQuestion(args: readonly string[]): Question {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: { json: { type: 'boolean' }, data: { type: 'string' } },
  });
  const text = positionals.join(' ');
  const repo = repoPattern.test(text) ? text : readPaste(text).repo;
  if (text !== '' && repo === undefined)
    throw new TypeError('No model name found. A name looks like meta-llama/Llama-3.2-1B.');
  return {
    repo,
    json: values.json === true,
    data: findData(dataHome(process.env, process.platform, homedir(), values.data)).folder,
  };
}

async function patientOf({ repo, data }: Question, host: DoctorHost): Promise<Patient> {
  const paths = modeFolders(data, false, hubCacheFolder(process.env, homedir()));
  const hubEndpoint = hubEndpointOf(process.env);
  const variable = offlineVariable(process.env);
  const settings = await readSettings(data);
  const consent = consentFor(hubEndpoint, settings.mirrors);
  const offline =
    variable !== undefined ? `${variable} is set` : settings.offline ? 'Latchkey is switched to offline' : undefined;
  // The marker is only read: a look must not change what the next start finds.
  const marker = { read: () => vaultMarker(data).read(), write: async () => undefined };
  const keychain = createKeychain({ service: 'Latchkey', account: 'access token', marker });
  const home = await findModelsHome(data, paths.models);
  return {
    ports: {
      version: host.version,
      practice: false,
      hubEndpoint,
      paths,
      way: host.way ?? createNodeWay(process.env),
      startWorker: host.startWorker,
      now: Date.now,
    },
    host: host.name,
    hub: createHubClient({
      endpoint: hubEndpoint,
      http: host.http ?? createNodeHttp(),
      version: host.version,
      now: Date.now,
      isOffline: () => offline !== undefined,
      tokenConsent: () => consent,
      log: () => undefined,
    }),
    vault: await keychain.read(),
    computer: createComputer({ env: process.env, home: homedir(), platform: process.platform, asksShell: false }),
    asksAccounts: true,
    consent,
    offline,
    models: { ...home, list: home.reachable ? await listModels(home.folder) : [] },
    repo,
  };
}

/** Runs the doctor with the words after its name; prints through `print`. Answers the exit code. */
export async function runDoctor(
  args: readonly string[],
  host: DoctorHost,
  print: (text: string) => void,
): Promise<number> {
  if (args.includes('--help')) {
    print(doctorUsage(host.command));
    return exitCodes.fine;
  }
  let question: Question;
  try {
    question = readQuestion(args);
  } catch (error) {
    print(
      `${shareable(error instanceof Error ? error.message : String(error), homedir())}\n\n${doctorUsage(host.command)}`,
    );
    return exitCodes.usage;
  }
  const patient = await patientOf(question, host);
  const diagnosis = await examine(patient, { signal: AbortSignal.timeout(120_000) });
  const home = homedir();
  print(question.json ? writeJson(diagnosis, { home }) : writeDiagnosis(diagnosis, { home }));
  return exitCodes[troubleOf(diagnosis.findings)];
}
