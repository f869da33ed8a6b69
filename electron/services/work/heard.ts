/**
 * What a worker process says is checked like anything from outside: it runs tokenizers, templates and native code over
 * files that strangers wrote. Whatever is not one of our own messages ends the process (client.ts).
 */
import { devices } from '../../contract/model.ts';
import type { ConvertWork, FromWorker, InferWork } from './protocol.ts';

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
const optional =
  (check: Check): Check =>
  (value) =>
    value === undefined || check(value);
const either =
  (...checks: readonly Check[]): Check =>
  (value) =>
    checks.some((check) => check(value));
const nothing: Check = (value) => value === undefined || value === null;

const device = oneOf(...devices);
const lost = optional(fields({ device, cause: text }));
const stats = fields({
  promptTokens: number,
  reusedTokens: number,
  newTokens: number,
  firstTokenSeconds: number,
  tokensPerSecond: number,
  device,
});

/** A day: nothing that a worker announces takes longer, and whoever says so wants not to be watched. */
const longest = 86_400;

/** Results and events of each request of protocol.ts, every one of them. */
const said: Readonly<Record<keyof InferWork | keyof ConvertWork, { readonly output: Check; readonly event?: Check }>> =
  {
    probe: {
      output: either(
        fields({ runtime: text, kind: oneOf('works'), half: flag }),
        fields({ runtime: text, kind: oneOf('absent') }),
        fields({ runtime: text, kind: oneOf('fails'), cause: text }),
      ),
    },
    load: {
      output: fields({
        device,
        threads: number,
        contextLength: number,
        contextLimit: number,
        contextBy: text,
        memory: isFields,
        fallback: lost,
        generic: optional(flag),
        atOwnRisk: optional(flag),
        loadSeconds: number,
        instruct: flag,
      }),
    },
    generate: {
      output: fields({ finishReason: oneOf('stop', 'length', 'stopped-by-person'), stats, lost }),
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
    inspect: { output: fields({ architecture: text, parameters: number, outputBytes: number, instruct: flag }) },
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

const isKnown = (request: string): request is keyof typeof said => Object.hasOwn(said, request);

/** `request` is the name of the call that the message's number belongs to; undefined where it is settled or never was. */
function isResult(result: unknown, request: string | undefined): boolean {
  if (!isFields(result)) return false;
  if (result['ok'] === false) return problem(result['problem']);
  // A late answer (of a ping) is for nobody, and whatever it holds goes nowhere.
  if (result['ok'] !== true || request === undefined) return result['ok'] === true;
  return isKnown(request) && said[request].output(result['value']);
}

/** As for a result: an event that comes too late is for nobody. */
function isEvent(event: unknown, request: string | undefined): boolean {
  return request === undefined || (isKnown(request) && said[request].event?.(event) === true);
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
        : 'event' in message && isEvent(message['event'], requestOf(seq))));
  return ours ? (message as unknown as FromWorker) : undefined;
}
