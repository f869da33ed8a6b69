import type { Problem } from '../../contract/problem.ts';

const again = { kind: 'request', request: 'update.check', label: 'Check again' } as const;
const copy = { kind: 'copy-report', label: 'Copy report' } as const;

/** An update that could be anybody's. It is never started. */
export function notGenuine(cause: string): Problem {
  return {
    code: 'update-not-genuine',
    title: 'This update is not genuine',
    explanation:
      'What the server offers is not what the makers of Latchkey signed. It was thrown away; your Latchkey stays as it is.',
    actions: [again, copy],
    evidence: [{ cause }],
  };
}

/** The update server was not reached, or broke off. */
export function updateFailed(cause: string): Problem {
  return {
    code: 'update-failed',
    title: 'The update did not arrive',
    explanation: 'Your Latchkey stays as it is and works as before.',
    actions: [again, copy],
    evidence: [{ cause }],
  };
}

/** Looking for updates needs the network, and the person has shut it. */
export function updatesOffline(): Problem {
  return {
    code: 'offline',
    title: 'Latchkey is offline',
    explanation: 'While it is, no server is asked for updates.',
    actions: [{ kind: 'request', request: 'app.setOffline', input: { on: false }, label: 'Go online' }],
    evidence: [],
  };
}
