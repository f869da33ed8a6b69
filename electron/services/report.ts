import type { SetupState, SignInState } from '../contract/setup.ts';
import type { Diagnosis } from './doctor/finding.ts';
import { evidenceLine, shareable, writeDiagnosis } from './doctor/write.ts';
import { examine, type Patient } from './doctor/examine.ts';
import type { HubClient } from './hub/request.ts';
import type { Computer, LogEntry, Ports, VaultAnswer } from './ports.ts';

/** The last lines of the log, kept in memory for the report. */
export interface LogTail {
  add(entry: LogEntry): void;
  lines(): readonly string[];
}

/** 300 lines: enough to see a failed download from its start, small enough to paste. */
const kept = 300;

export function createLogTail(now: () => number): LogTail {
  const lines: string[] = [];
  return {
    add({ area, event, ...fields }) {
      const rest = Object.entries(fields).map(([key, value]) => `${key}=${String(value)}`);
      lines.push([new Date(now()).toISOString(), area, event, ...rest].join(' '));
      if (lines.length > kept) lines.shift();
    },
    lines: () => lines,
  };
}

/** The report of a running app waits for nobody longer than a person who pressed a button does. */
const reportMilliseconds = 4000;

interface Told {
  readonly signIn: SignInState;
  readonly setups: readonly SetupState[];
  readonly log: LogTail;
}

/** A text that a person can paste into an issue: the doctor's diagnosis, where each journey stands and why, the log. */
export async function makeReport(
  options: Told & {
    readonly ports: Ports;
    readonly hub: HubClient;
    readonly offline: string | undefined;
    readonly models: Patient['models'];
  },
): Promise<string> {
  const { ports, hub, offline, models, signIn } = options;
  const computer = ports.computer && quietly(ports.computer);
  const diagnosis = await examine(
    {
      ports,
      hub,
      offline,
      models,
      computer,
      host: `${ports.host} host`,
      vault: vaultAnswer(signIn),
      asksAccounts: false,
    },
    { signal: AbortSignal.timeout(reportMilliseconds) },
  );
  return writeReport(diagnosis, options, computer?.home ?? '');
}

/** Nobody's shell and no helper of git runs for a report. */
function quietly({ env, home, platform, readText }: Computer): Computer {
  return { env, home, platform, readText };
}

/** What the keychain said when it was last asked; nobody is asked to unlock it for a report. */
function vaultAnswer({ vault }: SignInState): VaultAnswer {
  if (vault === 'ready') return { kind: 'value', secret: '' };
  return vault === 'empty' ? { kind: 'empty' } : { kind: vault, reason: 'as of the start of Latchkey' };
}

function writeReport(diagnosis: Diagnosis, { signIn, setups, log }: Told, home: string): string {
  const { account } = signIn;
  const journeys = setups.flatMap((setup) => {
    const { activity } = setup;
    const problem = activity.kind === 'blocked' || activity.kind === 'waiting' ? activity.problem : undefined;
    return [
      `- ${setup.repo} (${setup.dtype}): ${setup.step}, ${activity.kind}${problem ? `, ${problem.code}: ${problem.title}` : ''}`,
      ...(problem?.evidence ?? []).map((evidence) => `    ${evidenceLine(evidence)}`),
    ];
  });
  const rest = [
    account
      ? `Account: ${account.name}, ${account.kind} token, reads gated: ${String(account.readsGated ?? 'unknown')}`
      : 'Account: none',
    '',
    'Journeys:',
    ...(journeys.length > 0 ? journeys : ['- none']),
    '',
    'Log:',
    ...log.lines(),
    '',
  ].join('\n');
  return `${writeDiagnosis(diagnosis, { home })}\n\n${shareable(rest, home)}`;
}
