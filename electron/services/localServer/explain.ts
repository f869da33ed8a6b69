import type { Problem } from '../../contract/problem.ts';
import { internal } from '../explain.ts';

/** The local server could not start listening. */
export function cannotListen(error: unknown, port: number): Problem {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code !== 'EADDRINUSE' && code !== 'EACCES') return internal(error);
  return {
    code: 'port-taken',
    title: `Port ${port} is not free`,
    explanation:
      'Another program on this computer listens there. Latchkey can take another port; programs you connected then need the new address.',
    actions: [
      { kind: 'request', request: 'localServer.set', input: { on: true, anyPort: true }, label: 'Use another port' },
    ],
    evidence: [{ cause: `${code} on 127.0.0.1:${port}` }],
  };
}

/** More requests wait than can be answered in a time that makes sense. */
export function queueFull(waiting: number): Problem {
  return {
    code: 'busy',
    title: 'The model is busy',
    explanation: 'It writes one answer at a time, and enough others wait. Ask again in a moment.',
    actions: [],
    evidence: [{ cause: `${waiting} requests wait` }],
  };
}
