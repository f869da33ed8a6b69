import type { Sampling } from './chat.ts';
import type { FormField } from './setup.ts';

/** "owner/name" as the Hub spells it. */
export type RepoId = string;
/** 40 lower-case hex digits. */
export type Commit = string;

/** Weight formats the converter writes; names as in transformers.js. */
export const dtypes = ['fp32', 'fp16', 'q8', 'q4', 'q4f16'] as const;
export type Dtype = (typeof dtypes)[number];

/** ONNX Runtime execution providers a person can choose. */
export const devices = ['cpu', 'cuda', 'dml', 'coreml', 'webgpu'] as const;
export type Device = (typeof devices)[number];

/** One official file as the Hub lists it. `sha256` for LFS files, else `gitSha1` of the git blob; lower-case hex. */
export interface ModelFile {
  readonly path: string;
  readonly bytes: number;
  readonly sha256?: string;
  readonly gitSha1?: string;
}

/** What the Hub says about a repository to anybody; proves nothing about access. */
export interface ModelCard {
  readonly repo: RepoId;
  readonly commit: Commit;
  readonly gate: 'none' | 'auto' | 'manual';
  readonly licence: string; // cardData.license or license_name
  readonly excludesEu: boolean;
  /** What the form of a gated repository asks for. */
  readonly form: readonly FormField[];
  readonly private: boolean;
  readonly disabled: boolean;
  readonly renamedFrom?: RepoId;
  readonly architecture?: string; // "LlamaForCausalLM", where the Hub read it from config.json
  readonly files: readonly string[];
}

/** What will be fetched and made, before the first byte. Sizes in bytes. */
export interface DownloadPlan {
  readonly repo: RepoId;
  readonly commit: Commit;
  readonly files: readonly ModelFile[];
  readonly totalBytes: number;
  readonly cachedBytes: number; // already in the Hugging Face cache
  readonly convertedBytes: number; // estimate of what will be written to the models folder
  readonly freeBytes: number; // at the tighter of cache and model folder
  readonly fits: boolean;
  /** How long it takes at the speed of the last download here; absent before the first one. */
  readonly secondsLeft?: number;
  readonly dtype: Dtype;
  /** The authors made the ONNX files (of `dtype`): nothing is converted. */
  readonly ready?: true;
  readonly architecture: string; // "LlamaForCausalLM"
  readonly parameters: number;
}

/** A fixed prompt run right after conversion, so that a damaged conversion is visible at once. */
export interface SanityCheck {
  readonly prompt: string;
  readonly text: string;
  readonly tokens: number;
  readonly tokensPerSecond: number;
}

/** How near a converted model came to its official weights, on a fixed text. Divergences in nats per token. */
export interface Fidelity {
  readonly positions: number; // tokens of the text that were compared
  readonly meanDivergence: number; // Kullback-Leibler, official to converted
  readonly worstDivergence: number;
  readonly sameChoices: number; // positions where both find the same token likeliest
}

/** A converted model in our own folder, described by its manifest. */
export interface InstalledModel {
  readonly id: string; // folder name, safe on every file system
  /** As `folder/NAME` where `origin` says that it came from a folder: a name in this app alone. */
  readonly repo: RepoId;
  /** Where `origin` says that it came from a folder: the first 40 digits of the SHA-256 over its official files. */
  readonly commit: Commit;
  /** Official files that somebody brought: no Hub was asked about them. Absent = fetched from the Hub. */
  readonly origin?: 'folder';
  readonly dtype: Dtype;
  readonly bytes: number;
  readonly installedAt: number; // ms since epoch
  readonly architecture: string;
  readonly contextLength: number; // tokens the model was made for
  readonly instruct: boolean; // it has a chat template; otherwise offered as completion
  readonly sampling: Sampling; // what the authors recommend in generation_config.json
  readonly licence: string;
  readonly licenceAccount?: string; // who held access when it was downloaded
  readonly sanity?: SanityCheck;
  readonly fidelity?: Fidelity;
  /** Taken as it was published, not converted here. */
  readonly ready?: true;
}

/** The repository to ask the Hub about; undefined for a model that the Hub was never asked about. */
export function hubRepoOf({ origin, repo }: Pick<InstalledModel, 'origin' | 'repo'>): RepoId | undefined {
  return origin === 'folder' ? undefined : repo;
}

/** One entry of the built-in list of models worth trying. */
export interface SuggestedModel {
  readonly repo: RepoId;
  readonly title: string;
  readonly by: string;
  readonly parameters: string; // "1.2 B"
  readonly downloadBytes: number;
  readonly gated: boolean;
  readonly instruct: boolean;
  readonly licence: string;
  readonly note: string;
}
