/**
 * How the main side and a worker process talk: one request at a time by sequence number, cancel by the same number,
 * events in between, log lines on the same pipe. Types only; every message is JSON-shaped.
 */
import type { FinishReason, GenerationStats, Loaded, Role, Sampling } from '../../contract/chat.ts';
import type { DeviceFinding, ThreadsWay } from '../../contract/devices.ts';
import type { Device, Dtype, Fidelity, SanityCheck } from '../../contract/model.ts';
import type { Result } from '../../contract/result.ts';

export interface LoadInput extends Partial<ThreadsWay> {
  readonly folder: string; // absolute, holds config.json and onnx/
  readonly dtype: Dtype;
  /** 'auto' = the CPU: whoever knows what was measured names a device. */
  readonly device: Device | 'auto';
  /** Compute in half precision, for devices that can. */
  readonly half?: boolean;
  /** Half the cores, and those are given back at once: slower, cooler, quieter. Goes before what was measured. */
  readonly saving?: boolean;
  /** Context in tokens that the person chose; absent = as long as the memory allows. */
  readonly contextLength?: number;
  /** Where KV caches of chats are kept between runs, and the model's name there; nothing is kept without it. */
  readonly kept?: { readonly folder: string; readonly model: string };
  /** The model's own chat template is not to be run: it did not end, twice. */
  readonly builtInTemplate?: boolean;
  /** The model as problems name it. */
  readonly named?: Named;
  /** The person was told that the memory will not do, and wants it tried. */
  readonly atOwnRisk?: boolean;
}

/** A model as the buttons of a problem have to know it. */
export interface Named {
  readonly modelId: string;
  readonly repo: string;
  /** Latchkey can make this smaller format of it from the same official files. */
  readonly smaller?: Dtype;
}

export interface LoadedModel extends Loaded {
  readonly loadSeconds: number;
  readonly instruct: boolean;
}

/** What a device answered when it was asked to compute something small. */
export type ProbeOutput = { readonly runtime: string } & Exclude<DeviceFinding, { kind: 'unusable' | 'untried' }>;

export interface PromptMessage {
  readonly role: Role;
  readonly text: string;
}

export interface GenerateInput {
  /** Names the KV cache to reuse: turns of one chat share it. */
  readonly cacheKey: string;
  /** Chat turns for instruct models; for base models their texts are joined as plain text. */
  readonly messages: readonly PromptMessage[];
  readonly sampling: Sampling;
  readonly stop?: readonly string[];
  /** The texts as they are, joined, also where the model has a chat template. */
  readonly plain?: boolean;
  /** The answer as far as it was written before the process or its device broke: it is gone on with, not repeated. */
  readonly begun?: string;
  /** Keep the cache on disk, so that this chat goes on at once after a restart. */
  readonly keep?: boolean;
}

export interface GenerateOutput {
  readonly finishReason: Exclude<FinishReason, 'failed'>;
  readonly stats: GenerationStats;
  /** The device was lost on the way; the rest was written on the CPU. */
  readonly lost?: { readonly device: Device; readonly cause: string };
}

export interface ConvertInput {
  readonly source: string; // snapshot folder with the official files
  readonly output: string; // final folder; appears whole or not at all
  readonly dtype: Dtype;
}

export interface ConvertOutput {
  readonly bytes: number;
  readonly files: readonly { readonly path: string; readonly bytes: number; readonly sha256: string }[];
  readonly architecture: string;
  readonly contextLength: number;
  readonly instruct: boolean;
}

export interface InspectOutput {
  readonly architecture: string;
  readonly parameters: number;
  readonly outputBytes: number; // what a conversion would write
  readonly instruct: boolean;
}

export interface ReferenceInput {
  readonly source: string; // snapshot folder with the official files
  readonly output: string; // file that gets the logits: float32 [ids.length, vocabulary]
  readonly ids: readonly number[];
  readonly contextLength: number;
}

/** Requests of the two workers: name -> input, output, event. */
export interface InferWork {
  /** For a process of its own, which a broken driver may take down. */
  probe: { input: { readonly device: Device }; output: ProbeOutput; event: never };
  load: { input: LoadInput; output: LoadedModel; event: never };
  generate: { input: GenerateInput; output: GenerateOutput; event: { readonly text: string } };
  sanityCheck: { input: { readonly prompt: string; readonly maxNewTokens: number }; output: SanityCheck; event: never };
  /** Ids of a plain text, at most `most` of them. */
  tokens: { input: { readonly text: string; readonly most: number }; output: readonly number[]; event: never };
  /** Compares the loaded model with logits in a file; see ReferenceInput. */
  compare: {
    input: { readonly ids: readonly number[]; readonly reference: string };
    output: Fidelity;
    event: never;
  };
  /** Drops the KV cache of a chat, in memory and on disk. */
  forget: { input: { readonly cacheKey: string }; output: undefined; event: never };
  unload: { input: undefined; output: undefined; event: never };
  ping: { input: undefined; output: undefined; event: never };
}

export interface ConvertWork {
  convert: {
    input: ConvertInput;
    output: ConvertOutput;
    event: { readonly doneBytes: number; readonly totalBytes: number; readonly item: string };
  };
  /** Whether a folder of official files can be converted, and to what; reads no weights. */
  inspect: { input: { readonly source: string; readonly dtype: Dtype }; output: InspectOutput; event: never };
  /** What the official weights themselves answer, written to a file. */
  reference: {
    input: ReferenceInput;
    output: { readonly positions: number; readonly vocabulary: number };
    event: { readonly done: number; readonly total: number }; // weights read
  };
}

export type ToWorker =
  | { readonly seq: number; readonly request: string; readonly input: unknown }
  | { readonly seq: number; readonly cancel: true };

/** What a worker does when it says that it will not be heard for a while. */
export type Doing = 'load' | 'template' | 'tokenize' | 'run';
/** Announces work that blocks the worker's thread, for how many seconds at most if all is well; 0 = it is done. */
export type Announce = (doing: Doing, seconds: number) => void;

export type FromWorker =
  | { readonly ready: true }
  | { readonly busy: Doing; readonly seconds: number }
  | { readonly seq: number; readonly event: unknown }
  | { readonly seq: number; readonly result: Result<unknown> }
  | { readonly log: { readonly area: string; readonly event: string; readonly text?: string } };
