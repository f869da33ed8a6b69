import type { Evidence, Problem } from '../../contract/problem.ts';
import { internal } from '../explain.ts';
import { ModelFolderError } from './modelFolder.ts';
import { BrokenLogitsError } from './sample.ts';

/** A number of bytes as people say it. */
function gigabytes(bytes: number): string {
  return `${(bytes / 1e9).toFixed(1)} GB`;
}

/** The model, or the room a long chat takes, is larger than what this computer has. */
export function notEnoughMemory(
  evidence: Evidence,
  sizes?: { readonly needed: number; readonly free: number; readonly present: number },
): Problem {
  return {
    code: 'not-enough-memory',
    title: 'This computer has not enough memory for this',
    explanation: sizes
      ? sizes.needed > sizes.present
        ? `The model needs about ${gigabytes(sizes.needed)}; this computer has ${gigabytes(sizes.present)}. The model stays on disk.`
        : `The model needs about ${gigabytes(sizes.needed)}; ${gigabytes(sizes.free)} of the ${gigabytes(sizes.present)} in this computer are free. Close other programs and ask again, or choose a smaller model.`
      : 'Closing other programs can help, and so can a smaller model or a shorter chat. The chat so far is kept.',
    actions: [
      { kind: 'view', view: 'models', label: 'Choose a smaller model' },
      { kind: 'copy-report', label: 'Copy report' },
    ],
    evidence: [evidence],
  };
}

/** The context that the person chose does not fit beside the model. */
export function contextTooLong(sizes: {
  readonly wish: number; // tokens
  readonly room: number; // tokens
  readonly free: number; // bytes
}): Problem {
  return {
    code: 'not-enough-memory',
    title: 'The chosen context does not fit into the memory',
    explanation: `You chose ${sizes.wish} tokens; ${gigabytes(sizes.free)} are free, which is room for about ${sizes.room}. Choose a shorter context for this model, or close other programs.`,
    actions: [
      { kind: 'view', view: 'models', label: 'Choose the context' },
      { kind: 'copy-report', label: 'Copy report' },
    ],
    evidence: [{ cause: `${sizes.wish} tokens wished, room for ${sizes.room}, ${sizes.free} bytes free` }],
  };
}

/** A file of the prepared model is missing, cut short or changed. */
export function damagedFile(cause: string): Problem {
  return {
    code: 'damaged-file',
    title: 'A file of this model is damaged',
    explanation:
      'Preparing the model again repairs it; the download does not have to be repeated. Your chats are safe.',
    actions: [
      { kind: 'view', view: 'journey', label: 'Prepare again' },
      { kind: 'copy-report', label: 'Copy report' },
    ],
    evidence: [{ cause }],
  };
}

/** The chat with everything before it is longer than the model can read. Nothing is ever cut silently. */
export function promptTooLong(tokens: number, limit: number): Problem {
  return {
    code: 'prompt-too-long',
    title: 'This chat is longer than the model can read',
    explanation: `It has ${tokens} tokens and the model reads at most ${limit}, the answer included. Nothing was cut. Shorten the message or start a new chat.`,
    actions: [{ kind: 'view', view: 'chat', label: 'New chat' }],
    evidence: [{ cause: `${tokens} tokens, limit ${limit}` }],
  };
}

/** The chat template of the model did not accept the conversation. */
export function templateRefused(cause: string): Problem {
  return {
    code: 'template-refused',
    title: "The model's chat template does not accept this conversation",
    explanation:
      'Some templates take no system prompt, or only questions and answers in turn. Your words are kept. Clear the system prompt in the settings of this chat, or start a new one.',
    actions: [
      { kind: 'view', view: 'chat', label: 'New chat' },
      { kind: 'copy-report', label: 'Copy report' },
    ],
    evidence: [{ cause: cause.slice(0, 500) }],
  };
}

/** A request for text arrived while no model is loaded. */
export function noModelLoaded(): Problem {
  return {
    code: 'engine-stopped',
    title: 'No model is loaded',
    explanation: 'The model is loaded again with the next message. Your chats are safe.',
    actions: [],
    evidence: [],
  };
}

const memoryWords =
  /bad_alloc|failed to allocate memory|array buffer allocation failed|invalid typed array length|out of memory/iu;

/** Foreign failures of loading and running a model. What is not recognised stays a bug and is told as one. */
export function explainInference(error: unknown): Problem {
  const cause = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  if (memoryWords.test(cause)) return notEnoughMemory({ cause });
  if (error instanceof ModelFolderError || error instanceof BrokenLogitsError) return damagedFile(cause);
  return internal(error);
}

/** Everything that goes wrong while a model is being opened and is not memory lies in its files. */
export function explainLoading(error: unknown): Problem {
  const problem = explainInference(error);
  return problem.code === 'internal' ? damagedFile(problem.evidence[0]?.cause ?? String(error)) : problem;
}
