/**
 * Signing in through the person's browser: a code is shown here and confirmed there (RFC 8628). Exists only where the
 * app is registered with the Hub; the code, not the token, is all the page gets to see.
 */
import { failed, ok, type Result } from '../../contract/result.ts';
import type { BrowserSignIn as State } from '../../contract/setup.ts';
import { notFound } from '../explain.ts';
import { type DeviceCode, finishDeviceSignIn, startDeviceSignIn } from '../hub/deviceSignIn.ts';
import type { HubClient } from '../hub/request.ts';
import type { HeldToken } from './heldToken.ts';

export interface BrowserSignIn {
  readonly available: boolean;
  state(): State | undefined;
  /** Asks for a code; waits for the browser in the background. Called again, it begins anew. */
  start(): Promise<Result<undefined>>;
  stop(): void;
  /** The Hub's page with the code filled in, while one is waited for. */
  page(): string | undefined;
}

export function createBrowserSignIn(options: {
  readonly hub: HubClient;
  readonly clientId: string | undefined;
  readonly adopt: (held: HeldToken) => Promise<Result<unknown>>;
  readonly onChange: () => void;
}): BrowserSignIn {
  const { hub, clientId, onChange } = options;
  let state: State | undefined;
  let code: DeviceCode | undefined;
  let running: AbortController | undefined;

  const become = (next: State | undefined): void => {
    state = next;
    if (next?.kind !== 'waiting') code = undefined;
    onChange();
  };

  async function wait(id: string, waiting: DeviceCode, mine: AbortController): Promise<void> {
    const tokens = await finishDeviceSignIn(hub, { clientId: id, code: waiting }, { signal: mine.signal });
    if (running !== mine) return; // stopped, or begun anew
    const adopted = tokens.ok ? await options.adopt(tokens.value) : tokens;
    if (running !== mine) return;
    running = undefined;
    become(adopted.ok ? undefined : { kind: 'failed', problem: adopted.problem });
  }

  const stop = (): void => {
    running?.abort();
    running = undefined;
  };

  return {
    available: clientId !== undefined,
    state: () => state,
    page: () => code?.pageWithCode ?? code?.page,
    async start() {
      if (clientId === undefined) return failed(notFound('way to sign in'));
      stop();
      const mine = new AbortController();
      running = mine;
      const started = await startDeviceSignIn(hub, { clientId }, { signal: mine.signal });
      if (running !== mine) return ok(undefined);
      if (!started.ok) {
        running = undefined;
        become({ kind: 'failed', problem: started.problem });
        return ok(undefined);
      }
      code = started.value;
      become({ kind: 'waiting', userCode: code.userCode, expiresAt: code.expiresAt });
      void wait(clientId, code, mine);
      return ok(undefined);
    },
    stop() {
      stop();
      if (state) become(undefined);
    },
  };
}
