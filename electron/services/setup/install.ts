import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { DownloadPlan, InstalledModel } from '../../contract/model.ts';
import type { Result } from '../../contract/result.ts';
import type { Progress } from '../../contract/setup.ts';
import { makeFolder, publish, removeTree, syncFolder } from '../durable/files.ts';
import type { Engine } from '../generation/engine.ts';
import type { ConvertOutput } from '../work/protocol.ts';
import { defaultSampling } from '../models/defaultSampling.ts';
import {
  licenceText,
  type LicenceSeen,
  type ManifestFile,
  modelIdOf,
  unfinishedPrefix,
  writeManifest,
} from '../models/manifest.ts';
import type { MadeModels } from './madeModels.ts';

/** What of a plan a preparation goes by. */
export type PreparationPlan = Pick<
  DownloadPlan,
  'repo' | 'commit' | 'dtype' | 'files' | 'totalBytes' | 'parameters' | 'architecture' | 'ready'
>;

/** What is known of the licence; a LicenceStatus says it where a Hub was asked. */
export interface LicenceHeld extends Pick<LicenceSeen, 'account' | 'checkedAt'> {
  readonly licence: string;
}

/** Official files that a person brought. */
export interface Brought {
  readonly sources: readonly ManifestFile[];
  /** Fails when the folder is not any more what it was when `sources` were read. */
  readonly unchanged: () => Promise<Result<undefined>>;
}

/** What every preparation is told. */
export interface Preparation {
  readonly plan: PreparationPlan;
  readonly licence: LicenceHeld;
  /** Absent = the files came from the Hub. */
  readonly brought?: Brought;
  readonly source: string; // folder with the official files under their own names
  readonly modelsFolder: string;
  readonly version: string; // of the app
  readonly engine: Engine;
  readonly report: (progress: Progress, note?: string) => void;
  readonly now: () => number;
  readonly signal: AbortSignal;
  /** Where a model waits for memory; absent = it is made anew. */
  readonly madeModels?: MadeModels;
}

/** Where a model stands until it is proved, and where it will stand. */
export interface Site {
  readonly id: string;
  readonly unfinished: string;
  readonly final: string;
}

/** Makes the models folder, and clears what an earlier try left of this model unless it waits there, whole, to be proved. */
export async function openSite({
  modelsFolder,
  plan,
  madeModels,
}: Preparation): Promise<{ readonly site: Site; readonly made: ConvertOutput | undefined }> {
  const id = modelIdOf(plan.repo, plan.commit, plan.dtype);
  const site = { id, unfinished: join(modelsFolder, `${unfinishedPrefix}${id}`), final: join(modelsFolder, id) };
  await makeFolder(modelsFolder);
  const made = await madeModels?.take(site);
  if (!made) await removeTree(site.unfinished);
  return { site, made };
}

/** What is known of a model before it has answered. `known` is what the files themselves tell. */
export async function draftModel(
  site: Site,
  { plan, licence, brought, now }: Preparation,
  known: Pick<InstalledModel, 'bytes' | 'architecture' | 'contextLength' | 'instruct' | 'ready'>,
): Promise<InstalledModel> {
  return {
    id: site.id,
    repo: plan.repo,
    commit: plan.commit,
    ...(brought && { origin: 'folder' as const }),
    dtype: plan.dtype,
    installedAt: now(),
    sampling: defaultSampling(await readJson(join(site.unfinished, 'generation_config.json'))),
    licence: licence.licence,
    ...(licence.account !== undefined && { licenceAccount: licence.account }),
    ...known,
  };
}

/**
 * The end of every preparation: a model that has answered gets its manifest and appears under its final name, whole.
 * Nothing may hold its files open: Windows does not rename them. Rejects with the system's error.
 */
export async function install(
  site: Site,
  model: InstalledModel,
  found: {
    readonly files: readonly ManifestFile[];
    readonly licence: LicenceHeld;
    readonly brought?: Brought | undefined;
    readonly version: string; // of the app
  },
): Promise<void> {
  const { files, licence, brought } = found;
  await writeManifest(site.unfinished, {
    format: 1,
    model,
    converter: found.version,
    licenceSeen: {
      name: licence.licence,
      ...(licence.account !== undefined && { account: licence.account }),
      ...(licence.checkedAt !== undefined && { checkedAt: licence.checkedAt }),
      texts: files.map(({ path }) => path).filter((path) => licenceText.test(path)),
    },
    files,
    ...(brought && { sources: brought.sources }),
  });
  await syncFolder(site.unfinished);
  await removeTree(site.final);
  await publish(site.unfinished, site.final);
}

/** A small JSON file of the model, or undefined: it is optional, and what it says is checked by whoever reads it. */
async function readJson(path: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as unknown;
  } catch {
    return undefined;
  }
}
