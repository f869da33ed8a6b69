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
const singleFile = 'model.safetensors';
const indexFile = 'model.safetensors.index.json';
const shard = /^model-(\d{5})-of-(\d{5})\.safetensors$/;

function shardsOf(root: ReadonlyMap<string, ModelFile>): readonly ModelFile[] | undefined {
  const found = [...root.keys()].map((name) => shard.exec(name)).filter((match) => match !== null);
  const total = found[0]?.[2];
  if (total === undefined || Number(total) === 0 || found.length !== Number(total)) return undefined;
  const names = found.map((_, index) => `model-${String(index + 1).padStart(5, '0')}-of-${total}.safetensors`);
  const files = names.map((name) => root.get(name)).filter((file) => file !== undefined);
  return files.length === names.length ? files : undefined;
}

/**
 * The single file first, then the index: the order and the names by which transformers finds them. Whatever else is called
 * safetensors is in the author's own layout, or an addition to another model: not what config.json describes.
 */
function weightsOf(root: ReadonlyMap<string, ModelFile>): readonly ModelFile[] | undefined {
  const single = root.get(singleFile);
  if (single !== undefined) return [single];
  const index = root.get(indexFile);
  const shards = index && shardsOf(root);
  return index && shards && [index, ...shards];
}

function whyNoWeights(names: readonly string[]): string {
  if (names.some((name) => name === indexFile || shard.test(name))) return 'the safetensors weights are not complete';
  const other = names.find((name) => name.endsWith('.safetensors'));
  if (other === undefined) return 'there are no safetensors weights';
  return `none of them is called ${singleFile}, the name under which the weights of config.json are kept (there is ${other.slice(0, 80)})`;
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
  return namesChecked(listed, failed(nothingToRun(whyNoWeights([...root.keys()]))));
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
