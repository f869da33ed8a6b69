import { dirname, join } from 'node:path';
import type { InstalledModel } from '../../contract/model.ts';
import type { Problem } from '../../contract/problem.ts';
import { failed, ok, type Result } from '../../contract/result.ts';
import { hasChatTemplate, readTextFiles } from '../convert/textFiles.ts';
import { explainConversion } from '../convert/explain.ts';
import { ConversionError } from '../convert/conversionError.ts';
import { copyFile, makeFolder, removeTree } from '../durable/files.ts';
import { cancelled } from '../explain.ts';
import { hashFile } from '../models/hashFile.ts';
import type { ManifestFile } from '../models/manifest.ts';
import type { ConvertOutput } from '../work/protocol.ts';
import { sanityFailed } from './explain.ts';
import { copyProved, DamagedFile } from '../storage/copyProved.ts';
import { endingWith } from './endingWith.ts';
import { type Brought, draftModel, install, openSite, type Preparation } from './install.ts';
import { setAside } from './madeModels.ts';
import { progressMeter } from './progressMeter.ts';

/**
 * A model that was published in the layout of transformers.js -> the same files in the library, after it was loaded once
 * and has answered. Nothing is converted, so there is nothing to compare it with. The context is what the loaded graph
 * takes. It appears under its final name whole, with its manifest, or not at all; the cache's files are only read.
 */
export async function takeReady(options: Preparation): Promise<Result<InstalledModel>> {
  const { plan, licence, brought, engine, signal, madeModels } = options;
  const { site, made: before } = await openSite(options);
  let made = before;
  const giveUp = async (problem: Problem): Promise<Result<never>> => {
    await (made ? setAside(site, { repo: plan.repo, made, madeModels }, problem) : removeTree(site.unfinished));
    return failed(problem);
  };
  try {
    made ??= await copyInto(site.unfinished, options);
    if (signal.aborted) return await giveUp(cancelled());
    const { bytes, architecture, contextLength, instruct, files } = made;
    const draft = await draftModel(site, options, { bytes, architecture, contextLength, instruct, ready: true });
    options.report(progressMeter(options.now)(plan.totalBytes, plan.totalBytes), 'trying');
    const sanity = await endingWith(signal, engine, draft, () => engine.sanityCheck(draft, site.unfinished));
    const loaded = engine.state();
    await engine.unload(); // releases the mapped files, so that the folder can be renamed on every system
    if (!sanity.ok) return await giveUp(sanity.problem);
    if (sanity.value.text.trim() === '') return await giveUp(sanityFailed(plan.repo, 'the model wrote nothing'));
    const same = (await brought?.unchanged()) ?? ok(undefined);
    if (!same.ok) return await giveUp(same.problem);
    const context = loaded.kind === 'ready' ? loaded.contextLimit : 1;
    const model: InstalledModel = { ...draft, contextLength: context, sanity: sanity.value };
    await install(site, model, { files, licence, brought, version: options.version });
    return ok(model);
  } catch (error) {
    return giveUp(signal.aborted ? cancelled() : explainConversion(error));
  }
}

/** Copies the files as they are. */
async function copyInto(unfinished: string, options: Preparation): Promise<ConvertOutput> {
  const { brought, plan } = options;
  const files = await (brought ? copyBrought(options, brought, unfinished) : copyAll(options, unfinished));
  return {
    files,
    bytes: files.reduce((sum, { bytes }) => sum + bytes, 0),
    architecture: plan.architecture.replace(/\W/g, '_'), // a stranger's word
    contextLength: 1, // not known before it is loaded
    instruct: hasChatTemplate(await readTextFiles(unfinished)),
  };
}

/** Copies what a person brought: it was read before, and is still that. */
async function copyBrought(
  { source, report, now, signal, plan }: Preparation,
  { sources }: Brought,
  unfinished: string,
): Promise<readonly ManifestFile[]> {
  const meter = progressMeter(now);
  let doneBytes = 0;
  const onBytes = (bytes: number, path: string): void => {
    doneBytes += bytes;
    report(meter(doneBytes, plan.totalBytes, path), 'taking');
  };
  try {
    await copyProved(source, unfinished, sources, { signal, onBytes, follow: true });
  } catch (error) {
    if (error instanceof DamagedFile) throw new ConversionError('damaged-file', error.message);
    throw error;
  }
  return sources;
}

/** Copies the files of the plan and reads them back, so that the manifest tells what is really there. */
async function copyAll(
  { plan, source, report, now, signal }: Preparation,
  unfinished: string,
): Promise<ManifestFile[]> {
  const meter = progressMeter(now);
  const files: ManifestFile[] = [];
  let doneBytes = 0;
  for (const { path, bytes } of plan.files) {
    signal.throwIfAborted();
    const to = join(unfinished, ...path.split('/'));
    await makeFolder(dirname(to));
    await copyFile(join(source, ...path.split('/')), to, dirname(to));
    const sha256 = await hashFile(to, { signal });
    if (sha256 === undefined) throw new ConversionError('damaged-file', 'is gone', path);
    files.push({ path, bytes, sha256 });
    doneBytes += bytes;
    report(meter(doneBytes, plan.totalBytes, path), 'taking');
  }
  return files;
}
