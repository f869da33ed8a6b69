import type { Action, Evidence, Problem } from '../../contract/problem.ts';
import type { Named } from '../work/protocol.ts';

/** A number of bytes as people say it. */
function gigabytes(bytes: number): string {
  return `${(bytes / 1e9).toFixed(1)} GB`;
}

const smallerModel: Action = { kind: 'view', view: 'models', label: 'Choose a smaller model' };
const report: Action = { kind: 'copy-report', label: 'Copy report' };
/** What going on anyway can cost, said before it is done. */
const risk =
  'If you load it anyway, answers can become very slow and other programs can stall; the system may end the model in the middle of an answer. Latchkey, your chats and what was written stay.';

/** Goes on although the estimate says no; the last of the offers, never the first. */
function anyway({ modelId }: Named): Action {
  return { kind: 'request', request: 'engine.permit', input: { modelId }, label: 'Load anyway' };
}

/**
 * The model, or the room a long chat takes, is larger than what this computer has. With `sizes` it was refused by an estimate
 * before anything was loaded; a model that is `named` can then be loaded at the person's own risk.
 */
export function notEnoughMemory(
  evidence: Evidence,
  sizes?: {
    readonly needed: number;
    readonly free: number;
    readonly present: number;
    readonly named?: Named | undefined;
  },
): Problem {
  const title = 'This computer has not enough memory for this';
  if (!sizes) {
    const explanation =
      'Closing other programs can help, and so can a smaller model or a shorter chat. The chat so far is kept.';
    return {
      code: 'not-enough-memory',
      title,
      explanation,
      actions: [smallerModel, report],
      evidence: [evidence],
    };
  }
  const { needed, free, present, named } = sizes;
  const fact =
    needed > present
      ? `The model needs about ${gigabytes(needed)}; this computer has ${gigabytes(present)}. The model stays on disk.`
      : `The model needs about ${gigabytes(needed)}; ${gigabytes(free)} of the ${gigabytes(present)} in this computer are free. Close other programs and ask again, or choose a smaller model.`;
  const { repo, smaller } = named ?? {};
  const inFewerBits: readonly Action[] = smaller
    ? [{ kind: 'request', request: 'setup.choose', input: { repo, dtype: smaller }, label: 'Prepare it in 4 bits' }]
    : [];
  return {
    code: 'not-enough-memory',
    title,
    explanation: named ? `${fact} ${risk}` : fact,
    actions: [...inFewerBits, smallerModel, named ? anyway(named) : report],
    evidence: [evidence],
  };
}

/** The largest power of two up to `room`: the lengths that the list of contexts has. */
function handyLength(room: number): number {
  return 2 ** Math.floor(Math.log2(Math.max(1, room)));
}

/** The context that the person chose does not fit beside the model; a shorter one does. */
export function contextTooLong(sizes: {
  readonly wish: number; // tokens
  readonly room: number; // tokens
  readonly free: number; // bytes
  readonly named?: Named | undefined;
}): Problem {
  const { wish, room, free, named } = sizes;
  const tokens = handyLength(room);
  const fact = `You chose ${wish.toLocaleString('en')} tokens; ${gigabytes(free)} are free, which is room for about ${room.toLocaleString('en')}. Choose a shorter context for this model, or close other programs.`;
  const choose: Action = { kind: 'view', view: 'models', label: 'Choose the context' };
  return {
    code: 'not-enough-memory',
    title: 'The chosen context does not fit into the memory',
    explanation: named ? `${fact} ${risk}` : fact,
    actions: named
      ? [
          {
            kind: 'request',
            request: 'devices.setContext',
            input: { modelId: named.modelId, tokens },
            label: `Use ${tokens.toLocaleString('en')} tokens`,
          },
          choose,
          anyway(named),
        ]
      : [choose, report],
    evidence: [{ cause: `${wish} tokens wished, room for ${room}, ${free} bytes free` }],
  };
}
