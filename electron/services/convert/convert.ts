import { lstat } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { dirname, join } from 'node:path';
import type { Dtype } from '../../contract/model.ts';
import { failed, ok, type Result } from '../../contract/result.ts';
import { makeFolder, type OpenFile, publish, removeTree, syncFolder } from '../durable/files.ts';
import type { Architecture } from './architecture.ts';
import type { Checkpoint } from './checkpoint.ts';
import { ConversionError, throwIfCancelled } from './conversionError.ts';
import { planDecoder } from './decoder.ts';
import { contextFor } from './estimate.ts';
import { explainConversion } from './explain.ts';
import { FollowingHash } from './followingHash.ts';
import type { GraphPlan } from './graphBuilder.ts';
import { type ConvertedFile, hashFiles, requireSpace, temporaryBeside, writeFile } from './outputFolder.ts';
import { halfFile, loopFile, type Recipe, recipeFor } from './recipe.ts';
import { startPackers } from './packing/packers.ts';
import { openSource } from './source.ts';
import { countParameters } from './tensors.ts';
import { convertedConfig, hasChatTemplate, readTextFiles, type TextFile } from './textFiles.ts';
import { fillWeights } from './weights.ts';

/** How far a conversion is. `item` is an official tensor, or an output file being read back. */
export interface ConversionProgress {
  readonly doneBytes: number;
  readonly totalBytes: number;
  readonly item: string;
}

/** What a finished conversion made. */
export interface ConversionReport {
  readonly architecture: string;
  readonly dtype: Dtype;
  readonly parameters: number;
  readonly bytes: number;
  readonly files: readonly ConvertedFile[];
  /** Positions the converted model covers, in tokens. */
  readonly contextLength: number;
  /** It brings a chat template. */
  readonly instruct: boolean;
  readonly layers: number;
  readonly kvHeads: number;
  readonly headSize: number;
  readonly vocabSize: number;
}

export interface ConvertOptions {
  /** Folder with the official files under their own names. */
  readonly source: string;
  /** Final folder; must not exist yet, and appears whole or not at all. Its parent is made if needed. */
  readonly output: string;
  readonly dtype: Dtype;
  /** Tokens to cover, when fewer (or, for longrope, more) than the default are wanted. */
  readonly contextLength?: number | undefined;
  readonly onProgress?: ((progress: ConversionProgress) => void) | undefined;
  /** Called with the finished temporary folder just before it gets its final name: the place to add a manifest. */
  readonly beforePublish?: ((folder: string, report: ConversionReport) => Promise<void>) | undefined;
  /** Packing threads; the default is all cores for large models and none for small ones. */
  readonly threads?: number | undefined;
  /** Where the packing thread's file is, when it is not beside this one. */
  readonly workerEntry?: URL | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Below this, starting threads costs more than they save. */
const THREADS_FROM_PARAMETERS = 20_000_000;
const MOST_THREADS = 16;

/**
 * Converts a folder of official files to ONNX in the layout of transformers.js. Expected failures come back as a
 * Problem; the official files are only read. Same input, same bytes. A cancel is answered within half a second.
 */
export async function convertModel(options: ConvertOptions): Promise<Result<ConversionReport>> {
  const temporary = temporaryBeside(options.output);
  let checkpoint: Checkpoint | undefined;
  try {
    await requireAbsent(options.output);
    const texts = await readTextFiles(options.source);
    const official = await openSource(options.source);
    ({ checkpoint } = official);
    const { config, architecture } = official;
    const recipe = recipeFor(options.dtype);
    const contextLength = contextFor(architecture, options.contextLength);
    const plan = planDecoder(architecture, recipe, contextLength);
    const job: Job = { options, temporary, checkpoint, architecture, recipe, contextLength, plan };
    const written = { name: 'config.json', data: Buffer.from(convertedConfig(config, options.dtype, recipe)) };
    const report = await writeFolder(job, [...texts, written]);
    await options.beforePublish?.(temporary, report);
    throwIfCancelled(options.signal);
    await syncFolder(temporary);
    await publish(temporary, options.output);
    return ok(report);
  } catch (error) {
    await removeTree(temporary).catch(() => undefined); // the next start sweeps what stays
    return failed(explainConversion(error));
  } finally {
    await checkpoint?.close();
  }
}

interface Job {
  readonly options: ConvertOptions;
  readonly temporary: string;
  readonly checkpoint: Checkpoint;
  readonly architecture: Architecture;
  readonly recipe: Recipe;
  readonly contextLength: number;
  readonly plan: GraphPlan;
}

/** A caller that names a folder which is there has a bug; better to say so before the work than after it. */
async function requireAbsent(output: string): Promise<void> {
  const found = await lstat(output).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
  });
  if (found) throw new ConversionError('internal', 'the output folder exists already');
}

async function writeFolder(job: Job, texts: readonly TextFile[]): Promise<ConversionReport> {
  const { options, temporary, architecture, recipe, plan } = job;
  const totalBytes = plan.dataBytes;
  throwIfCancelled(options.signal);
  await makeFolder(dirname(options.output));
  await requireSpace(dirname(options.output), totalBytes);
  await makeFolder(join(temporary, 'onnx'));
  const dataFile = `onnx/${recipe.file}_data`;
  const sha256 = await writeFile(join(temporary, 'onnx', `${recipe.file}_data`), totalBytes, (file) =>
    writeData(job, file),
  );
  const loop = plan.loopGraph ? [{ name: `onnx/${loopFile(recipe)}`, data: plan.loopGraph }] : [];
  const half = plan.halfGraph ? [{ name: `onnx/${halfFile(recipe)}`, data: plan.halfGraph }] : [];
  const small = [...texts, { name: `onnx/${recipe.file}`, data: plan.graph }, ...loop, ...half];
  for (const { name, data } of small) {
    await writeFile(join(temporary, name), data.length, (file) => file.write(data, 0));
  }
  await syncFolder(join(temporary, 'onnx'));
  const onFile = (item: string): void => options.onProgress?.({ doneBytes: totalBytes, totalBytes, item });
  const names = small.map((file) => file.name);
  const smallFiles = await hashFiles(temporary, names, { signal: options.signal, onFile });
  const files = [...smallFiles, { path: dataFile, bytes: totalBytes, sha256 }].sort((a, b) =>
    a.path < b.path ? -1 : 1,
  );
  return {
    architecture: architecture.name,
    dtype: options.dtype,
    parameters: countParameters(architecture),
    bytes: files.reduce((total, file) => total + file.bytes, 0),
    files,
    contextLength: job.contextLength,
    instruct: hasChatTemplate(texts),
    layers: architecture.layers.length,
    kvHeads: architecture.kvHeads,
    headSize: architecture.headSize,
    vocabSize: architecture.vocabSize,
  };
}

/** Fills the data file; answers its SHA-256. */
async function writeData(job: Job, file: OpenFile): Promise<string> {
  const { options, architecture, plan } = job;
  const worthIt = job.recipe.formats !== undefined && countParameters(architecture) >= THREADS_FROM_PARAMETERS;
  const threads = options.threads ?? (worthIt ? Math.min(availableParallelism(), MOST_THREADS) : 0);
  const packers = await startPackers({ threads, entry: options.workerEntry, signal: options.signal });
  const hash = new FollowingHash(file, plan.places, plan.dataBytes);
  let doneBytes = 0;
  try {
    await fillWeights(plan.fills, {
      checkpoint: job.checkpoint,
      file,
      packers,
      contextLength: job.contextLength,
      signal: options.signal,
      onWritten: (places, item) => {
        for (const place of places) {
          doneBytes += place.length;
          hash.wrote(place);
        }
        options.onProgress?.({ doneBytes, totalBytes: plan.dataBytes, item });
      },
    });
    return await hash.finish();
  } finally {
    await packers.close();
    await hash.stop();
  }
}
