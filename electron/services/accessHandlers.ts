import type { BackendEvent, Handlers } from '../contract/ipc.ts';
import { failed, ok, type Result } from '../contract/result.ts';
import type { SignInState } from '../contract/setup.ts';
import type { AccessRooms } from './access.ts';
import { notFound } from './explain.ts';
import { cleanToken } from './hub/cleanToken.ts';
import { readPaste } from './hub/readPaste.ts';
import type { Ports } from './ports.ts';
import type { Journeys } from './setup/journeys.ts';

type Names = Extract<keyof Handlers, `${'signIn' | 'accessToken' | 'tokens' | 'family' | 'paste'}.${string}`>;

/** Everything about tokens: our own and those of other programs. */
export function accessHandlers(
  ports: Ports,
  { signIn, otherTokens, browserSignIn, licences, signInState }: AccessRooms,
  { journeys, emit }: { readonly journeys: Journeys; readonly emit: (event: BackendEvent) => void },
): Pick<Handlers, Names> {
  /** Another token: every journey that it held up asks again, and a sign-in under way elsewhere is over. */
  const replaced = (result: Result<unknown>): Result<SignInState> => {
    if (!result.ok) return result;
    browserSignIn.stop();
    journeys.tokenChanged();
    return ok(signInState());
  };
  return {
    'paste.read': async ({ text }) => ok(readPaste(text)),
    'signIn.get': async () => ok(signInState()),
    'signIn.openBrowser': async () => {
      const started = await browserSignIn.start();
      return started.ok ? ok(signInState()) : started;
    },
    'signIn.stopBrowser': async () => {
      browserSignIn.stop();
      return ok(signInState());
    },
    'accessToken.save': async ({ accessToken }) => replaced(await signIn.save(accessToken)),
    'accessToken.forget': async () => replaced(await signIn.forget()),
    'accessToken.inClipboard': async () => {
      const token = tokenIn((await ports.readClipboard?.()) ?? '');
      return ok(token === undefined || token === signIn.token()?.reveal() ? {} : { ending: token.slice(-4) });
    },
    'accessToken.saveFromClipboard': async () => {
      const token = tokenIn((await ports.readClipboard?.()) ?? '');
      return token === undefined ? failed(notFound('token')) : replaced(await signIn.save(token));
    },
    'tokens.find': async ({ askGit }) => ok(await otherTokens.find({ askGit })),
    'tokens.test': async ({ id }) => {
      const tested = await otherTokens.test(id);
      // The button may stand in a sentence far from the list: the list hears of it by itself.
      if (tested.ok) emit({ type: 'tokens.changed', findings: tested.value });
      return tested;
    },
    'family.get': async ({ repo }) => ok(licences.family(repo)),
    'family.check': async ({ repo, edition }) => ok(await licences.check(repo, edition)),
    'tokens.import': async ({ id }) => replaced(await otherTokens.adopt(id)),
  };
}

/** Only what begins like a token is looked at further; whatever else a person copied is none of our business. */
function tokenIn(text: string): string | undefined {
  if (text.length > 10_000 || !text.includes('hf_')) return undefined;
  const cleaned = cleanToken(text);
  return cleaned.ok ? cleaned.value : undefined;
}
