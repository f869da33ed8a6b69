import { randomBytes } from 'node:crypto';
import type { InstalledModel } from '../../contract/model.ts';
import type { GenerateOutput } from '../work/protocol.ts';

/** The names programs call a model by: its repository, with the dtype where one repository is here twice. */
export function nameOf(model: InstalledModel, all: readonly InstalledModel[]): string {
  const twins = all.filter(({ repo }) => repo === model.repo);
  return twins[0]?.id === model.id ? model.repo : `${model.repo}:${model.dtype}`;
}

/** Finds a model by any of its names; the newest wins where only the repository is named. */
export function findModel(name: string, all: readonly InstalledModel[]): InstalledModel | undefined {
  return (
    all.find((model) => model.id === name || nameOf(model, all) === name) ??
    all.find((model) => model.repo === name || `${model.repo}:${model.dtype}` === name)
  );
}

/** One entry of /v1/models. */
export function modelBody(model: InstalledModel, all: readonly InstalledModel[]): object {
  return {
    id: nameOf(model, all),
    object: 'model',
    created: Math.floor(model.installedAt / 1000),
    owned_by: model.repo.split('/', 1)[0],
  };
}

type Kind = 'chat' | 'completion';

/** One answer in the words of the API: whole, or in pieces. */
export interface Shape {
  whole(text: string, output: GenerateOutput): object;
  /** What comes before the first text of a stream; completions have nothing to say there. */
  readonly opening?: object;
  piece(text: string): object;
  closing(output: GenerateOutput): object;
  usage(output: GenerateOutput): object;
}

function usageOf({ stats }: GenerateOutput): object {
  return {
    prompt_tokens: stats.promptTokens,
    completion_tokens: stats.newTokens,
    total_tokens: stats.promptTokens + stats.newTokens,
    prompt_tokens_details: { cached_tokens: stats.reusedTokens },
  };
}

const reasonOf = ({ finishReason }: GenerateOutput): string => (finishReason === 'length' ? 'length' : 'stop');

/** `created` in seconds since 1970. */
export function shapeOf(kind: Kind, { model, created }: { readonly model: string; readonly created: number }): Shape {
  const chat = kind === 'chat';
  const head = { id: `${chat ? 'chatcmpl' : 'cmpl'}-${randomBytes(12).toString('hex')}`, created, model };
  const whole = chat ? 'chat.completion' : 'text_completion';
  const part = chat ? 'chat.completion.chunk' : 'text_completion';
  const chunk = (delta: object, text: string, reason: string | null): object => ({
    ...head,
    object: part,
    choices: [{ index: 0, ...(chat ? { delta } : { text }), logprobs: null, finish_reason: reason }],
  });
  return {
    whole: (text, output) => ({
      ...head,
      object: whole,
      choices: [
        {
          index: 0,
          ...(chat ? { message: { role: 'assistant', content: text, refusal: null } } : { text }),
          logprobs: null,
          finish_reason: reasonOf(output),
        },
      ],
      usage: usageOf(output),
    }),
    ...(chat && { opening: chunk({ role: 'assistant', content: '' }, '', null) }),
    piece: (text) => chunk({ content: text }, text, null),
    closing: (output) => chunk({}, '', reasonOf(output)),
    usage: (output) => ({ ...head, object: part, choices: [], usage: usageOf(output) }),
  };
}
