import { access, constants, stat } from 'node:fs/promises';
import { availableParallelism, freemem, totalmem } from 'node:os';
import { dirname } from 'node:path';
import type { InstalledModel } from '../../contract/model.ts';
import type { Problem } from '../../contract/problem.ts';
import { freeSpace, measureDisk } from '../download/diskUse.ts';
import { explainComputer } from '../inference/runtimeBuilds.ts';
import { converterExit } from '../setup/explain.ts';
import type { VaultAnswer, WorkerExit, WorkerProcess } from '../ports.ts';
import { connectWorker } from '../work/client.ts';
import type { InferWork } from '../work/protocol.ts';
import type { Finding } from './finding.ts';

/** Less than a small prepared model and its download. */
const littleSpace = 5e9;
const runtimeMilliseconds = 30_000;

/** What the keychain answered. A keychain that is absent stops nothing: the token then lasts for one run. */
export function examineKeychain(answer: VaultAnswer): Finding {
  const area = 'keychain';
  switch (answer.kind) {
    case 'value':
      return { area, outcome: 'works', fact: 'The keychain holds the token of Latchkey.' };
    case 'empty':
      return { area, outcome: 'works', fact: 'The keychain can be used; no token of Latchkey is in it.' };
    case 'locked':
      return { area, outcome: 'note', fact: 'The keychain is locked.', details: [answer.reason] };
    case 'absent':
      return {
        area,
        outcome: 'note',
        fact: 'No keychain can be used here: a token lasts until Latchkey closes.',
        details: [answer.reason],
      };
  }
}

/** The cache that Python shares: where, how full, and whether it can be written. */
export async function examineCache(hubCache: string): Promise<Finding> {
  const blocked = await whyNotWritable(hubCache);
  if (blocked !== undefined) {
    return {
      area: 'cache',
      outcome: 'fails',
      fact: `The cache cannot be written: ${hubCache}.`,
      problem: unusable(hubCache, blocked),
    };
  }
  const { repos, cacheBytes, partialBytes } = await measureDisk(hubCache);
  const partial = partialBytes > 0 ? `, ${gigabytes(partialBytes)} of unfinished downloads` : '';
  return {
    area: 'cache',
    outcome: 'works',
    fact: `The cache at ${hubCache} holds ${counted(repos.length, 'repository', 'repositories')} (${gigabytes(cacheBytes)}${partial}).`,
  };
}

/** Room for downloads and for prepared models. */
export async function examineDisk(folders: { readonly hubCache: string; readonly models: string }): Promise<Finding> {
  const [cache, models] = await Promise.all([freeSpace(folders.hubCache), freeSpace(folders.models)]);
  const free = Math.min(cache.bytes, models.bytes);
  const same = cache.device === models.device;
  return {
    area: 'disk',
    outcome: free < littleSpace ? 'note' : 'works',
    fact: same
      ? `${gigabytes(cache.bytes)} free.`
      : `${gigabytes(cache.bytes)} free for downloads, ${gigabytes(models.bytes)} for prepared models.`,
    ...(free < littleSpace && { details: ['too little for most models'] }),
  };
}

/** Starts the inference process as a chat would: it answers only when ONNX Runtime could be loaded. */
export async function examineRuntime(start: () => WorkerProcess): Promise<Finding> {
  const memory = `${gigabytes(totalmem())} of memory, ${gigabytes(freemem())} free, ${counted(availableParallelism(), 'thread', 'threads')}`;
  const unsupported = explainComputer(process.platform, process.arch);
  if (unsupported) return { area: 'runtime', outcome: 'fails', fact: `${unsupported.title}.`, problem: unsupported };
  const worker = connectWorker<InferWork>(start(), { explainExit: runtimeExit, log: () => undefined });
  const late = AbortSignal.timeout(runtimeMilliseconds);
  late.addEventListener('abort', () => worker.kill());
  const answer = await worker.call('ping', undefined);
  worker.kill();
  return answer.ok
    ? { area: 'runtime', outcome: 'works', fact: `The inference runtime loads. ${memory}.` }
    : {
        area: 'runtime',
        outcome: 'fails',
        fact: `The inference runtime does not load. ${memory}.`,
        problem: answer.problem,
      };
}

function runtimeExit(exit: WorkerExit): Problem {
  return {
    code: 'engine-stopped',
    title: 'The inference process ended at once',
    explanation: 'ONNX Runtime could not be loaded. On Windows the Visual C++ runtime may be missing.',
    actions: [],
    evidence: converterExit(exit).evidence,
  };
}

/** Which models chat without a connection. */
export function examineModels(models: readonly InstalledModel[], folder: string, reachable: boolean): Finding {
  if (!reachable)
    return { area: 'models', outcome: 'note', fact: `The disk of the models is not connected: ${folder}.` };
  if (models.length === 0) return { area: 'models', outcome: 'note', fact: 'No model is installed yet.' };
  return {
    area: 'models',
    outcome: 'works',
    fact: `${counted(models.length, 'model', 'models')} on this computer.`,
    details: models.map(({ repo, dtype, bytes }) => `${repo} (${dtype}, ${gigabytes(bytes)})`),
  };
}

/** Looks at the nearest folder that exists: what is missing can be made there. */
async function whyNotWritable(path: string): Promise<string | undefined> {
  for (let at = path; ; at = dirname(at)) {
    const found = await stat(at).catch(() => undefined);
    if (!found && dirname(at) !== at) continue;
    if (found && !found.isDirectory()) return `${at} is not a folder`;
    return access(at, constants.W_OK).then(
      () => undefined,
      (error: unknown) => (error instanceof Error ? error.message : String(error)),
    );
  }
}

function unusable(folder: string, cause: string): Problem {
  return {
    code: 'folder-unusable',
    title: 'The download folder cannot be used',
    explanation: `${folder} cannot be written. HF_HOME or HF_HUB_CACHE names another place.`,
    actions: [],
    evidence: [{ cause }],
  };
}

function gigabytes(bytes: number): string {
  return bytes >= 1e9 ? `${(bytes / 1e9).toFixed(1)} GB` : `${(bytes / 1e6).toFixed(1)} MB`;
}

function counted(count: number, one: string, many: string): string {
  return `${String(count)} ${count === 1 ? one : many}`;
}
