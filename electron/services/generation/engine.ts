/**
 * The main side's hold on the inference process: starts it when first needed, loads the asked-for model, restarts it
 * after a crash within a budget, and tells everybody what state it is in. What to generate is answer.ts' business.
 */
import type { EngineState } from '../../contract/chat.ts';
import type { Fidelity, InstalledModel, SanityCheck } from '../../contract/model.ts';
import { failed, ok, type Result } from '../../contract/result.ts';
import { forgetKept, forgetKeptOf } from '../inference/keptCaches.ts';
import type { LogEntry, WorkerProcess } from '../ports.ts';
import { connectWorker, type WorkerClient } from '../work/client.ts';
import type { GenerateInput, GenerateOutput, InferWork } from '../work/protocol.ts';
import { engineExit, tooManyRestarts } from './explain.ts';
import { createTurns, type Lane } from './turns.ts';

export interface Engine {
  state(): EngineState;
  generate(
    model: InstalledModel,
    input: GenerateInput,
    options: { signal: AbortSignal; onText: (text: string) => void; lane?: Lane },
  ): Promise<Result<GenerateOutput>>;
  /** Requests of a lane that wait for the model. */
  waiting(lane: Lane): number;
  /** Loads the model in `folder` (also one not installed yet) and lets it continue a fixed prompt. */
  sanityCheck(model: InstalledModel, folder: string): Promise<Result<SanityCheck>>;
  /** The first ids of the fixed prompt as the model in `folder` reads it, at most `most`. */
  proofTokens(model: InstalledModel, folder: string, most: number): Promise<Result<readonly number[]>>;
  /** Compares the model in `folder` with official logits for `ids` in the file `reference`. */
  compare(
    model: InstalledModel,
    folder: string,
    input: { readonly ids: readonly number[]; readonly reference: string },
  ): Promise<Result<Fidelity>>;
  /** Drops what was kept of a chat's KV cache, as soon as nothing is being generated. */
  forgetChat(chatId: string): void;
  /** Drops what was kept of every chat with a model, likewise. */
  forgetModel(modelId: string): void;
  /** Resolves as soon as nothing is being generated. */
  quiet(): Promise<void>;
  /** Ends the process and gives its memory back. Waits for a running generation first. */
  unload(): Promise<void>;
  close(): void;
}

/** Continued after every preparation, so that a person can judge the first words. */
const fixedPrompt = 'Hello, I am a software engineer.';

/** 3 crashes in 10 minutes: after that, starting again by ourselves would only heat the room. */
const restartBudget = { crashes: 3, withinMilliseconds: 600_000 };

export function createEngine(options: {
  readonly startProcess: () => WorkerProcess;
  readonly folderOf: (model: InstalledModel) => string;
  readonly cachesFolder: string; // KV caches of chats
  readonly onChange: (state: EngineState) => void;
  readonly now: () => number;
  readonly log: (entry: LogEntry) => void;
}): Engine {
  let state: EngineState = { kind: 'stopped' };
  let worker: WorkerClient<InferWork> | undefined;
  let loaded: string | undefined; // folder
  let crashes: number[] = [];
  const turns = createTurns(); // one request at a time: the process has one model and one thread

  const become = (next: EngineState): void => {
    state = next;
    options.onChange(state);
  };

  const connect = (): WorkerClient<InferWork> => {
    if (worker) return worker;
    const fresh = connectWorker<InferWork>(options.startProcess(), { explainExit: engineExit, log: options.log });
    worker = fresh;
    void fresh.ended.then(() => {
      if (worker !== fresh) return; // we ended it ourselves
      worker = undefined;
      loaded = undefined;
      crashes = [...crashes.filter((at) => options.now() - at < restartBudget.withinMilliseconds), options.now()];
      options.log({ area: 'engine', event: 'process-ended', crashes: crashes.length });
      if (state.kind === 'ready' || state.kind === 'loading') become({ kind: 'stopped' });
    });
    return fresh;
  };

  const load = async (model: InstalledModel, folder: string): Promise<Result<WorkerClient<InferWork>>> => {
    if (loaded === folder && worker) return { ok: true, value: worker };
    crashes = crashes.filter((at) => options.now() - at < restartBudget.withinMilliseconds);
    if (crashes.length >= restartBudget.crashes) return failed(tooManyRestarts());
    become({ kind: 'loading', modelId: model.id });
    const process = connect();
    const answer = await process.call('load', {
      folder,
      dtype: model.dtype,
      device: 'auto',
      kept: { folder: options.cachesFolder, model: model.id },
    });
    if (!answer.ok) {
      become({ kind: 'failed', modelId: model.id, problem: answer.problem });
      return answer;
    }
    loaded = folder;
    const { device, contextLength, loadSeconds } = answer.value;
    become({ kind: 'ready', modelId: model.id, device, contextLength, loadSeconds });
    return { ok: true, value: process };
  };

  const inTurn = <T>(task: () => Promise<Result<T>>): Promise<Result<T>> => turns.take('page', task);

  /** For what nobody waits for. */
  const later = (task: () => Promise<void>): void => {
    inTurn(async () => ok(await task())).catch((error: unknown) =>
      options.log({ area: 'engine', event: 'not-forgotten', code: error instanceof Error ? error.name : 'unknown' }),
    );
  };

  const end = (): void => {
    const ending = worker;
    worker = undefined;
    loaded = undefined;
    ending?.kill();
    if (state.kind !== 'stopped') become({ kind: 'stopped' });
  };

  return {
    state: () => state,
    generate: (model, input, { signal, onText, lane = 'page' }) =>
      turns.take(
        lane,
        async () => {
          const process = await load(model, options.folderOf(model));
          if (!process.ok) return process;
          return process.value.call('generate', input, { signal, onEvent: (event) => onText(event.text) });
        },
        signal,
      ),
    waiting: (lane) => turns.waiting(lane),
    sanityCheck: (model, folder) =>
      inTurn(async () => {
        const process = await load(model, folder);
        if (!process.ok) return process;
        return process.value.call('sanityCheck', { prompt: fixedPrompt, maxNewTokens: 20 });
      }),
    proofTokens: (model, folder, most) =>
      inTurn(async () => {
        const process = await load(model, folder);
        return process.ok ? process.value.call('tokens', { text: fixedPrompt, most }) : process;
      }),
    compare: (model, folder, input) =>
      inTurn(async () => {
        const process = await load(model, folder);
        return process.ok ? process.value.call('compare', input) : process;
      }),
    forgetChat: (chatId) =>
      later(async () => {
        await worker?.call('forget', { cacheKey: chatId }); // it may be writing that very file
        await forgetKept(options.cachesFolder, chatId);
      }),
    forgetModel: (modelId) => later(() => forgetKeptOf(options.cachesFolder, modelId)),
    quiet: () => turns.quiet(),
    async unload() {
      await inTurn(async () => {
        end();
        return ok(undefined);
      });
    },
    close: end,
  };
}
