import { internalId } from './accounts.ts';
import { wholeContent } from './content.ts';
import { fileText, type Repository, type StoredCommit, type StoredFile } from './repositories.ts';

/** Stands where a hash would be for callers without access. */
export const mask = '*'.repeat(64);

type Json = Readonly<Record<string, unknown>>;

export interface InfoWishes {
  /** `expand[]` fields; empty = everything. */
  readonly expand: readonly string[];
  /** `blobs=true`: sizes and hashes beside the file names. */
  readonly blobs: boolean;
  /** Hashes are hidden from this caller. */
  readonly masked: boolean;
}

/** Fields that `expand[]` may name. */
const expandable = [
  'author', 'baseModels', 'cardData', 'config', 'createdAt', 'disabled', 'downloads', 'downloadsAllTime', 'gated', 'gguf',
  'lastModified', 'library_name', 'likes', 'mask_token', 'model-index', 'pipeline_tag', 'private', 'safetensors', 'sha',
  'siblings', 'spaces', 'tags', 'transformersInfo', 'trendingScore', 'usedStorage', 'widgetData', 'xetEnabled',
]; // prettier-ignore

/** The first `expand[]` field that does not exist, if any. */
export function unknownField(expand: readonly string[]): string | undefined {
  return expand.find((field) => !expandable.includes(field));
}

/** The public metadata of a repository at one commit (Hub facts 1.4); says nothing about anybody's access. */
export async function modelInfo(repository: Repository, commit: StoredCommit, wishes: InfoWishes): Promise<Json> {
  const { spec } = repository;
  const config = await configOf(commit);
  const files = [...commit.files.values()];
  const all: Json = {
    _id: repository.internalId,
    id: spec.id,
    private: spec.private ?? false,
    pipeline_tag: 'text-generation',
    library_name: 'transformers',
    tags: tagsOf(spec.card, config, files),
    downloads: 42,
    likes: 7,
    modelId: spec.id,
    author: repository.owner,
    sha: commit.id,
    lastModified: commit.date,
    gated: spec.gated ?? false,
    disabled: spec.disabled ?? false,
    ...(config && { config }),
    cardData: spec.card ?? {},
    transformersInfo: {
      auto_model: 'AutoModelForCausalLM',
      pipeline_tag: 'text-generation',
      processor: 'AutoTokenizer',
    },
    ...(await safetensorsInfo(files)),
    siblings: files.map((file) => siblingOf(file, wishes)),
    spaces: [],
    createdAt: '2026-08-20T08:00:00.000Z',
    usedStorage: files.reduce((sum, file) => sum + file.size, 0),
  };
  if (wishes.expand.length === 0) return all;
  const wanted = ['_id', 'id', ...wishes.expand];
  return Object.fromEntries(Object.entries(all).filter(([field]) => wanted.includes(field)));
}

/** One row of a model search: what is public about a repository without reading its files. */
export function listRow(repository: Repository): Json {
  const { spec } = repository;
  const facts = {
    id: spec.id,
    modelId: spec.id,
    private: false,
    gated: spec.gated ?? false,
    pipeline_tag: 'text-generation',
  };
  return { _id: internalId(spec.id), ...facts, library_name: 'transformers', likes: 7, downloads: 42 };
}

function siblingOf(file: StoredFile, { blobs, masked }: InfoWishes): Json {
  if (!blobs) return { rfilename: file.path };
  const { lfs } = file;
  return {
    rfilename: file.path,
    blobId: file.oid,
    ...(file.toldSize !== null && { size: file.toldSize }),
    ...(lfs && { lfs: { sha256: masked ? mask : lfs.sha256, size: file.size, pointerSize: lfs.pointerSize } }),
  };
}

function isRecord(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The few fields of config.json and tokenizer_config.json that the Hub repeats. */
async function configOf(commit: StoredCommit): Promise<Json | undefined> {
  const config = await jsonFile(commit.files.get('config.json'));
  if (!config) return undefined;
  const tokenizer = await jsonFile(commit.files.get('tokenizer_config.json'));
  const pick = (from: Json, names: readonly string[]): Json =>
    Object.fromEntries(Object.entries(from).filter(([name]) => names.includes(name)));
  return {
    ...pick(config, ['architectures', 'model_type']),
    ...(tokenizer && {
      tokenizer_config: pick(tokenizer, ['bos_token', 'eos_token', 'unk_token', 'pad_token', 'chat_template']),
    }),
  };
}

async function jsonFile(file: StoredFile | undefined): Promise<Json | undefined> {
  if (!file || file.size > 1_000_000) return undefined;
  try {
    const value: unknown = JSON.parse(await fileText(file));
    return isRecord(value) ? value : undefined;
  } catch {
    // A broken config.json is one of the things people meet; the Hub then simply has no config to show.
    return undefined;
  }
}

function tagsOf(card: Json | undefined, config: Json | undefined, files: readonly StoredFile[]): string[] {
  const type = config?.['model_type'];
  const licence = card?.['license'];
  return [
    'transformers',
    ...(files.some((file) => file.path.endsWith('.safetensors')) ? ['safetensors'] : ['pytorch']),
    ...(typeof type === 'string' ? [type] : []),
    'text-generation',
    'conversational',
    'en',
    ...(typeof licence === 'string' ? [`license:${licence}`] : []),
    'region:us',
  ];
}

/** Parameter counts per dtype, summed from the headers of all shards; nothing when a header cannot be read. */
async function safetensorsInfo(files: readonly StoredFile[]): Promise<Json> {
  const parameters: Record<string, number> = {};
  for (const file of files.filter((one) => one.path.endsWith('.safetensors'))) {
    const header = await readHeader(file);
    if (!header) return {};
    for (const tensor of Object.values(header).filter(isRecord)) {
      const { dtype, shape } = tensor;
      if (typeof dtype !== 'string' || !Array.isArray(shape)) continue;
      parameters[dtype] = (parameters[dtype] ?? 0) + shape.reduce((product: number, side) => product * Number(side), 1);
    }
  }
  const total = Object.values(parameters).reduce((sum, count) => sum + count, 0);
  return total > 0 ? { safetensors: { parameters, total } } : {};
}

/** The JSON header of a safetensors file: 8 bytes little-endian length, then that many bytes. */
async function readHeader({ content, size }: StoredFile): Promise<Json | undefined> {
  const part = (start: number, end: number): Promise<Buffer> =>
    wholeContent({ size: end - start, read: (from, to) => content.read(start + from, start + to) });
  if (size < 10) return undefined;
  const length = Number((await part(0, 8)).readBigUInt64LE());
  if (length > 10_000_000 || length + 8 > size) return undefined;
  try {
    const header: unknown = JSON.parse((await part(8, 8 + length)).toString('utf8'));
    return isRecord(header) ? header : undefined;
  } catch {
    return undefined;
  }
}
