/** Which of a repository's files a model needs to be converted and to talk; everything else stays on the Hub. */
import type { ModelFile } from '../../contract/model.ts';
import { failed, ok, type Result } from '../../contract/result.ts';
import { nothingToRun, unsafeName } from './explain.ts';
import { escapeReason, findTwins, unsafeReason } from './safeName.ts';

/** Small files by exact name at the root. Those without the mark may be absent; Python is told so (.no_exist). */
const wanted = [
  'config.json',
  'generation_config.json',
  'tokenizer.json',
  'tokenizer_config.json',
  'special_tokens_map.json',
  'chat_template.jinja',
  'README.md',
  'USE_POLICY.md',
] as const;

/** Optional names whose absence is worth remembering, because Python asks for each of them. */
export const optionalNames: readonly string[] = [
  'generation_config.json',
  'special_tokens_map.json',
  'chat_template.jinja',
];

const licence = /^licen[cs]e(\.(md|txt))?$/i;
const shard = /^(.+)-(\d{5})-of-(\d{5})\.safetensors$/;
// Weights in the author's own naming, or additions to another model: not what config.json describes.
const notTheModel = /^(consolidated|adapter|lora|training|optimizer|scheduler|rng|ema)[._-]?/i;

function shardsOf(stem: string, root: ReadonlyMap<string, ModelFile>): readonly ModelFile[] | undefined {
  const found = [...root.keys()].map((name) => shard.exec(name)).filter((match) => match?.[1] === stem);
  const total = found[0]?.[3];
  if (total === undefined || Number(total) === 0 || found.length !== Number(total)) return undefined;
  const names = found.map((_, index) => `${stem}-${String(index + 1).padStart(5, '0')}-of-${total}.safetensors`);
  const files = names.map((name) => root.get(name)).filter((file) => file !== undefined);
  return files.length === names.length ? files : undefined;
}

function weightsOf(root: ReadonlyMap<string, ModelFile>): readonly ModelFile[] | undefined {
  // The single file first, then the index: the order in which transformers looks.
  const single = root.get('model.safetensors');
  if (single !== undefined) return [single];
  const suffix = '.safetensors.index.json';
  const indexes = [...root.keys()].filter((name) => name.endsWith(suffix) && !notTheModel.test(name)).sort();
  for (const name of ['model.safetensors.index.json', ...indexes]) {
    const index = root.get(name);
    const shards = index && shardsOf(name.slice(0, -suffix.length), root);
    if (index && shards) return [index, ...shards];
  }
  const others = [...root.values()].filter(
    ({ path }) => path.endsWith('.safetensors') && !shard.test(path) && !notTheModel.test(path),
  );
  return others.length === 1 ? others : undefined;
}

/**
 * Chooses from the whole file list of a repository: small files first, then the weights in order.
 * Problems: 'unsafe-file-name' (a name that tries to leave its folder anywhere in the list, or an unportable one among
 * the chosen), 'nothing-to-run' (no complete set of safetensors weights at the root).
 */
export function chooseFiles(listed: readonly ModelFile[]): Result<readonly ModelFile[]> {
  const root = rootOf(listed);
  const weights = weightsOf(root);
  if (weights !== undefined) return withSmallFiles(listed, weights);
  const partly = [...root.keys()].some((name) => name.endsWith('.safetensors'));
  return namesChecked(
    listed,
    failed(nothingToRun(partly ? 'the safetensors weights are not complete' : 'there are no safetensors weights')),
  );
}

/** One graph that the authors made, by its path in the repository, and the files of weights beside it. */
export interface ReadyGraph {
  readonly graph: string;
  /** How many files config.json promises (`use_external_data_format`); undefined = it promises nothing. */
  readonly dataFiles: number | undefined;
}

/**
 * As chooseFiles, for a repository that brings ONNX files: the one graph with all its data (`_data`, `_data_1`, ...) and
 * the small files; graphs of other dtypes stay on the Hub. 'nothing-to-run' when the graph or a part of its data is missing.
 */
export function chooseReadyFiles(
  listed: readonly ModelFile[],
  { graph, dataFiles }: ReadyGraph,
): Result<readonly ModelFile[]> {
  const all = new Map(listed.map((file) => [file.path, file]));
  const weights: ModelFile[] = [];
  for (let path = graph, part = 0; ; part++) {
    const file = all.get(path);
    if (file === undefined) break;
    weights.push(file);
    path = part === 0 ? `${graph}_data` : `${graph}_data_${String(part)}`;
  }
  if (weights.length < 1 + (dataFiles ?? 0))
    return namesChecked(listed, failed(nothingToRun(`${graph} is not complete`)));
  return withSmallFiles(listed, weights);
}

const rootOf = (listed: readonly ModelFile[]): ReadonlyMap<string, ModelFile> =>
  new Map(listed.filter(({ path }) => !path.includes('/')).map((file) => [file.path, file]));

/** A name that tries to leave its folder is worse news than any other. */
function namesChecked<T>(listed: readonly ModelFile[], otherwise: Result<T>): Result<T> {
  for (const { path } of listed) {
    const reason = escapeReason(path);
    if (reason !== undefined) return failed(unsafeName(path, reason));
  }
  return otherwise;
}

function withSmallFiles(listed: readonly ModelFile[], weights: readonly ModelFile[]): Result<readonly ModelFile[]> {
  const root = rootOf(listed);
  const small = [...root.values()].filter(
    ({ path }) => (wanted as readonly string[]).includes(path) || licence.test(path),
  );
  const chosen = [...small.sort((a, b) => (a.path < b.path ? -1 : 1)), ...weights];
  const safe = namesChecked(listed, ok(chosen));
  if (!safe.ok) return safe;
  if (!root.has('config.json')) return failed(nothingToRun('config.json is missing'));
  for (const { path } of chosen) {
    const reason = unsafeReason(path);
    if (reason !== undefined) return failed(unsafeName(path, reason));
  }
  const twins = findTwins(chosen.map(({ path }) => path));
  return twins ? failed(unsafeName(twins[1], `cannot live beside "${twins[0]}"`)) : safe;
}
