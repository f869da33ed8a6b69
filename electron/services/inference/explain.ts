import type { Action, Problem } from '../../contract/problem.ts';
import { internal } from '../explain.ts';
import { notEnoughMemory } from './explainMemory.ts';
import { ModelFolderError } from './modelFolder.ts';
import { BrokenLogitsError } from './sample.ts';

const report: Action = { kind: 'copy-report', label: 'Copy report' };

/** Neither our loop nor transformers.js can make this graph write. */
export function graphUnsupported(cause: string): Problem {
  return {
    code: 'unsupported-architecture',
    title: 'Latchkey cannot run this kind of ONNX file',
    explanation:
      'Its files are whole, but they ask for something that neither Latchkey nor transformers.js can give while it writes. Preparing it again changes nothing; a repository with the official weights, or another model, can work.',
    actions: [{ kind: 'view', view: 'models', label: 'Choose another model' }, report],
    evidence: [{ cause }],
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

/** transformers.js has no class for the model, or the graph wants inputs that it never gives. */
const unsupportedWords = /Unsupported model type|Missing the following inputs|is not compatible with `\.generate/u;

/** Foreign failures of loading and running a model. What is not recognised stays a bug and is told as one. */
export function explainInference(error: unknown): Problem {
  const cause = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  if (memoryWords.test(cause)) return notEnoughMemory({ cause });
  if (unsupportedWords.test(cause)) return graphUnsupported(cause.slice(0, 500));
  if (error instanceof ModelFolderError || error instanceof BrokenLogitsError) return damagedFile(cause);
  return internal(error);
}

/** Everything that goes wrong while a model is being opened and is not memory lies in its files. */
export function explainLoading(error: unknown): Problem {
  const problem = explainInference(error);
  return problem.code === 'internal' ? damagedFile(problem.evidence[0]?.cause ?? String(error)) : problem;
}
