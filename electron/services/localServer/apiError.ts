import type { Problem } from '../../contract/problem.ts';

/** A failure in the shape that OpenAI's clients read. */
export interface ApiError {
  readonly status: number;
  readonly message: string;
  readonly type: 'invalid_request_error' | 'server_error';
  readonly param: string | null;
  readonly code: string | null;
  /** Seconds after which asking again makes sense. */
  readonly retryAfter?: number;
}

/** The request itself is at fault; `param` names the field. */
export function invalid(message: string, param: string | null = null, code: string | null = null): ApiError {
  return { status: 400, message, type: 'invalid_request_error', param, code };
}

/** What the engine could not do, in words for a program's log: title and explanation, never evidence. */
export function fromProblem({ code, title, explanation }: Problem): ApiError {
  const message = `${title}. ${explanation}`;
  switch (code) {
    case 'prompt-too-long':
      return invalid(message, 'messages', 'context_length_exceeded');
    case 'busy':
      return { status: 503, message, type: 'server_error', param: null, code: 'busy', retryAfter: 2 };
    case 'not-found':
      return { ...invalid(message, 'model', 'model_not_found'), status: 404 };
    default:
      return { status: 500, message, type: 'server_error', param: null, code };
  }
}

/** The body of an error answer. */
export function errorBody({ message, type, param, code }: ApiError): object {
  return { error: { message, type, param, code } };
}
