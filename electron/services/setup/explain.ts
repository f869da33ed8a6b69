import type { Dtype, Fidelity, RepoId } from '../../contract/model.ts';
import type { Problem } from '../../contract/problem.ts';
import type { WorkerExit } from '../ports.ts';
import { endingIn, ranOutOfMemory } from '../work/ending.ts';

/** The conversion process ended by itself; the official files were only read, so nothing is lost. */
export function converterExit(exit: WorkerExit): Problem {
  const cause = endingIn(exit);
  const memory = ranOutOfMemory(exit);
  return {
    code: memory ? 'not-enough-memory' : 'conversion-failed',
    title: memory ? 'The system stopped the preparation' : 'The preparation stopped',
    explanation: memory
      ? 'This usually means that memory ran out. The downloaded files are kept; close other programs and prepare again.'
      : 'The downloaded files are kept and were not changed. Preparing again starts from them.',
    actions: [{ kind: 'copy-report', label: 'Copy report' }],
    evidence: [{ cause }],
  };
}

/** The converted model loaded but did not behave: it is not installed. */
export function sanityFailed(repo: RepoId, cause: string): Problem {
  return {
    code: 'conversion-failed',
    title: 'The prepared model failed its check',
    explanation:
      'It was not installed. The downloaded files are kept and were not changed; preparing again starts from them. If it fails again, another format may work.',
    actions: [
      { kind: 'request', request: 'setup.start', input: { repo }, label: 'Prepare again' },
      { kind: 'copy-report', label: 'Copy report' },
    ],
    evidence: [{ cause }],
  };
}

/** The converted model answers, and not what the official weights answer. */
export function farFromOfficial(
  { repo, dtype }: { readonly repo: RepoId; readonly dtype: Dtype },
  fidelity: Fidelity,
  most: number,
): Problem {
  return {
    ...sanityFailed(
      repo,
      `${dtype}: ${fidelity.meanDivergence.toPrecision(3)} nats per token from the official weights at ` +
        `${fidelity.positions} positions, at most ${most} expected; same first choice at ${fidelity.sameChoices}`,
    ),
    title: 'The prepared model answers differently from the official weights',
  };
}
