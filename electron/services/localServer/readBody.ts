/**
 * What a program may ask, field by field. Fields that would change the answer and that we cannot honour are refused by
 * name; fields that only describe the caller (user, metadata, store) are passed over.
 */
import type { Role, Sampling } from '../../contract/chat.ts';
import { type ApiError, invalid } from './apiError.ts';

export interface Message {
  readonly role: Role;
  readonly text: string;
}

/** Fields both kinds of request share. */
export interface Wanted {
  readonly model: string;
  readonly sampling: Partial<Sampling>;
  readonly stop: readonly string[];
  readonly stream: boolean;
  readonly usage: boolean; // at the end of a stream
}

export interface ChatWanted extends Wanted {
  readonly messages: readonly Message[];
}

export interface CompletionWanted extends Wanted {
  readonly prompt: string;
}

export type Read<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: ApiError };

type Fields = Readonly<Record<string, unknown>>;

/** Carries an ApiError from the field where it was found up to the one catch below. */
class Refusal extends Error {
  readonly error: ApiError;
  constructor(error: ApiError) {
    super(error.message);
    this.error = error;
  }
}

function refuse(message: string, param: string): never {
  throw new Refusal(invalid(message, param));
}

const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const absent = (value: unknown): value is undefined | null => value === undefined || value === null;

function numberIn(fields: Fields, name: string, [least, most]: readonly [number, number]): number | undefined {
  const value = fields[name];
  if (absent(value)) return undefined;
  if (typeof value === 'number' && value >= least && value <= most) return value;
  return refuse(`${name} must be a number from ${least} to ${most}.`, name);
}

function wholeIn(fields: Fields, name: string, range: readonly [number, number]): number | undefined {
  const value = numberIn(fields, name, range);
  return value === undefined || Number.isInteger(value) ? value : refuse(`${name} must be a whole number.`, name);
}

function flagOf(fields: Fields, name: string): boolean {
  const value = fields[name];
  if (absent(value)) return false;
  return typeof value === 'boolean' ? value : refuse(`${name} must be true or false.`, name);
}

/** Values that mean "as if it were not there", for fields that nothing here can honour. */
const neutral: Readonly<Record<string, (value: unknown) => boolean>> = {
  n: (value) => value === 1,
  best_of: (value) => value === 1,
  frequency_penalty: (value) => value === 0,
  presence_penalty: (value) => value === 0,
  logprobs: (value) => value === false,
  top_logprobs: (value) => value === 0,
  logit_bias: (value) => isFields(value) && Object.keys(value).length === 0,
  echo: (value) => value === false,
  suffix: (value) => value === '',
  tools: (value) => Array.isArray(value) && value.length === 0,
  functions: (value) => Array.isArray(value) && value.length === 0,
  response_format: (value) => isFields(value) && value['type'] === 'text',
  modalities: (value) => Array.isArray(value) && value.every((one) => one === 'text'),
  audio: () => false,
};

function refuseUnsupported(fields: Fields): void {
  for (const [name, fine] of Object.entries(neutral)) {
    const value = fields[name];
    if (!absent(value) && !fine(value)) refuse(`${name} is not supported here.`, name);
  }
}

function stopOf(value: unknown): readonly string[] {
  if (absent(value)) return [];
  const list: readonly unknown[] = Array.isArray(value) ? value : [value];
  const fine = list.every((one): one is string => typeof one === 'string' && one !== '' && one.length <= 1000);
  return fine && list.length <= 16 ? list : refuse('stop must be one text or a list of at most 16.', 'stop');
}

function samplingOf(fields: Fields): Partial<Sampling> {
  const most = wholeIn(fields, 'max_completion_tokens', [1, 131_072]) ?? wholeIn(fields, 'max_tokens', [1, 131_072]);
  const seed = wholeIn(fields, 'seed', [Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER]);
  const wanted = {
    temperature: numberIn(fields, 'temperature', [0, 2]),
    topP: numberIn(fields, 'top_p', [0, 1]),
    topK: wholeIn(fields, 'top_k', [0, 1000]),
    minP: numberIn(fields, 'min_p', [0, 1]),
    repetitionPenalty: numberIn(fields, 'repetition_penalty', [0.5, 2]),
    maxNewTokens: most,
    seed: seed === undefined ? undefined : seed >>> 0, // the generator has 32 bits
  };
  return Object.fromEntries(Object.entries(wanted).filter(([, value]) => value !== undefined));
}

function wantedOf(fields: Fields): Wanted {
  const { model, stream_options: options } = fields;
  if (typeof model !== 'string' || model === '') refuse('model must name one of /v1/models.', 'model');
  refuseUnsupported(fields);
  const stream = flagOf(fields, 'stream');
  if (!absent(options) && !isFields(options)) refuse('stream_options must be an object.', 'stream_options');
  return {
    model,
    sampling: samplingOf(fields),
    stop: stopOf(fields['stop']),
    stream,
    usage: isFields(options) && flagOf(options, 'include_usage'),
  };
}

const roles: Readonly<Record<string, Role>> = {
  system: 'system',
  developer: 'system',
  user: 'user',
  assistant: 'assistant',
};

function textOf(content: unknown, param: string): string {
  if (typeof content === 'string') return content;
  if (!Array.isArray(content)) return refuse('content must be text.', param);
  const parts: readonly unknown[] = content;
  return parts
    .map((part) =>
      isFields(part) && part['type'] === 'text' && typeof part['text'] === 'string'
        ? part['text']
        : refuse('This model reads text only.', param),
    )
    .join('');
}

function messageOf(value: unknown, index: number): Message {
  const param = `messages[${index}]`;
  if (!isFields(value)) return refuse('Each message must be an object.', param);
  const role = typeof value['role'] === 'string' && Object.hasOwn(roles, value['role']) && roles[value['role']];
  if (!role) return refuse('role must be system, developer, user or assistant.', `${param}.role`);
  return { role, text: textOf(value['content'], `${param}.content`) };
}

function reading<T>(body: unknown, read: (fields: Fields) => T): Read<T> {
  if (!isFields(body)) return { ok: false, error: invalid('The body must be a JSON object.') };
  try {
    return { ok: true, value: read(body) };
  } catch (error) {
    if (error instanceof Refusal) return { ok: false, error: error.error };
    throw error;
  }
}

/** The body of POST /v1/chat/completions. */
export function readChat(body: unknown): Read<ChatWanted> {
  return reading(body, (fields) => {
    const wanted = wantedOf(fields);
    const { messages } = fields;
    if (!Array.isArray(messages) || messages.length === 0) refuse('messages must hold at least one.', 'messages');
    return { ...wanted, messages: messages.map(messageOf) };
  });
}

/** Tokens of a plain completion when nobody says how many: what OpenAI's API documents. */
const usualCompletion = 16;

/** The body of POST /v1/completions. One prompt at a time, as text. */
export function readCompletion(body: unknown): Read<CompletionWanted> {
  return reading(body, (fields) => {
    const wanted = wantedOf(fields);
    const { prompt } = fields;
    const list: readonly unknown[] = Array.isArray(prompt) ? prompt : [prompt];
    const [text] = list;
    if (list.length !== 1 || typeof text !== 'string') refuse('prompt must be one text.', 'prompt');
    return { ...wanted, prompt: text, sampling: { maxNewTokens: usualCompletion, ...wanted.sampling } };
  });
}
