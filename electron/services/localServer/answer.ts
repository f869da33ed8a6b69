import type { ServerResponse } from 'node:http';
import type { InstalledModel } from '../../contract/model.ts';
import type { Result } from '../../contract/result.ts';
import type { GenerateInput, GenerateOutput } from '../work/protocol.ts';
import { type ApiError, errorBody, fromProblem, invalid } from './apiError.ts';
import type { ChatWanted, CompletionWanted } from './readBody.ts';
import { findModel, nameOf, type Shape, shapeOf } from './shapes.ts';

/** What the server needs of the rest of the house. */
export interface Lent {
  readonly models: () => readonly InstalledModel[];
  readonly generate: (
    model: InstalledModel,
    input: GenerateInput,
    options: { readonly signal: AbortSignal; readonly onText: (text: string) => void },
  ) => Promise<Result<GenerateOutput>>;
  readonly now: () => number;
}

/** Nothing here may be kept by anybody on the way, or be taken for something else than what it says it is. */
export const headers: Readonly<Record<string, string>> = {
  'cache-control': 'no-store',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'cross-origin-resource-policy': 'same-origin',
  'x-content-type-options': 'nosniff',
};

/** A program that asks and does not read must not fill memory. */
const mostUnreadBytes = 4_000_000;
/** Names the server's cache: whatever two requests begin with in common is computed once. */
const cacheKey = 'local-server';

export function sendJson(
  response: ServerResponse,
  body: object,
  status = 200,
  more: Record<string, string> = {},
): void {
  const json = Buffer.from(JSON.stringify(body));
  response
    .writeHead(status, { ...headers, ...more, 'content-type': 'application/json', 'content-length': json.length })
    .end(json);
}

export function sendError(response: ServerResponse, error: ApiError): void {
  const more = error.retryAfter === undefined ? {} : { 'retry-after': String(error.retryAfter) };
  sendJson(response, errorBody(error), error.status, more);
}

const modelMissing = (name: string): ApiError => ({
  ...invalid(`The model ${name} is not installed. GET /v1/models lists those that are.`, 'model', 'model_not_found'),
  status: 404,
});

interface Asked {
  readonly model: InstalledModel;
  readonly input: GenerateInput;
  readonly shape: Shape;
}

/** The engine's input, or why there is none. */
function ask(wanted: ChatWanted | CompletionWanted, { models, now }: Lent): Asked | ApiError {
  const all = models();
  const model = findModel(wanted.model, all);
  if (!model) return modelMissing(wanted.model);
  const chat = 'messages' in wanted;
  if (chat && !model.instruct) {
    return invalid('This model has no chat template. Ask it through /v1/completions.', 'model');
  }
  const messages = chat ? wanted.messages : [{ role: 'user' as const, text: wanted.prompt }];
  const sampling = { ...model.sampling, maxNewTokens: model.contextLength, ...wanted.sampling };
  const facts = { model: nameOf(model, all), created: Math.floor(now() / 1000) };
  return {
    model,
    input: { cacheKey, messages, sampling, stop: wanted.stop, ...(!chat && { plain: true }) },
    shape: shapeOf(chat ? 'chat' : 'completion', facts),
  };
}

/** Answers one request, whole or as a stream of server-sent events, until it is done or the program hangs up. */
export async function answer(
  response: ServerResponse,
  wanted: ChatWanted | CompletionWanted,
  lent: Lent,
  closing: AbortSignal,
): Promise<void> {
  const asked = ask(wanted, lent);
  if ('status' in asked) return sendError(response, asked);
  const { model, input, shape } = asked;
  const gone = new AbortController();
  response.once('close', () => gone.abort());
  const signal = AbortSignal.any([gone.signal, closing]);

  const event = (data: object | string): void => {
    response.write(`data: ${typeof data === 'string' ? data : JSON.stringify(data)}\n\n`);
    if (response.writableLength > mostUnreadBytes) response.destroy();
  };
  // The head waits for the first text, so that whatever fails before it still gets its own status.
  const open = (): void => {
    if (response.headersSent) return;
    response.writeHead(200, { ...headers, 'content-type': 'text/event-stream; charset=utf-8' });
    if (shape.opening) event(shape.opening);
  };
  let text = '';
  const result = await lent.generate(model, input, {
    signal,
    onText(piece) {
      if (!wanted.stream) text += piece;
      else if (!gone.signal.aborted) {
        open();
        event(shape.piece(piece));
      }
    },
  });
  if (gone.signal.aborted) return;
  if (!result.ok) {
    const error = fromProblem(result.problem);
    if (!response.headersSent) return sendError(response, error);
    event(errorBody(error));
    response.end();
    return;
  }
  if (!wanted.stream) return sendJson(response, shape.whole(text, result.value));
  open();
  event(shape.closing(result.value));
  if (wanted.usage) event(shape.usage(result.value));
  event('[DONE]');
  response.end();
}
