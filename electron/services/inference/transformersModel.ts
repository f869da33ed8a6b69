/**
 * The door to the models of @huggingface/transformers, for graphs that our own loop cannot drive: other caches, inputs of
 * other names. It reads one folder and runs on the CPU; it draws no tokens by itself, our sampler chooses each one.
 */
import { isAbsolute } from 'node:path';
import {
  AutoModelForCausalLM,
  env,
  LogitsProcessor,
  LogitsProcessorList,
  StoppingCriteria,
  StoppingCriteriaList,
  Tensor,
} from '@huggingface/transformers';
import type { Dtype } from '../../contract/model.ts';
import type { Announce } from '../work/protocol.ts';
import { watchRuns } from './announced.ts';
import { sessionThreads, type Threads } from './threads.ts';

env.allowRemoteModels = false;
// A file that the library opens by itself is read to its end beside the runtime, which maps it: every byte of the weights a
// second time, into memory, for nobody. What is found in a cache it takes as a path. It asks by path, then by address.
env.remotePathTemplate = '{model}';
env.useCustomCache = true;
const weights = new Set<string>();
env.customCache = {
  async match(name: string) {
    if (isAbsolute(name) && isWeights(name)) weights.add(name);
    return [...weights].find((path) => name.endsWith(path.replace(/^\//, '')));
  },
  put: () => Promise.reject(new Error('Nothing is cached: all files are in one folder')),
};

/** Whether a name is that of a graph or of its weights beside it. */
function isWeights(name: string): boolean {
  return /\.onnx(?:_data(?:_\d+)?)?$/.test(name);
}

/**
 * Everything in generate() that would forbid, force or end something by itself: a repository's generation_config.json (and
 * config.json) can ask for any of it. The sampler chooses and `onToken` ends, and nobody else.
 */
const nothingOfItsOwn = {
  do_sample: false,
  num_beams: 1,
  num_return_sequences: 1,
  repetition_penalty: 1,
  no_repeat_ngram_size: 0,
  bad_words_ids: null,
  min_length: 0,
  min_new_tokens: null,
  forced_bos_token_id: null,
  forced_eos_token_id: null,
  suppress_tokens: null,
  begin_suppress_tokens: null,
  guidance_scale: null,
  eos_token_id: null,
  output_attentions: false,
  return_dict_in_generate: false,
} as const;

export interface TransformersModel {
  /** Writes until `onToken` says that it is enough, at most `most` tokens. `choose` gets the logits of one position. */
  write(
    prompt: readonly number[],
    options: {
      readonly most: number;
      readonly choose: (logits: Float32Array, history: readonly number[]) => number;
      /** Hears each token; true = enough. */
      readonly onToken: (id: number) => boolean;
    },
  ): Promise<void>;
  close(): Promise<void>;
}

/** Leaves nothing but the token that was chosen. */
class Choice extends LogitsProcessor {
  readonly #choose: (logits: Float32Array) => number;
  constructor(choose: (logits: Float32Array) => number) {
    super();
    this.#choose = choose;
  }
  override _call(_ids: bigint[][], logits: Tensor): Tensor {
    const numbers = logits.data as Float32Array; // generate() hands on float32 and nothing else
    const id = this.#choose(numbers);
    numbers.fill(-Infinity);
    numbers[id] = 0;
    return logits;
  }
}

/** Ends as soon as somebody has had enough. */
class Enough extends StoppingCriteria {
  reached = false;
  override _call(ids: number[][]): boolean[] {
    return ids.map(() => this.reached);
  }
}

/** A graph as onnxruntime's own package hands it out. */
interface Runnable {
  run(feeds: Readonly<Record<string, { readonly dims: readonly number[] }>>): Promise<unknown>;
}

function isRunnable(value: unknown): value is Runnable {
  return typeof value === 'object' && value !== null && 'run' in value && typeof value.run === 'function';
}

/** Announces every run: the whole prompt is one of them, and blocks the thread for as long as it takes. */
function announceSession(session: unknown, announce: Announce): void {
  if (!isRunnable(session)) throw new Error('The library gave no session of that name');
  const run = session.run.bind(session);
  const watched = watchRuns(announce);
  session.run = (feeds) => watched(feeds['input_ids']?.dims[1] ?? 1, () => run(feeds));
}

/**
 * Loads the model of a folder in the layout of transformers.js.
 *
 * @throws the library's error when it does not know the kind of model, or ONNX Runtime's.
 */
export async function openTransformersModel(
  folder: string,
  {
    dtype,
    threads,
    announce,
  }: {
    readonly dtype: Dtype;
    readonly threads: Threads;
    readonly announce: Announce;
  },
): Promise<TransformersModel> {
  // A relative path would be taken for a repository on the Hub.
  if (!isAbsolute(folder)) throw new Error(`Not an absolute folder: ${folder}`);
  const model = await AutoModelForCausalLM.from_pretrained(folder, {
    dtype,
    device: 'cpu',
    local_files_only: true,
    session_options: {
      ...sessionThreads(threads),
      enableCpuMemArena: false,
      logSeverityLevel: 3,
    },
  });
  announceSession(model.sessions['model'], announce);
  return {
    async write(prompt, { most, choose, onToken }) {
      const history = [...prompt];
      const enough = new Enough();
      const processors = new LogitsProcessorList();
      processors.push(
        new Choice((logits) => {
          const id = choose(logits, history);
          history.push(id);
          return id;
        }),
      );
      const criteria = new StoppingCriteriaList();
      criteria.push(enough);
      let seen = 0;
      await model.generate({
        inputs: new Tensor('int64', BigInt64Array.from(prompt, BigInt), [1, prompt.length]),
        ...nothingOfItsOwn,
        max_new_tokens: most,
        logits_processor: processors,
        stopping_criteria: criteria,
        streamer: {
          put([ids = []]: bigint[][]) {
            // The first call repeats the prompt.
            if (seen++ > 0) for (const id of ids) enough.reached ||= onToken(Number(id));
          },
          end: () => undefined,
        },
        // Its type names every option of every kind of model, and takes no null where the library's own default is null.
      } as unknown as Parameters<typeof model.generate>[0]);
    },
    async close() {
      await model.dispose();
    },
  };
}
