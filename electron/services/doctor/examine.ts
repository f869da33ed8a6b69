import type { InstalledModel } from '../../contract/model.ts';
import type { Ports } from '../ports.ts';
import { createAccessToken } from '../hub/secret.ts';
import type { HubClient } from '../hub/request.ts';
import { type Computer, findTokenSources, type TokenReport } from '../hub/tokenSources.ts';
import { examineHolder, examineRepo, examineTokens, type Holder } from './access.ts';
import { examineCache, examineDisk, examineKeychain, examineModels, examineRuntime } from './computer.ts';
import type { Diagnosis, Finding } from './finding.ts';
import { examineNetwork, type Way } from './network.ts';

/** Everything the doctor may look at. */
export interface Patient {
  readonly ports: Pick<Ports, 'version' | 'practice' | 'hubEndpoint' | 'paths' | 'vault' | 'startWorker' | 'now'>;
  readonly host: string;
  readonly hub: HubClient;
  readonly way: Way;
  readonly computer: Computer;
  /** Why nothing is asked of the network, if so: "HF_HUB_OFFLINE is set". */
  readonly offline: string | undefined;
  readonly models: { readonly folder: string; readonly reachable: boolean; readonly list: readonly InstalledModel[] };
  /** The repository that gives trouble. */
  readonly repo?: string | undefined;
}

/** Looks at everything, in the order things depend on each other. Rejects only for a bug. */
export async function examine(patient: Patient, { signal }: { readonly signal: AbortSignal }): Promise<Diagnosis> {
  const { ports, hub, way, offline, models } = patient;
  const { hubCache } = ports.paths;
  const [network, vault, report, cache, disk, runtime] = await Promise.all([
    examineNetwork(hub, { way, offline, signal }),
    ports.vault.read(),
    findTokenSources(patient.computer, new URL(hub.endpoint).host),
    examineCache(hubCache),
    examineDisk({ hubCache, models: models.folder }),
    examineRuntime(() => ports.startWorker('infer')),
  ]);
  const online = network.every(({ outcome, problem }) => outcome !== 'fails' || problem?.code === 'cdn-blocked');
  const asked = online && offline === undefined;
  const token = vault.kind === 'value' ? createAccessToken(vault.secret) : undefined;
  const findings: readonly Finding[] = [
    ...network,
    examineTokens(report),
    ...(asked ? await examineAccess(patient, holders(token, report), signal) : []),
    ...(!asked && patient.repo !== undefined
      ? [{ area: 'repository', outcome: 'skipped', fact: `${patient.repo} was not asked for: no connection.` } as const]
      : []),
    examineKeychain(vault),
    cache,
    disk,
    runtime,
    examineModels(models.list, models.folder, models.reachable),
  ];
  const { version, practice, hubEndpoint } = ports;
  return {
    program: {
      version,
      host: patient.host,
      system: `${process.platform} ${process.arch}`,
      node: process.versions.node,
      hub: hubEndpoint,
      practice,
    },
    at: ports.now(),
    findings,
    works: whatWorks({ findings, models, asked }),
  };
}

/** Latchkey's own token, and the scripts' when it is another one: that is how "my script says 401" is explained. */
function holders(own: Holder['token'], { python }: TokenReport): readonly Holder[] {
  const scripts = python?.token;
  if (!own) return scripts ? [{ who: 'Python', token: scripts }] : [{ who: 'Without a token', token: undefined }];
  const other = scripts !== undefined && scripts.reveal() !== own.reveal();
  return [{ who: 'Latchkey', token: own }, ...(other ? [{ who: 'Python', token: scripts }] : [])];
}

async function examineAccess(
  { hub, repo }: Patient,
  using: readonly Holder[],
  signal: AbortSignal,
): Promise<readonly Finding[]> {
  const findings: Finding[] = [];
  for (const holder of using) {
    const { who, token } = holder;
    const asked = token && (await examineHolder(hub, { who, token }, signal));
    if (asked) findings.push(asked.finding);
    if (repo !== undefined) findings.push(await examineRepo(hub, { repo, holder, account: asked?.account, signal }));
  }
  return findings;
}

function whatWorks(seen: {
  readonly findings: readonly Finding[];
  readonly models: Patient['models'];
  readonly asked: boolean;
}): readonly string[] {
  const { findings, models, asked } = seen;
  const fails = (area: Finding['area']): boolean =>
    findings.some((finding) => finding.area === area && finding.outcome === 'fails');
  const chats = models.reachable && models.list.length > 0 && !fails('runtime');
  return [
    chats
      ? `Chatting, without a connection: ${models.list.map(({ repo }) => repo).join(', ')}.`
      : 'Chatting: not yet, no model is installed that can run.',
    'Reading and searching your chats.',
    ...(fails('runtime') ? [] : ['Preparing files that are in the cache already.']),
    ...(asked ? ['Asking the Hub about licences.'] : ['Licences and downloads: not without a connection.']),
    ...(asked && !fails('network') && !fails('cache') ? ['Downloading what your account may read.'] : []),
  ];
}
