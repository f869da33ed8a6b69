import type { Problem } from '../../contract/problem.ts';
import type { WorkerExit } from '../ports.ts';
import { endingIn, ranOutOfMemory } from '../work/ending.ts';
import type { Doing } from '../work/protocol.ts';

/** The inference process ended by itself. */
export function engineExit(exit: WorkerExit): Problem {
  const cause = endingIn(exit);
  if (ranOutOfMemory(exit)) {
    return {
      code: 'not-enough-memory',
      title: 'The system stopped the model',
      explanation:
        'This usually means that memory ran out. The chat is safe, with what was written so far. Close other programs, or choose a smaller model.',
      actions: [{ kind: 'view', view: 'models', label: 'Choose another model' }],
      evidence: [{ cause }],
    };
  }
  return {
    code: 'engine-stopped',
    title: 'The part of Latchkey that runs the model stopped',
    explanation: 'The chat is safe, with what was written so far. Asking again starts it anew.',
    actions: [{ kind: 'copy-report', label: 'Copy report' }],
    evidence: [{ cause }],
  };
}

/** It did not answer any more and was ended. */
export function engineHung(doing: Doing | undefined): Problem {
  const cause = `silent while it was busy with: ${doing ?? 'nothing it announced'}`;
  if (doing === 'tokenize' || doing === 'template') {
    return {
      code: 'damaged-file',
      title: `The model's ${doing === 'template' ? 'chat template' : 'tokenizer'} does not come to an end`,
      explanation:
        'It comes with the model, and Latchkey ended it. The chat is safe. Prepare the model again, or choose another one.',
      actions: [
        { kind: 'view', view: 'models', label: 'Choose another model' },
        { kind: 'copy-report', label: 'Copy report' },
      ],
      evidence: [{ cause }],
    };
  }
  return {
    code: 'engine-stopped',
    title: 'The model did not answer any more',
    explanation:
      'Latchkey ended the part that runs it. The chat is safe, with what was written so far. Asking again starts it anew.',
    actions: [{ kind: 'copy-report', label: 'Copy report' }],
    evidence: [{ cause }],
  };
}

/** The restart budget is used up. */
export function tooManyRestarts(): Problem {
  return {
    code: 'engine-stopped',
    title: 'The model stopped four times in ten minutes',
    explanation:
      'Latchkey does not start it again by itself. Verify the model, or choose a smaller one; your chats are safe.',
    actions: [
      { kind: 'view', view: 'models', label: 'Look at the model' },
      { kind: 'copy-report', label: 'Copy report' },
    ],
    evidence: [],
  };
}

/** The chat's model is not on this computer any more. */
export function modelMissing(): Problem {
  return {
    code: 'not-found',
    title: 'The model of this chat is not installed',
    explanation: 'The chat is kept. Choose another installed model for it, or install this one again.',
    actions: [{ kind: 'view', view: 'models', label: 'Models' }],
    evidence: [],
  };
}

/** A model is being prepared: both at once could exhaust memory. */
export function preparing(): Problem {
  return {
    code: 'busy',
    title: 'A model is being prepared',
    explanation:
      'Preparing and chatting at once could exhaust memory. Ask again when it is done; the question is kept.',
    actions: [{ kind: 'view', view: 'journey', label: 'Show progress' }],
    evidence: [],
  };
}
