import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { KeptText } from '../../contract/licence.ts';
import type { Dtype } from '../../contract/model.ts';
import { failed, ok, type Result } from '../../contract/result.ts';
import { explainConversion } from '../convert/explain.ts';
import { hasChatTemplate, readTextFiles, travels } from '../convert/textFiles.ts';
import type { Edition } from '../download/plan.ts';
import { licenceText } from '../models/manifest.ts';
import type { LogEntry, WorkerProcess } from '../ports.ts';
import { chooseEdition } from '../setup/chooseEdition.ts';
import { converterExit } from '../setup/explain.ts';
import { connectWorker } from '../work/client.ts';
import type { ConvertWork, InspectOutput } from '../work/protocol.ts';
import { inFolder, nothingIn, onlyPointer } from './explain.ts';
import { fingerprintOfFiles, type PublishedFile, type PublishedFolder } from './folder.ts';

/** What a folder of official files can become here. */
export interface Look {
  readonly found: PublishedFolder;
  readonly edition: Omit<Edition, 'files'>;
  /** What goes into the model, small files first. */
  readonly files: readonly PublishedFile[];
  readonly instruct: boolean;
  readonly licence: string;
  readonly licenceTexts: readonly KeptText[];
  readonly fingerprint: string;
}

/** As for every model whose format nobody chose. */
const dtype: Dtype = 'q4';
const mostTextBytes = 5_000_000;
/** A licence is read, not scrolled for ever. */
const shownCharacters = 40_000;
/** A Git LFS pointer has about 130 bytes. */
const mostPointerBytes = 1024;
const pointer = 'version https://git-lfs.github.com/spec/';

export interface LookOptions {
  readonly startProcess: () => WorkerProcess;
  readonly log: (entry: LogEntry) => void;
  readonly signal?: AbortSignal;
}

/**
 * Looks into a folder that was found: which files a model needs, whether they fit each other, and what the licence says.
 * Reads the small files and the headers of the weights; asks nobody. Everything that a conversion would refuse before its
 * first byte is refused here, by name.
 */
export async function lookInto(found: PublishedFolder, options: LookOptions): Promise<Result<Look>> {
  const { folder, files: all } = found;
  const names = new Set(all.map(({ path }) => path));
  if (names.has('adapter_config.json') && !names.has('config.json')) {
    return failed(nothingIn('it holds an addition to another model (adapter_config.json), not a model'));
  }
  for (const name of ['config.json', 'tokenizer.json']) {
    if (!names.has(name)) return failed(nothingIn(`${name} is missing`));
  }
  const stub = await pointerAmong(found);
  if (stub !== undefined) return failed(onlyPointer(stub));
  const config = await readText(found, 'config.json');
  const chosen = chooseEdition(all, config ?? '', dtype);
  const official = [...names].some((path) => /^[^/]+\.safetensors(?:\.index\.json)?$/.test(path));
  if (!official && !chosen.ok) return failed(nothingIn(whatElse(names)));
  // The weights themselves say it more exactly than their names: which shard is missing, which header is wrong.
  const ready = chosen.ok && chosen.value.ready === true;
  const report = ready ? await readySmallFiles(folder) : await inspect(folder, options);
  if (!report.ok) return failed(inFolder(report.problem));
  if (!chosen.ok) return failed(inFolder(chosen.problem));
  const { files: needed, ...edition } = chosen.value;
  const wanted = new Set(needed.map(({ path }) => path));
  const files = all.filter(({ path }) => wanted.has(path) || travels(path));
  const { instruct, outputBytes = bytesOf(files) } = report.value;
  return ok({
    found,
    edition: { ...edition, convertedBytes: outputBytes },
    files,
    instruct,
    licence: licenceNamed((await readText(found, 'README.md')) ?? ''),
    licenceTexts: await licenceTextsOf(found),
    fingerprint: fingerprintOfFiles(folder, files),
  });
}

export const bytesOf = (files: readonly { readonly bytes: number }[]): number =>
  files.reduce((sum, { bytes }) => sum + bytes, 0);

async function inspect(source: string, { startProcess, log, signal }: LookOptions): Promise<Result<InspectOutput>> {
  const worker = connectWorker<ConvertWork>(startProcess(), { explainExit: converterExit, log });
  return worker.call('inspect', { source, dtype }, signal ? { signal } : {}).finally(() => worker.kill());
}

async function readySmallFiles(folder: string): Promise<Result<{ instruct: boolean; outputBytes?: number }>> {
  try {
    return ok({ instruct: hasChatTemplate(await readTextFiles(folder)) });
  } catch (error) {
    return failed(explainConversion(error));
  }
}

/** What is there instead of weights that can be used. */
function whatElse(names: ReadonlySet<string>): string {
  const some = (pattern: RegExp): string | undefined => [...names].find((name) => pattern.test(name));
  const pickle = some(/\.(?:bin|pt|pth|ckpt|pkl)$/i);
  if (pickle !== undefined) {
    return `the weights are pickle files (${pickle}), a format that can run programs when it is read. Latchkey never reads it; most authors publish safetensors as well`;
  }
  const gguf = some(/\.gguf$/i);
  if (gguf !== undefined) return `the weights are GGUF files (${gguf}), which other programs run`;
  const graph = some(/^onnx\/.*\.onnx$/);
  if (graph !== undefined) return `the ONNX files are not complete, or not of a model that writes text (${graph})`;
  return 'there are no weights';
}

/** The first file that only stands for another one. */
async function pointerAmong({ folder, files }: PublishedFolder): Promise<string | undefined> {
  for (const { path, bytes } of files) {
    if (bytes > mostPointerBytes || !/\.(?:safetensors|json|onnx|onnx_data(?:_\d+)?)$/.test(path)) continue;
    const text = await readFile(join(folder, ...path.split('/')), 'latin1').catch(() => '');
    if (text.startsWith(pointer)) return path;
  }
  return undefined;
}

async function readText({ folder, files }: PublishedFolder, name: string): Promise<string | undefined> {
  const file = files.find(({ path }) => path === name);
  if (!file || file.bytes > mostTextBytes) return undefined;
  return readFile(join(folder, name), 'utf8').catch(() => undefined);
}

async function licenceTextsOf(found: PublishedFolder): Promise<readonly KeptText[]> {
  const texts: KeptText[] = [];
  for (const { path } of found.files.filter((file) => licenceText.test(file.path))) {
    const text = await readText(found, path);
    if (text === undefined) continue;
    const sha256 = createHash('sha256').update(text).digest('hex');
    texts.push({ path, sha256, text: text.slice(0, shownCharacters) });
  }
  return texts;
}

/** What the head of a README calls the licence; `other` has a name of its own beside it. '' = nothing. */
export function licenceNamed(readme: string): string {
  const head = /^---\r?\n([\s\S]*?)\r?\n---/.exec(readme)?.[1] ?? '';
  const value = (key: string): string | undefined =>
    new RegExp(`^${key}:[ \\t]*["']?([\\w][\\w.+ -]{0,78}[\\w+]|\\w)["']?[ \\t]*\\r?$`, 'm').exec(head)?.[1];
  const plain = value('license');
  return (plain === undefined || plain === 'other' ? value('license_name') : undefined) ?? plain ?? '';
}
