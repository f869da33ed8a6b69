/**
 * The main side's hold on the inference process: starts it when first needed, loads the asked-for model, restarts it
 * after a crash within a budget, and tells everybody what state it is in. What to generate is answer.ts' business.
 */
import { setTimeout as pause } from 'node:timers/promises';
import type { EngineState } from '../../contract/chat.ts';
import type { Device, Fidelity, InstalledModel, SanityCheck } from '../../contract/model.ts';
import { failed, ok, type Result } from '../../contract/result.ts';
import { cancelled } from '../explain.ts';
import type { DevicePlan, Devices } from '../devices/room.ts';
import { forgetKept, forgetKeptOf } from '../inference/keptCaches.ts';
import type { LogEntry, WorkerProcess } from '../ports.ts';
import { connectWorker, type WorkerClient } from '../work/client.ts';
import type { GenerateInput, GenerateOutput, InferWork, Named } from '../work/protocol.ts';
import { engineExit, engineHung, tooManyRestarts } from './explain.ts';
import { stoppable } from './stoppable.ts';
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
  /**
   * The person goes on although the memory will not do by the estimate: until the app closes, or until it did not do. The
   * next question loads the model.
   */
  permit(modelId: string): void;
  /** Resolves as soon as nothing is being generated. */
  quiet(): Promise<void>;
  /** Ends the process and gives its memory back. Waits for a running generation first. */
  unload(): Promise<void>;
  close(): void;
}

/** A process that the system cannot even end is not waited for longer, ms. */
const goneMilliseconds = 10_000;

/** Continued after every preparation, so that a person can judge the first words. */
const fixedPrompt = 'Hello, I am a software engineer.';

/** 3 new starts in 10 minutes: after that, starting again by ourselves would only heat the room. */
const restartBudget = { restarts: 3, withinMilliseconds: 600_000 };

/** So often a model's own chat template may fail to end. */
const mostTemplateFaults = 2;

/** A model in full or half precision can be made anew in 4 bits, unless it was published as it is. */
function named({ id, repo, dtype, ready }: InstalledModel): Named {
  return { modelId: id, repo, ...(!ready && dtype !== 'q4' && dtype !== 'q4f16' && { smaller: 'q4' }) };
}

export function createEngine(options: {
  readonly startProcess: () => WorkerProcess;
  readonly folderOf: (model: InstalledModel) => string;
  readonly cachesFolder: string; // KV caches of chats
  /** Where an installed model computes; absent = everything on the CPU. */
  readonly devices?: Pick<Devices, 'plan' | 'lost'>;
  /** Asked before a model is loaded: whether its bytes can still be trusted. */
  readonly prove?: (model: InstalledModel, folder: string) => Promise<Result<undefined>>;
  readonly onChange: (state: EngineState) => void;
  readonly now: () => number;
  readonly log: (entry: LogEntry) => void;
}): Engine {
  let state: EngineState = { kind: 'stopped' };
  let worker: WorkerClient<InferWork> | undefined;
  let loaded: string | undefined; // folder
  let device: Device = 'cpu'; // where the latest load was meant to compute
  let losses = 0; // of devices, with the process
  let endings = 0; // times that somebody ended it
  let asked = ''; // the folder of the latest load
  let crashes: readonly number[] = [];
  const templateFaults = new Map<string, number>(); // folder -> times its template did not end
  const permitted = new Set<string>(); // models that are loaded at the person's own risk
  const turns = createTurns(); // one request at a time: the process has one model and one thread

  const become = (next: EngineState): void => {
    state = next;
    options.onChange(state);
  };

  const recentCrashes = (): readonly number[] =>
    crashes.filter((at) => options.now() - at < restartBudget.withinMilliseconds);

  const connect = (): WorkerClient<InferWork> => {
    if (worker) return worker;
    const fresh = connectWorker<InferWork>(options.startProcess(), {
      explainExit: engineExit,
      explainHang: engineHung,
      log: options.log,
      onEnd({ doing, problem }) {
        if (worker !== fresh) return; // we ended it ourselves
        worker = undefined;
        loaded = undefined;
        if (problem.code === 'not-enough-memory') tooRisky();
        // A template that does not end has its own limit of two, and another one takes its place.
        if (doing === 'template') templateFaults.set(asked, (templateFaults.get(asked) ?? 0) + 1);
        else if (device !== 'cpu') {
          // Its driver took the process down, as far as anybody can tell: the CPU goes on.
          losses += 1;
          options.devices?.lost(device, problem.evidence[0]?.cause ?? problem.title, true);
        } else crashes = [...recentCrashes(), options.now()];
        options.log({ area: 'engine', event: 'process-ended', crashes: crashes.length, doing });
        if (state.kind === 'ready' || state.kind === 'loading') become({ kind: 'stopped' });
      },
    });
    worker = fresh;
    return fresh;
  };

  /** What was tried at the person's own risk went wrong: it is not tried again before they say so again. */
  const tooRisky = (): void => {
    if ((state.kind === 'ready' && state.atOwnRisk) || state.kind === 'loading') permitted.delete(state.modelId);
  };

  /** Settles when the process is gone. */
  const retire = (): Promise<unknown> | undefined => {
    const ending = worker;
    worker = undefined;
    loaded = undefined;
    ending?.kill();
    return ending?.ended;
  };

  const end = (): Promise<unknown> | undefined => {
    endings += 1;
    const gone = retire();
    if (state.kind !== 'stopped') become({ kind: 'stopped' });
    return gone;
  };

  /** What is proved before it is installed is proved on the CPU, where it can be compared. */
  const planFor = async (
    model: InstalledModel,
    folder: string,
  ): Promise<
    Pick<DevicePlan, 'device' | 'why' | 'fallback'> & { readonly load: Omit<DevicePlan, 'why' | 'fallback'> }
  > => {
    const installed = folder === options.folderOf(model);
    if (!options.devices || !installed) return { device: 'cpu', why: 'only', load: { device: 'cpu' } };
    const plan = await options.devices.plan(model, {
      onMeasure() {
        void retire(); // two heavy processes at once could exhaust memory
        become({ kind: 'loading', modelId: model.id, measuring: true });
      },
      atOwnRisk: permitted.has(model.id),
    });
    const { why, fallback, ...load } = plan;
    return { device: plan.device, why, ...(fallback && { fallback }), load };
  };

  const load = async (model: InstalledModel, folder: string): Promise<Result<WorkerClient<InferWork>>> => {
    if (loaded === folder && worker) return { ok: true, value: worker };
    if (recentCrashes().length > restartBudget.restarts) return failed(tooManyRestarts());
    become({ kind: 'loading', modelId: model.id });
    const before = endings;
    const sound = (await options.prove?.(model, folder)) ?? ok(undefined);
    if (!sound.ok) {
      become({ kind: 'failed', modelId: model.id, problem: sound.problem });
      return sound;
    }
    const plan = await planFor(model, folder);
    // Ended meanwhile, perhaps with everything around it: a process that is started now would belong to nobody.
    if (endings !== before) return failed(cancelled());
    // Tidying up after a device can end the process, so a new process does it better.
    if (device !== 'cpu' && worker) void retire();
    asked = folder;
    device = plan.device;
    const process = connect();
    const builtInTemplate = (templateFaults.get(folder) ?? 0) >= mostTemplateFaults;
    const answer = await process.call('load', {
      folder,
      dtype: model.dtype,
      ...plan.load,
      builtInTemplate,
      named: named(model),
      atOwnRisk: permitted.has(model.id),
      kept: { folder: options.cachesFolder, model: model.id },
    });
    if (!answer.ok) {
      become({ kind: 'failed', modelId: model.id, problem: answer.problem });
      return answer;
    }
    loaded = folder;
    const { instruct: _, ...how } = answer.value;
    const fallback = how.fallback ?? plan.fallback;
    device = how.device;
    become({
      kind: 'ready',
      modelId: model.id,
      ...how,
      why: fallback ? 'fallback' : plan.why,
      ...(fallback && { fallback }),
      ...(builtInTemplate && { builtInTemplate }),
    });
    return { ok: true, value: process };
  };

  type Call = (process: WorkerClient<InferWork>) => Promise<Result<GenerateOutput>>;
  const generate = async (model: InstalledModel, folder: string, call: Call): Promise<Result<GenerateOutput>> => {
    const faults = templateFaults.get(folder) ?? 0;
    const lossesBefore = losses;
    const process = await load(model, folder);
    const answer = process.ok ? await call(process.value) : process;
    // Once can be a computer that was very busy; after twice the model is asked through a built-in template.
    const again = (templateFaults.get(folder) ?? 0) > faults || losses > lossesBefore;
    if (!answer.ok && again) return generate(model, folder, call);
    if (answer.ok && answer.value.lost) fallBack(answer.value.lost);
    if (!answer.ok && answer.problem.code === 'not-enough-memory') {
      tooRisky();
      void end(); // the next question starts with a clean process
    }
    return answer;
  };

  /** The process lives and has gone on without its device. */
  const fallBack = (fallback: NonNullable<GenerateOutput['lost']>): void => {
    device = 'cpu';
    options.devices?.lost(fallback.device, fallback.cause, false);
    if (state.kind === 'ready') become({ ...state, device: 'cpu', why: 'fallback', fallback });
  };

  const inTurn = <T>(task: () => Promise<Result<T>>): Promise<Result<T>> => turns.take('page', task);

  /** For what nobody waits for. */
  const later = (task: () => Promise<void>): void => {
    inTurn(async () => ok(await task())).catch((error: unknown) =>
      options.log({ area: 'engine', event: 'not-forgotten', code: error instanceof Error ? error.name : 'unknown' }),
    );
  };

  return {
    state: () => state,
    generate(model, input, { signal, onText, lane = 'page' }) {
      let begun = '';
      let pieces = 0; // about one per token
      const onEvent = ({ text }: { readonly text: string }): void => {
        begun += text;
        pieces += 1;
        onText(text);
      };
      const call: Call = (process) => {
        const maxNewTokens = Math.max(1, input.sampling.maxNewTokens - pieces);
        const rest = begun === '' ? input : { ...input, begun, sampling: { ...input.sampling, maxNewTokens } };
        const answering = process.call('generate', rest, { signal, onEvent });
        return state.kind === 'ready' && state.generic
          ? stoppable(answering, { signal, end: () => void end() })
          : answering;
      };
      return turns.take(lane, () => generate(model, options.folderOf(model), call), signal);
    },
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
    permit(modelId) {
      permitted.add(modelId);
      if (state.kind === 'failed' && state.modelId === modelId) become({ kind: 'stopped' });
    },
    quiet: () => turns.quiet(),
    async unload() {
      await inTurn(async () => {
        // Until the process is gone Windows neither removes nor renames what it has mapped, and that is gigabytes.
        await Promise.race([end(), pause(goneMilliseconds, undefined, { ref: false })]);
        return ok(undefined);
      });
    },
    close: () => void end(),
  };
}
