import type { SetupState, SignInState } from '../contract/setup.ts';
import type { LogEntry, Ports } from './ports.ts';

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

/** A text that a person can paste into an issue: what is installed, where each journey stands, why, and the log. */
export function writeReport(options: {
  readonly ports: Ports;
  readonly signIn: SignInState;
  readonly setups: readonly SetupState[];
  readonly log: LogTail;
  readonly redact: (text: string) => string;
}): string {
  const { ports, signIn, setups } = options;
  const account = signIn.account;
  const journeys = setups.flatMap((setup) => {
    const activity = setup.activity;
    const problem = activity.kind === 'blocked' || activity.kind === 'waiting' ? activity.problem : undefined;
    return [
      `- ${setup.repo} (${setup.dtype}): ${setup.step}, ${activity.kind}${problem ? `, ${problem.code}: ${problem.title}` : ''}`,
      ...(problem?.evidence ?? []).map((evidence) => `    ${JSON.stringify(evidence)}`),
    ];
  });
  const text = [
    `Latchkey ${ports.version}, ${ports.host} host, ${process.platform} ${process.arch}, Node ${process.versions.node}`,
    `Hub: ${ports.hubEndpoint}${ports.practice ? ' (practice)' : ''}`,
    `Keychain: ${signIn.vault}`,
    account
      ? `Account: ${account.name}, ${account.kind} token, reads gated: ${String(account.readsGated ?? 'unknown')}`
      : 'Account: none',
    '',
    'Journeys:',
    ...(journeys.length > 0 ? journeys : ['- none']),
    '',
    'Log:',
    ...options.log.lines(),
    '',
  ].join('\n');
  return options.redact(text);
}
