/**
 * Licence receipts: what a person agreed to when a model was installed, read from the model's own folder, so they need
 * no network. Compared with all that the publisher says today when somebody asks; a glance at one text comes by itself.
 */
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { KeptText, LicenceReceipt, PublisherNow } from '../../contract/licence.ts';
import { hubRepoOf } from '../../contract/model.ts';
import { failed, ok, type Result } from '../../contract/result.ts';
import type { StateFile } from '../durable/stateFile.ts';
import { badRequest, notFound } from '../explain.ts';
import { readPublicFile, readRepoFile } from '../hub/files.ts';
import { modelInfo } from '../hub/modelInfo.ts';
import type { HubClient } from '../hub/request.ts';
import type { AccessToken } from '../hub/secret.ts';
import { readManifest } from '../models/manifest.ts';
import { afterGlance, glanceAt, isNews, isPublic } from './glance.ts';

export interface Receipts {
  /** Reads what earlier comparisons found. */
  start(): Promise<void>;
  /** From disk alone; fails with not-found for a model that is not installed. */
  get(modelId: string): Promise<Result<LicenceReceipt>>;
  /** Asks the Hub for the publisher's texts of today. */
  compare(modelId: string): Promise<Result<LicenceReceipt>>;
  /**
   * Asks with one small request about the repository of these models, which is one. Gives the receipts that tell of a
   * change nobody knew of; fails with the Hub's or the network's problem.
   */
  glance(modelIds: readonly string[]): Promise<Result<readonly LicenceReceipt[]>>;
}

/** By model id. */
export type Comparisons = Readonly<Record<string, PublisherNow>>;

/** 1 MB, as for licences that are read before installing. */
const largest = 2 ** 20;
const refusals: ReadonlySet<string> = new Set([
  'no-token',
  'token-not-accepted',
  'token-lacks-gated',
  'organisation-policy',
  'access-never-asked',
  'access-pending',
  'access-rejected',
  'access-reset',
  'access-unknown',
]);

/** True for what this file wrote. */
export function areComparisons(value: unknown): value is Comparisons {
  return (
    typeof value === 'object' &&
    value !== null &&
    Object.values(value).every((one: unknown) => {
      const { comparedAt, changed, hidden } = (one ?? {}) as Partial<PublisherNow>;
      return typeof comparedAt === 'number' && Array.isArray(changed) && Array.isArray(hidden);
    })
  );
}

export function createReceipts(options: {
  /** The folder of an installed model, wherever the models are right now. */
  readonly folderOf: (modelId: string) => string | undefined;
  readonly file: StateFile<Comparisons>;
  readonly hub: HubClient;
  readonly token: () => AccessToken | undefined;
}): Receipts {
  const { hub } = options;
  let comparisons: Comparisons = {};

  const receiptOf = async (modelId: string): Promise<LicenceReceipt | undefined> => {
    const folder = options.folderOf(modelId);
    const manifest = folder === undefined ? undefined : await readManifest(folder);
    if (folder === undefined || !manifest) return undefined;
    const { model, licenceSeen, files, sources } = manifest;
    const names = new Set(licenceSeen?.texts);
    const kept = files.filter(({ path }) => names.has(path));
    const texts = await Promise.all(kept.map((one) => readKept(folder, one)));
    const publisher = comparisons[modelId];
    return {
      modelId: model.id,
      repo: model.repo,
      commit: model.commit,
      ...(model.origin && { origin: model.origin }),
      licence: licenceSeen?.name ?? model.licence,
      ...(licenceSeen?.account !== undefined && { account: licenceSeen.account }),
      ...(licenceSeen?.checkedAt !== undefined && { grantedAt: licenceSeen.checkedAt }),
      installedAt: model.installedAt,
      texts: texts.filter((text) => text !== undefined),
      ...(sources && { sources: sources.map(({ path, sha256 }) => ({ path, sha256 })) }),
      ...(publisher && { publisher }),
    };
  };

  const keep = async (next: Comparisons): Promise<void> => {
    comparisons = next;
    // Losing this costs one comparison: a full disk is told elsewhere.
    await options.file.write(comparisons).catch(() => undefined);
  };

  return {
    async start() {
      comparisons = (await options.file.read()) ?? {};
    },
    async get(modelId) {
      const receipt = await receiptOf(modelId);
      return receipt ? ok(receipt) : failed(notFound('model'));
    },
    async compare(modelId) {
      const receipt = await receiptOf(modelId);
      if (!receipt) return failed(notFound('model'));
      if (hubRepoOf(receipt) === undefined) return failed(badRequest(`${modelId} did not come from the Hub`));
      const now = await publisherNow(hub, receipt, options.token());
      if (!now.ok) return now;
      await keep({ ...comparisons, [modelId]: now.value });
      return ok({ ...receipt, publisher: now.value });
    },
    async glance(modelIds) {
      const all = (await Promise.all(modelIds.map(receiptOf))).filter((one) => one !== undefined);
      const receipts = all.filter((one) => hubRepoOf(one) !== undefined);
      // The one with the most texts: another edition may have come without the public one.
      const [fullest] = receipts.toSorted((a, b) => b.texts.length - a.texts.length);
      if (!fullest) return ok([]);
      const seen = await glanceAt(hub, fullest);
      if (!seen.ok) return seen;
      const news: LicenceReceipt[] = [];
      const next = new Map(Object.entries(comparisons));
      for (const { publisher: before, ...receipt } of receipts) {
        const publisher = afterGlance({ ...receipt, ...(before && { publisher: before }) }, seen.value, hub.now());
        if (publisher === before) continue;
        if (publisher) next.set(receipt.modelId, publisher);
        else next.delete(receipt.modelId);
        if (publisher && isNews(publisher)) news.push({ ...receipt, publisher });
      }
      await keep(Object.fromEntries(next));
      return ok(news);
    },
  };
}

async function readKept(
  folder: string,
  { path, sha256 }: { readonly path: string; readonly sha256: string },
): Promise<KeptText | undefined> {
  try {
    const place = join(folder, ...path.split('/'));
    if ((await stat(place)).size > largest) return undefined;
    return { path, sha256, text: await readFile(place, 'utf8') };
  } catch {
    return undefined; // the model itself may be fine: verifying it is what tells
  }
}

async function publisherNow(
  hub: HubClient,
  { repo, licence, texts }: LicenceReceipt,
  token: AccessToken | undefined,
): Promise<Result<PublisherNow>> {
  const signal = AbortSignal.timeout(30_000);
  const card = await modelInfo(hub, { repo, token }, { signal });
  if (!card.ok) return card;
  const { commit, files } = card.value;
  const changed: string[] = [];
  const hidden: string[] = [];
  for (const { path, text } of texts) {
    if (!files.includes(path)) {
      changed.push(path);
      continue;
    }
    const at = { repo: card.value.repo, commit, path, maxBytes: largest };
    const today = isPublic.test(path)
      ? await readPublicFile(hub, at, { signal })
      : await readRepoFile(hub, { ...at, token }, { signal });
    if (!today.ok && !refusals.has(today.problem.code)) return today;
    if (!today.ok) hidden.push(path);
    else if (today.value !== text) changed.push(path);
  }
  return ok({
    comparedAt: hub.now(),
    commit,
    changed,
    hidden,
    ...(card.value.licence !== licence && { licence: card.value.licence }),
  });
}
