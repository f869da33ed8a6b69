import type { BackendEvent, Handlers } from '../contract/ipc.ts';
import { ok, type Result } from '../contract/result.ts';
import type { SignInState } from '../contract/setup.ts';
import type { AccessRooms } from './access.ts';
import type { Journeys } from './setup/journeys.ts';

type Names = Extract<keyof Handlers, `${'signIn' | 'accessToken' | 'tokens'}.${string}`>;

/** Everything about tokens: our own and those of other programs. */
export function accessHandlers(
  { signIn, otherTokens }: AccessRooms,
  { journeys, emit }: { readonly journeys: Journeys; readonly emit: (event: BackendEvent) => void },
): Pick<Handlers, Names> {
  /** Another token: every journey that it held up asks again. */
  const replaced = (result: Result<SignInState>): Result<SignInState> => {
    if (result.ok) journeys.tokenChanged();
    return result;
  };
  return {
    'signIn.get': async () => ok(signIn.state()),
    'accessToken.save': async ({ accessToken }) => replaced(await signIn.save(accessToken)),
    'accessToken.forget': async () => replaced(await signIn.forget()),
    'tokens.find': async ({ askGit }) => ok(await otherTokens.find({ askGit })),
    'tokens.test': async ({ id }) => {
      const tested = await otherTokens.test(id);
      // The button may stand in a sentence far from the list: the list hears of it by itself.
      if (tested.ok) emit({ type: 'tokens.changed', findings: tested.value });
      return tested;
    },
    'tokens.import': async ({ id }) => replaced(await otherTokens.adopt(id)),
  };
}
