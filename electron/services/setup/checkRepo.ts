import type { DownloadPlan, Dtype, ModelCard, ModelFile } from '../../contract/model.ts';
import type { Result } from '../../contract/result.ts';
import type { LicenceStatus } from '../../contract/setup.ts';
import { estimateConversion } from '../convert/estimate.ts';
import { explainArchitecture, readArchitecture } from '../convert/readArchitecture.ts';
import { makePlan } from '../download/plan.ts';
import { checkAccess } from '../hub/check.ts';
import { readRepoFile } from '../hub/files.ts';
import { explainContents } from '../hub/modelInfo.ts';
import type { HubClient } from '../hub/request.ts';
import { listFiles } from '../hub/tree.ts';
import { explainComputer } from '../inference/runtimeBuilds.ts';
import type { SignIn } from '../signIn/signIn.ts';
import type { CheckFindings } from './runner.ts';

/**
 * Everything the app wants to know of a repository before the first heavy byte, cheapest and most decisive first: whose
 * token, may it read, can it be run, does it fit. Nobody is sent to a licence page for a model that could not run.
 */
export async function checkRepo(options: {
  readonly repo: string;
  readonly dtype: Dtype;
  readonly hub: HubClient;
  readonly signIn: SignIn;
  readonly folders: { readonly hubCache: string; readonly models: string };
  readonly signal: AbortSignal;
}): Promise<CheckFindings> {
  const { repo, hub, signIn, signal } = options;
  const token = signIn.token();
  const account = await signIn.account({ signal });
  if (!account.ok && account.problem.code !== 'token-not-accepted') return { problem: account.problem };
  const answer = await checkAccess(
    hub,
    { repo, ...(token && { token }), ...(account.ok && account.value && { account: account.value.name }) },
    { signal },
  );
  const { card, licence } = answer;
  // The Hub tells this much of gated repositories, too.
  const architecture = card?.architecture === undefined ? undefined : explainArchitecture(card.architecture);
  const contents = card && (explainContents(card) ?? architecture);
  if (contents) return { licence, problem: contents };
  if (answer.problem) return { licence, problem: answer.problem };
  if (!card || !licence) return { licence };
  const computer = explainComputer(process.platform, process.arch);
  if (computer) return { licence, problem: computer };
  const planned = await planDownload({ ...options, card });
  return planned.ok ? { licence, plan: planned.value } : { licence, problem: planned.problem };
}

async function planDownload(options: {
  readonly card: ModelCard;
  readonly dtype: Dtype;
  readonly hub: HubClient;
  readonly signIn: SignIn;
  readonly folders: { readonly hubCache: string; readonly models: string };
  readonly signal: AbortSignal;
}): Promise<Result<DownloadPlan>> {
  const { card, hub, dtype, signal } = options;
  const token = options.signIn.token();
  const at = { repo: card.repo, commit: card.commit, ...(token && { token }) };
  const listed: Result<readonly ModelFile[]> = await listFiles(hub, at, { signal });
  if (!listed.ok) return listed;
  const configText = await readRepoFile(hub, { ...at, path: 'config.json', maxBytes: 2 ** 20 }, { signal });
  if (!configText.ok) return configText;
  const architecture = readArchitecture(configText.value);
  if (!architecture.ok) return architecture;
  const { outputBytes, parameters } = estimateConversion(architecture.value, dtype);
  return makePlan({
    repo: card.repo,
    commit: card.commit,
    listed: listed.value,
    hubCache: options.folders.hubCache,
    modelsFolder: options.folders.models,
    dtype,
    config: architecture.value,
    estimate: () => ({ convertedBytes: outputBytes, parameters, architecture: architecture.value.name }),
  });
}

/** Licence states that let bytes flow. */
export function mayDownload(licence: LicenceStatus): boolean {
  return licence.state === 'granted' || licence.state === 'not-gated';
}
