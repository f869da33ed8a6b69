import type { DownloadPlan, Dtype, ModelCard, ModelFile } from '../../contract/model.ts';
import type { Problem } from '../../contract/problem.ts';
import type { Result } from '../../contract/result.ts';
import type { LicenceStatus } from '../../contract/setup.ts';
import { makePlan } from '../download/plan.ts';
import { checkAccess, mostRequests } from '../hub/check.ts';
import { readRepoFile } from '../hub/files.ts';
import { explainMove } from '../hub/modelInfo.ts';
import type { HubClient } from '../hub/request.ts';
import { listFiles } from '../hub/tree.ts';
import { describe } from '../hub/words.ts';
import { explainComputer } from '../inference/runtimeBuilds.ts';
import type { SignIn } from '../signIn/signIn.ts';
import { chooseEdition, explainCard } from './chooseEdition.ts';
import type { CheckFindings } from './runner.ts';

/**
 * Everything the app wants to know of a repository before the first heavy byte, cheapest and most decisive first: whose
 * token, may it read, can it be run, does it fit. Nobody is sent to a licence page for a model that could not run.
 */
export async function checkRepo(question: {
  readonly repo: string;
  readonly dtype: Dtype;
  readonly hub: HubClient;
  readonly signIn: SignIn;
  readonly folders: { readonly hubCache: string; readonly models: string };
  /** What the last download here reached; undefined before the first. */
  readonly bytesPerSecond?: number | undefined;
  readonly signal: AbortSignal;
}): Promise<CheckFindings> {
  const { repo, hub, signIn, signal } = question;
  const token = signIn.tokenToSend();
  const options = { signal, budget: { left: mostRequests } };
  const account = await signIn.account(options);
  const { refused, problem } = judged(account);
  if (problem) return { problem };
  const answer = await checkAccess(
    hub,
    { repo, token, account: account.ok ? account.value : undefined, refused },
    options,
  );
  const { card, licence } = answer;
  // Before anything else: what is learnt belongs to the other name.
  const moved = card && explainMove(card);
  if (moved) return { problem: moved };
  // The Hub tells this much of gated repositories, too.
  const contents = card && explainCard(card);
  if (contents) return { licence, problem: contents };
  if (answer.problem) return { licence, problem: withheld(answer.problem, question) ?? answer.problem };
  if (!card || !licence) return { licence };
  const computer = explainComputer(process.platform, process.arch);
  if (computer) return { licence, problem: computer };
  const planned = await planDownload({ ...question, card });
  return planned.ok ? { licence, plan: planned.value } : { licence, problem: planned.problem };
}

/** A token that is refused does not end the look, and neither does a limit that whoami alone has: only a name is missing. */
function judged(account: Result<unknown>): { readonly refused?: Problem; readonly problem?: Problem } {
  if (account.ok || account.problem.code === 'rate-limited') return {};
  const { problem } = account;
  return problem.code === 'token-not-accepted' ? { refused: problem } : { problem };
}

async function planDownload(options: {
  readonly card: ModelCard;
  readonly dtype: Dtype;
  readonly hub: HubClient;
  readonly signIn: SignIn;
  readonly folders: { readonly hubCache: string; readonly models: string };
  /** What the last download here reached; undefined before the first. */
  readonly bytesPerSecond?: number | undefined;
  readonly signal: AbortSignal;
}): Promise<Result<DownloadPlan>> {
  const { card, hub, dtype, signal } = options;
  const token = options.signIn.tokenToSend();
  const at = { repo: card.repo, commit: card.commit, ...(token && { token }) };
  const listed: Result<readonly ModelFile[]> = await listFiles(hub, at, { signal });
  if (!listed.ok) return listed;
  const configText = await readRepoFile(hub, { ...at, path: 'config.json', maxBytes: 2 ** 20 }, { signal });
  if (!configText.ok) return configText;
  const edition = chooseEdition(listed.value, configText.value, dtype);
  if (!edition.ok) return edition;
  return makePlan({
    repo: card.repo,
    commit: card.commit,
    edition: edition.value,
    hubCache: options.folders.hubCache,
    modelsFolder: options.folders.models,
    bytesPerSecond: options.bytesPerSecond,
  });
}

/** "Sign in first" would be wrong advice where a token is there and the person keeps it from this mirror. */
function withheld(
  { code, evidence }: Problem,
  { hub, signIn }: { readonly hub: HubClient; readonly signIn: SignIn },
): Problem | undefined {
  const wantsToken = code === 'no-token' || code === 'repo-unknown-without-token';
  if (!wantsToken || !signIn.token() || signIn.tokenToSend()) return undefined;
  return describe('mirror-asks', { host: new URL(hub.endpoint).host, shade: 'withheld' }, evidence);
}

/** Licence states that let bytes flow. */
export function mayDownload(licence: LicenceStatus): boolean {
  return licence.state === 'granted' || licence.state === 'not-gated';
}
