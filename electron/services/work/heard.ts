/**
 * What a worker process says is checked like anything from outside: it runs tokenizers, templates and native code over
 * files that strangers wrote. Whatever is not one of our own messages ends the process (client.ts).
 */
import type { FromWorker } from './protocol.ts';

type Check = (value: unknown) => boolean;
type Fields = Readonly<Record<string, unknown>>;

const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const text: Check = (value) => typeof value === 'string';
const flag: Check = (value) => typeof value === 'boolean';
/** JSON has no NaN and no infinity: both arrive as null. */
const number: Check = (value) => typeof value === 'number' || value === null;
const list =
  (of: Check): Check =>
  (value) =>
    Array.isArray(value) && value.every(of);
const oneOf =
  (...values: readonly string[]): Check =>
  (value) =>
    values.some((one) => one === value);
/** An object with at least these fields. */
const fields =
  (checks: Readonly<Record<string, Check>>): Check =>
  (value) =>
    isFields(value) && Object.entries(checks).every(([name, check]) => check(value[name]));
const nothing: Check = (value) => value === undefined || value === null;

const stats = fields({
  promptTokens: number,
  reusedTokens: number,
  newTokens: number,
  firstTokenSeconds: number,
  tokensPerSecond: number,
  device: text,
});

/** A day: nothing that a worker announces takes longer, and whoever says so wants not to be watched. */
const longest = 86_400;

/** Results and events of each request of protocol.ts. A request that is not here may not be made. */
const said: Readonly<Record<string, { readonly output: Check; readonly event?: Check }>> = {
  load: { output: fields({ device: text, contextLength: number, loadSeconds: number, instruct: flag }) },
  generate: {
    output: fields({ finishReason: oneOf('stop', 'length', 'stopped-by-person'), stats }),
    event: fields({ text }),
  },
  sanityCheck: { output: fields({ prompt: text, text, tokens: number, tokensPerSecond: number }) },
  tokens: { output: list(number) },
  compare: {
    output: fields({ positions: number, meanDivergence: number, worstDivergence: number, sameChoices: number }),
  },
  forget: { output: nothing },
  unload: { output: nothing },
  ping: { output: nothing },
  convert: {
    output: fields({
      bytes: number,
      files: list(fields({ path: text, bytes: number, sha256: text })),
      architecture: text,
      contextLength: number,
      instruct: flag,
    }),
    event: fields({ doneBytes: number, totalBytes: number, item: text }),
  },
  reference: {
    output: fields({ positions: number, vocabulary: number }),
    event: fields({ done: number, total: number }),
  },
};

const problem = fields({
  code: text,
  title: text,
  explanation: text,
  actions: list(isFields),
  evidence: list(isFields),
});

/** `request` is the name of the call that the message's number belongs to; undefined where it is settled or never was. */
function isResult(result: unknown, request: string | undefined): boolean {
  if (!isFields(result)) return false;
  if (result['ok'] === false) return problem(result['problem']);
  // A late answer (of a ping) is for nobody, and whatever it holds goes nowhere.
  return result['ok'] === true && (request === undefined || said[request]?.output(result['value']) === true);
}

/**
 * The message, if it is one of protocol.ts; undefined for everything else. `requestOf` names the pending call of a number.
 */
export function heard(message: unknown, requestOf: (seq: number) => string | undefined): FromWorker | undefined {
  if (!isFields(message)) return undefined;
  const { seq, busy, seconds, log } = message;
  const ours =
    message['ready'] === true ||
    (oneOf('load', 'template', 'tokenize', 'run')(busy) &&
      typeof seconds === 'number' &&
      seconds >= 0 &&
      seconds <= longest) ||
    fields({ area: text, event: text })(log) ||
    (typeof seq === 'number' &&
      ('result' in message
        ? isResult(message['result'], requestOf(seq))
        : 'event' in message &&
          (requestOf(seq) === undefined || said[requestOf(seq) ?? '']?.event?.(message['event']) === true)));
  return ours ? (message as unknown as FromWorker) : undefined;
}
