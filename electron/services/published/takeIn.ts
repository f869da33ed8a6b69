import { createHash } from 'node:crypto';
import { realpath } from 'node:fs/promises';
import { join } from 'node:path';
import type { InstalledModel } from '../../contract/model.ts';
import { failed, ok, type Result } from '../../contract/result.ts';
import { ConversionError } from '../convert/conversionError.ts';
import { explainConversion } from '../convert/explain.ts';
import { cancelled } from '../explain.ts';
import type { Engine } from '../generation/engine.ts';
import { hashFile } from '../models/hashFile.ts';
import { type ManifestFile, modelIdOf, readManifest, verifyModel } from '../models/manifest.ts';
import type { LicenceHeld, PreparationPlan } from '../setup/install.ts';
import { prepareModel } from '../setup/prepare.ts';
import { progressMeter } from '../setup/progressMeter.ts';
import { takeReady } from '../setup/takeReady.ts';
import { roomFor } from '../storage/carry.ts';
import type { JobContext } from '../storage/jobs.ts';
import { alreadyHere, changedMeanwhile, inFolder } from './explain.ts';
import { findPublished, fingerprintOfFiles, listFiles, type PublishedFile } from './folder.ts';
import { bytesOf, lookInto, type Look, type LookOptions } from './look.ts';

export interface TakeInOptions extends LookOptions {
  readonly chosen: string;
  /** What the person was shown; a folder that changed since then is refused. */
  readonly fingerprint: string;
  readonly modelsFolder: string;
  readonly version: string; // of the app
  readonly engine: Engine;
  readonly now: () => number;
}

/**
 * Takes official files in that a person brought: reads and hashes them, converts them (or copies what is ready), proves
 * the model as one from the Hub is proved, and only then gives it its name. Asks nobody; the folder is only read. A model
 * with the same bytes is replaced where its own files have changed, else left alone. After a kill nothing stays that the
 * next start does not sweep.
 */
export async function takeInPublished(
  options: TakeInOptions,
  job: JobContext,
): Promise<Result<{ readonly bytes: number; readonly model: InstalledModel }>> {
  const { signal } = job;
  try {
    const found = await findPublished(options.chosen);
    if (!found.ok) return found;
    const looked = await lookInto(found.value, { ...options, signal });
    if (!looked.ok) return looked;
    if (looked.value.fingerprint !== options.fingerprint) return failed(changedMeanwhile(options.chosen));
    const room = await roomFor(options.modelsFolder, looked.value.edition.convertedBytes);
    if (!room.ok) return room;
    const sources = await readSources(looked.value, options.now, job);
    const plan = planOf(looked.value, sources);
    const id = modelIdOf(plan.repo, plan.commit, plan.dtype);
    if (await isIntact(join(options.modelsFolder, id), options.now, job)) return failed(alreadyHere(id));
    const taken = await prepare(looked.value, plan, sources, options, job);
    return taken.ok ? ok({ bytes: taken.value.bytes, model: taken.value }) : failed(inFolder(taken.problem));
  } catch (error) {
    return failed(signal.aborted ? cancelled() : inFolder(explainConversion(error)));
  }
}

async function prepare(
  { found, files, edition, licence }: Look,
  plan: PreparationPlan,
  sources: readonly ManifestFile[],
  { modelsFolder, version, engine, now, log, startProcess }: TakeInOptions,
  job: JobContext,
): Promise<Result<InstalledModel>> {
  const held: LicenceHeld = { licence };
  const brought = { sources, unchanged: () => unchanged(found.folder, files) };
  const common = { plan, licence: held, brought, source: found.folder, modelsFolder, version, engine, now, log };
  const work = { ...common, startProcess, report: job.report, signal: job.signal };
  return edition.ready ? takeReady(work) : prepareModel(work);
}

async function unchanged(folder: string, files: readonly PublishedFile[]): Promise<Result<undefined>> {
  const paths = new Set(files.map(({ path }) => path));
  const now = (await listFiles(folder)).filter(({ path }) => paths.has(path));
  const same = fingerprintOfFiles(folder, now) === fingerprintOfFiles(folder, files);
  return same ? ok(undefined) : failed(changedMeanwhile(folder));
}

/** Reads every file once: its hash says which files these are, for as long as the model is here. */
async function readSources(
  { found, files }: Look,
  now: () => number,
  { report, signal }: JobContext,
): Promise<readonly ManifestFile[]> {
  const meter = progressMeter(now);
  const total = bytesOf(files);
  let done = 0;
  const sources: ManifestFile[] = [];
  for (const { path, bytes } of files) {
    const onBytes = (count: number): void => report(meter((done += count), total, path), 'reading');
    // Links of a cache lead to the file itself, which is opened as nothing but a plain file.
    const place = await realpath(join(found.folder, ...path.split('/')));
    const sha256 = await hashFile(place, { signal, onBytes });
    if (sha256 === undefined) throw new ConversionError('damaged-file', 'cannot be read', path);
    sources.push({ path, bytes, sha256 });
  }
  return sources;
}

/** The same files have the same id on every computer, whatever their folder is called there. */
function planOf({ found, edition, files }: Look, sources: readonly ManifestFile[]): PreparationPlan {
  const lines = sources.map(({ path, bytes, sha256 }) => `${sha256} ${String(bytes)} ${path}\n`);
  const digest = createHash('sha256').update(lines.join('')).digest('hex');
  const { dtype, parameters, architecture, ready } = edition;
  return {
    repo: `folder/${found.name}`,
    commit: digest.slice(0, 40),
    files: sources,
    totalBytes: bytesOf(files),
    ...{ dtype, parameters, architecture },
    ...(ready && { ready }),
  };
}

async function isIntact(folder: string, now: () => number, { report, signal }: JobContext): Promise<boolean> {
  const manifest = await readManifest(folder);
  if (!manifest) return false;
  const meter = progressMeter(now);
  let done = 0;
  const onBytes = (bytes: number, path: string): void =>
    report(meter((done += bytes), manifest.model.bytes, path), 'comparing');
  return (await verifyModel(folder, manifest, { signal, onBytes })).length === 0;
}
