import type { Problem } from '../contract/problem.ts';

/** A request that the page should never have made: our own bug or somebody else's page. */
export function badRequest(cause: string): Problem {
  return {
    code: 'bad-request',
    title: 'This request was not understood',
    explanation: 'Nothing was changed. If it happens again, copy the report and send it to us.',
    actions: [{ kind: 'copy-report', label: 'Copy report' }],
    evidence: [{ cause }],
  };
}

/** A bug: something threw that nobody expected. */
export function internal(error: unknown): Problem {
  return {
    code: 'internal',
    title: 'Something in Latchkey went wrong',
    explanation: 'Your chats, your models and your downloads are safe on disk. Copying the report helps us to fix it.',
    actions: [{ kind: 'copy-report', label: 'Copy report' }],
    evidence: [{ cause: error instanceof Error ? `${error.name}: ${error.message}` : String(error) }],
  };
}

/** The person, or the app in their name, took something back. Not an error; shown nowhere, but results need a value. */
export function cancelled(): Problem {
  return { code: 'cancelled', title: 'Stopped', explanation: 'Nothing was lost.', actions: [], evidence: [] };
}

/** An id that points to nothing any more. */
export function notFound(what: string): Problem {
  return {
    code: 'not-found',
    title: `This ${what} is not here any more`,
    explanation: 'It may have been removed in another window.',
    actions: [],
    evidence: [],
  };
}
