import type { InstalledModel } from '../../contract/model.ts';
import type { Computer, Ports, VaultAnswer } from '../ports.ts';
import { createAccessToken } from '../hub/secret.ts';
import type { TokenConsent } from '../hub/mirror.ts';
import type { HubClient } from '../hub/request.ts';
import { findTokenSources, type TokenReport } from '../hub/tokenSources.ts';
import { examineHolder, examineRepo, examineTokens, type Holder } from './access.ts';
import { examineCache, examineDisk, examineKeychain, examineModels, examineRuntime } from './computer.ts';
import type { Diagnosis, Finding } from './finding.ts';
import { examineNetwork } from './network.ts';

/** Everything the doctor may look at. */
export interface Patient {
  readonly ports: Pick<Ports, 'version' | 'practice' | 'hubEndpoint' | 'paths' | 'startWorker' | 'way' | 'now'>;
  readonly host: string;
  readonly hub: HubClient;
  readonly vault: VaultAnswer;
  /** Absent in practice mode, where nothing of the person's own is looked at. */
  readonly computer: Computer | undefined;
  /** Why nothing is asked of the network, if so: "HF_HUB_OFFLINE is set". */
  readonly offline: string | undefined;
  /** Whether the Hub is asked whose the tokens are: its answer is dear, and the app has it already. */
  readonly asksAccounts: boolean;
  /** Whether the Hub in use, perhaps a mirror, may have a token. */
  readonly consent: TokenConsent;
  readonly models: { readonly folder: string; readonly reachable: boolean; readonly list: readonly InstalledModel[] };
  /** The repository that gives trouble. */
  readonly repo?: string | undefined;
}

/** Looks at everything, in the order things depend on each other. Rejects only for a bug. */
export async function examine(patient: Patient, { signal }: { readonly signal: AbortSignal }): Promise<Diagnosis> {
  const { ports, hub, vault, computer, offline, models } = patient;
  const { hubCache } = ports.paths;
  const [network, report, cache, disk, runtime] = await Promise.all([
    examineNetwork(hub, { way: ports.way, offline, signal }),
    computer && findTokenSources(computer, { hub: new URL(hub.endpoint) }),
    examineCache(hubCache),
    examineDisk({ hubCache, models: models.folder }),
    examineRuntime(() => ports.startWorker('infer')),
  ]);
  const online = network.every(({ outcome, problem }) => outcome !== 'fails' || problem?.code === 'cdn-blocked');
  const asked = online && offline === undefined;
  const token = vault.kind === 'value' ? createAccessToken(vault.secret) : undefined;
  const findings: readonly Finding[] = [
    ...network,
    ...(report ? [examineTokens(report)] : []),
    ...(asked && patient.asksAccounts ? await examineAccess(patient, holders(token, report), signal) : []),
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

const nobody: Holder = { who: 'Without a token', token: undefined };

/** Latchkey's own token, and the scripts' when it is another one: that is how "my script says 401" is explained. */
function holders(own: Holder['token'], report: TokenReport | undefined): readonly Holder[] {
  const scripts = report?.python?.token;
  if (!own) return scripts ? [{ who: 'Python', token: scripts }] : [nobody];
  const other = scripts !== undefined && scripts.reveal() !== own.reveal();
  return [{ who: 'Latchkey', token: own }, ...(other ? [{ who: 'Python', token: scripts }] : [])];
}

async function examineAccess(
  { hub, repo, consent }: Patient,
  using: readonly Holder[],
  signal: AbortSignal,
): Promise<readonly Finding[]> {
  const findings: Finding[] = [];
  const mayHave = consent === 'yes';
  if (!mayHave && using.some(({ token }) => token)) {
    const { host } = new URL(hub.endpoint);
    const why = consent === 'no' ? 'you told Latchkey not to' : 'Latchkey asks you first';
    findings.push({ area: 'tokens', outcome: 'note', fact: `No token was sent to ${host}, a mirror: ${why}.` });
  }
  for (const holder of mayHave ? using : [nobody]) {
    const { who, token } = holder;
    const asked = token && (await examineHolder(hub, { who, token }, signal));
    if (asked) findings.push(asked.finding);
    if (repo !== undefined) findings.push(await examineRepo(hub, { repo, holder, ...asked, signal }));
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
