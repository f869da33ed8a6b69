import type { ModelCard } from '../../contract/model.ts';
import type { Problem } from '../../contract/problem.ts';
import type { Result } from '../../contract/result.ts';
import { checkAccess, mostRequests } from '../hub/check.ts';
import { type FilePlace, probeFile } from '../hub/files.ts';
import { explainMove } from '../hub/modelInfo.ts';
import type { HubClient, SendOptions } from '../hub/request.ts';
import type { AccessToken } from '../hub/secret.ts';
import type { TokenReport, TokenSource } from '../hub/tokenSources.ts';
import { type AccountFacts, whoAmI } from '../hub/whoami.ts';
import { explainCard } from '../setup/chooseEdition.ts';
import type { Finding } from './finding.ts';

/** A token that somebody on this computer uses, and who that is. */
export interface Holder {
  readonly who: string; // "Latchkey", "Python scripts"
  readonly token: AccessToken | undefined;
}

/** Where tokens were found and which one each program uses. Asks nobody. */
export function examineTokens(report: TokenReport): Finding {
  const { sources, python, transformersJs, git } = report;
  if (sources.length === 0)
    return { area: 'tokens', outcome: 'note', fact: 'No other program on this computer keeps a token for the Hub.' };
  const users = (source: TokenSource): readonly string[] => [
    ...(source === python ? ['Python'] : []),
    ...(source === transformersJs ? ['transformers.js'] : []),
    ...(source === git ? ['git'] : []),
  ];
  const details = sources.map((source) => {
    const used = users(source);
    return `${placeOf(source)}, ${endingOf(source)}${used.length > 0 ? `: used by ${used.join(', ')}` : ''}`;
  });
  const winners = new Set([python, transformersJs].flatMap((source) => source?.token?.reveal() ?? []));
  const conflict = winners.size > 1 ? ' Python and JavaScript programs use different ones.' : '';
  const count = sources.length === 1 ? 'One token' : `${String(sources.length)} tokens`;
  return {
    area: 'tokens',
    outcome: conflict === '' ? 'works' : 'note',
    fact: `${count} of other programs found.${conflict}`,
    details,
  };
}

function placeOf({ kind, name, place }: TokenSource): string {
  return kind === 'environment' ? `variable ${name}` : `${name} in ${place}`;
}

function endingOf({ token }: TokenSource): string {
  return token ? `ends in ${token.ending}` : 'computed by the shell';
}

/** One whoami for a token: whose it is, or why the Hub refuses it. */
export async function examineHolder(
  hub: HubClient,
  { who, token }: { readonly who: string; readonly token: AccessToken },
  signal: AbortSignal,
): Promise<{ readonly finding: Finding; readonly account?: AccountFacts; readonly refused?: Problem }> {
  const answer = await whoAmI(hub, token, { signal });
  if (!answer.ok) {
    const { problem } = answer;
    const fact = `${who}: ${problem.title} (ends in ${token.ending}).`;
    const refused = problem.code === 'token-not-accepted' ? { refused: problem } : {};
    return { finding: { area: 'tokens', outcome: 'fails', fact, problem }, ...refused };
  }
  const { name, kind, readsGated } = answer.value;
  const lacks = readsGated === false;
  const gated = lacks ? '; it lacks the permission to read gated models' : '';
  const fact = `${who}: ${kind} token of ${name}, ends in ${token.ending}${gated}.`;
  return { finding: { area: 'tokens', outcome: lacks ? 'note' : 'works', fact }, account: answer.value };
}

/**
 * At most four small requests: what the Hub says when this token asks for this repository, and, where it says yes, whether
 * a first byte of the weights arrives: only then is it known that no firewall stands before the download servers.
 */
export async function examineRepo(
  hub: HubClient,
  question: {
    readonly repo: string;
    readonly holder: Holder;
    readonly account?: AccountFacts | undefined;
    readonly refused?: Problem | undefined;
    readonly signal: AbortSignal;
  },
): Promise<Finding> {
  const { repo, account: of, refused, signal } = question;
  const { who, token } = question.holder;
  const options = { signal, budget: { left: mostRequests } };
  const { card, licence, problem } = await checkAccess(hub, { repo, token, account: of, refused }, options);
  const as = token ? `${who} (ends in ${token.ending})` : `${who} (no token)`;
  if (problem) return { area: 'repository', outcome: 'fails', fact: `${as}: ${problem.title}.`, problem };
  const moved = card && explainMove(card);
  if (moved) return { area: 'repository', outcome: 'fails', fact: `${as}: ${moved.title}.`, problem: moved };
  const contents = card && explainCard(card);
  if (contents) return { area: 'repository', outcome: 'fails', fact: `${as}: ${contents.title}.`, problem: contents };
  const probe = card && (await firstByte(hub, card, token, options));
  if (probe && !probe.ok)
    return { area: 'repository', outcome: 'fails', fact: `${as}: ${probe.problem.title}.`, problem: probe.problem };
  const from = probe ? ` A first byte came from ${new URL(probe.value.url).host}.` : '';
  const account = licence?.account === undefined ? '' : ` to ${licence.account}`;
  const fact =
    licence?.state === 'granted'
      ? `${as}: ${repo} may be downloaded. Access is granted${account}.${from}`
      : `${as}: ${repo} may be downloaded. It is open to everybody.${from}`;
  return { area: 'repository', outcome: 'works', fact };
}

/** Undefined where the repository has no weights, or the requests are used up. */
async function firstByte(
  hub: HubClient,
  { repo, commit, files }: ModelCard,
  token: AccessToken | undefined,
  options: SendOptions,
): Promise<Result<FilePlace> | undefined> {
  const path = files.find((name) => /\.(?:safetensors|onnx)$/.test(name));
  if (path === undefined || (options.budget?.left ?? 0) < 2) return undefined;
  return probeFile(hub, { repo, commit, path, token }, options);
}
