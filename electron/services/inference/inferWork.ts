import { failed, ok, type Result } from '../../contract/result.ts';
import { cancelled } from '../explain.ts';
import type { Announce, InferWork } from '../work/protocol.ts';
import { type LanguageModel, openLanguageModel } from './languageModel.ts';
import { noModelLoaded } from './explain.ts';
import { probeDevice } from './probe.ts';

type Handlers = {
  readonly [N in keyof InferWork]: (
    input: InferWork[N]['input'],
    options: { readonly signal: AbortSignal; readonly emit: (event: InferWork[N]['event']) => void },
  ) => Promise<Result<InferWork[N]['output']>>;
};

/** A line for the log of the main side: never text of a chat. */
type Log = (entry: { readonly area: string; readonly event: string; readonly text?: string }) => void;

/**
 * The work of the inference process: one model at a time, one request at a time in the order of arrival. A request that
 * is cancelled while it waits answers at once when its turn comes; `ping` never waits for the others.
 */
export function createInferWork(log: Log, announce: Announce = () => undefined): Handlers {
  let model: LanguageModel | undefined;
  let turn: Promise<unknown> = Promise.resolve();

  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const mine = turn.then(work);
    turn = mine.catch(() => undefined);
    return mine;
  };

  const close = async (): Promise<void> => {
    const closing = model;
    model = undefined;
    await closing?.close();
  };

  return {
    probe: ({ device }) => inTurn(async () => ok(await probeDevice(device))),
    load: (input, { signal }) =>
      inTurn(async () => {
        if (signal.aborted) return failed(cancelled());
        await close(); // first, so that two models are never in memory together
        const began = performance.now();
        const opened = await openLanguageModel(input, { signal, announce });
        if (!opened.ok) return opened;
        model = opened.value;
        const { loaded, instruct } = model;
        if (loaded.fallback) log({ area: 'infer', event: 'device-fallback', text: loaded.fallback.cause });
        return ok({ ...loaded, instruct, loadSeconds: (performance.now() - began) / 1000 });
      }),
    generate: (input, { signal, emit }) => {
      const answer = inTurn(async () =>
        model ? model.generate(input, { signal, onText: (text) => emit({ text }) }) : failed(noModelLoaded()),
      );
      // After the answer is out, before anything else touches the cache.
      void inTurn(async () => model?.rest());
      return answer;
    },
    forget: ({ cacheKey }) =>
      inTurn(async () => {
        await model?.forget(cacheKey);
        return ok(undefined);
      }),
    sanityCheck: (input, { signal }) =>
      inTurn(async () => (model ? model.sanityCheck(input, { signal }) : failed(noModelLoaded()))),
    tokens: ({ text, most }) =>
      inTurn(async () => (model ? ok(model.tokens(text).slice(0, most)) : failed(noModelLoaded()))),
    compare: (input) => inTurn(async () => (model ? model.compare(input) : failed(noModelLoaded()))),
    unload: () =>
      inTurn(async () => {
        await close();
        return ok(undefined);
      }),
    ping: async () => ok(undefined),
  };
}
