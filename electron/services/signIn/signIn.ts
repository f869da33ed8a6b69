/**
 * Who is signed in: the one holder of the access token. It comes in once, goes to the OS keychain (or stays in this run
 * when there is none), and leaves only as a Secret for the Hub client. What people see is the account, never the token.
 */
import type { Account, SignInState, VaultState } from '../../contract/setup.ts';
import { failed, ok, type Result } from '../../contract/result.ts';
import type { StateFile } from '../durable/stateFile.ts';
import { cleanToken } from '../hub/cleanToken.ts';
import type { SendOptions } from '../hub/request.ts';
import { type AccessToken, createAccessToken } from '../hub/secret.ts';
import { type HeldToken, packToken, unpackToken } from './heldToken.ts';
import type { LogEntry, VaultPort } from '../ports.ts';

/** How long, and with how many requests, the Hub may be asked. */
type Ask = Pick<SendOptions, 'signal' | 'budget'>;

export interface SignIn {
  state(): SignInState;
  /** Reads the keychain; asks nobody on the network. */
  start(): Promise<void>;
  /** Cleans, proves with the Hub, then stores. The Hub saying no means nothing is stored. */
  save(pasted: string, options?: { signal?: AbortSignal }): Promise<Result<SignInState>>;
  /** Proves and stores a token that did not come from the person's hands. */
  adopt(held: HeldToken, options?: { signal?: AbortSignal }): Promise<Result<SignInState>>;
  forget(): Promise<Result<SignInState>>;
  token(): AccessToken | undefined;
  /** The token where it may be sent: undefined also when the person keeps it from the mirror in use. */
  tokenToSend(): AccessToken | undefined;
  /** Call before long work with the token: a browser sign-in that is about to end is renewed. */
  renew(options?: { signal?: AbortSignal }): Promise<Result<undefined>>;
  /** The account behind the stored token, asked once per run. undefined = no token, or none that may be sent. */
  account(options?: Ask): Promise<Result<Account | undefined>>;
}

/** What is kept beside the keychain so that an offline start can say whose token is stored. Nothing secret. */
export type AccountNote = Omit<Account, 'home'>;

export function isAccountNote(value: unknown): value is AccountNote {
  return typeof value === 'object' && value !== null && typeof (value as AccountNote).name === 'string';
}

/** Long enough for a check and the start of a download. */
const refreshEarlyMs = 10 * 60_000;

export function createSignIn(options: {
  readonly vault: VaultPort;
  readonly note: StateFile<AccountNote | null>;
  readonly whoAmI: (token: AccessToken, options: Ask) => Promise<Result<Omit<Account, 'home'>>>;
  /** Exchanges the refresh token of a browser sign-in; absent where there is no such sign-in. */
  readonly refresh?: (refreshToken: AccessToken, options: { signal?: AbortSignal }) => Promise<Result<HeldToken>>;
  /** The person keeps the token from the Hub in use, a mirror. */
  readonly isWithheld: () => boolean;
  readonly now: () => number;
  readonly onChange: (state: SignInState) => void;
  readonly log: (entry: LogEntry) => void;
}): SignIn {
  let held: HeldToken | undefined;
  let refreshing: Promise<Result<undefined>> | undefined;
  let vault: VaultState = 'empty';
  let account: Account | undefined;
  let noted: AccountNote | undefined;
  let inSession = false;

  const state = (): SignInState => ({
    vault,
    ...(account && { account }),
    ...(!account && noted && (held ?? vault === 'locked') && { unchecked: { name: noted.name, ending: noted.ending } }),
  });
  const changed = (): SignInState => {
    options.onChange(state());
    return state();
  };
  const learn = async (facts: Omit<Account, 'home'>): Promise<void> => {
    account = { ...facts, home: inSession ? 'session' : 'keychain' };
    noted = facts;
    await options.note.write(facts);
  };

  const keep = async (next: HeldToken): Promise<void> => {
    const kept = await options.vault.write(packToken(next));
    held = next;
    inSession = kept.kind !== 'value';
    vault = kept.kind === 'value' ? 'ready' : kept.kind;
  };
  const adopt: SignIn['adopt'] = async (next, { signal } = {}) => {
    const proof = await options.whoAmI(next.token, signal ? { signal } : {});
    if (!proof.ok) return proof;
    await keep(next);
    await learn(proof.value);
    options.log({ area: 'signIn', event: 'saved', home: inSession ? 'session' : 'keychain' });
    return ok(changed());
  };
  /** A browser sign-in lasts hours; its refresh token works once, so it is never used twice at the same time. */
  const refreshIfDue = (signal: AbortSignal | undefined): Promise<Result<undefined>> => {
    const { refreshToken, expiresAt } = held ?? {};
    if (!options.refresh || !refreshToken || expiresAt === undefined || options.now() < expiresAt - refreshEarlyMs) {
      return Promise.resolve(ok(undefined));
    }
    refreshing ??= options
      .refresh(refreshToken, signal ? { signal } : {})
      .then(async (renewed): Promise<Result<undefined>> => {
        options.log({ area: 'signIn', event: 'refreshed', done: renewed.ok });
        if (!renewed.ok) return renewed;
        await keep(renewed.value);
        if (account) account = { ...account, ending: renewed.value.token.ending };
        return ok(undefined);
      })
      .finally(() => (refreshing = undefined));
    return refreshing;
  };

  return {
    state,
    adopt,
    token: () => held?.token,
    tokenToSend: () => (options.isWithheld() ? undefined : held?.token),
    renew: ({ signal } = {}) => refreshIfDue(signal),
    async start() {
      noted = (await options.note.read()) ?? undefined;
      const answer = await options.vault.read();
      vault = answer.kind === 'value' ? 'ready' : answer.kind;
      if (answer.kind === 'value') held = unpackToken(answer.secret);
      options.log({ area: 'signIn', event: 'vault-read', state: vault });
      changed();
    },
    async save(pasted, { signal } = {}) {
      const cleaned = cleanToken(pasted);
      if (!cleaned.ok) return cleaned;
      return adopt({ token: createAccessToken(cleaned.value) }, signal ? { signal } : {});
    },
    async forget() {
      const answer = await options.vault.remove();
      if (answer.kind === 'locked') {
        vault = 'locked';
        changed();
        return failed({
          code: 'vault-locked',
          title: 'The keychain is locked',
          explanation: 'The access token is still in it. Unlock the keychain and forget the token again.',
          actions: [{ kind: 'request', request: 'accessToken.forget', label: 'Forget again' }],
          evidence: [{ cause: answer.reason }],
        });
      }
      held = undefined;
      account = undefined;
      noted = undefined;
      inSession = false;
      vault = answer.kind === 'absent' ? 'absent' : 'empty';
      await options.note.write(null);
      return ok(changed());
    },
    async account(ask = {}) {
      if (!held || options.isWithheld()) return ok(undefined);
      const fresh = await refreshIfDue(ask.signal);
      if (!fresh.ok) return fresh;
      if (account) return ok(account);
      const proof = await options.whoAmI(held.token, ask);
      if (!proof.ok) return proof;
      await learn(proof.value);
      changed();
      return ok(account);
    },
  };
}
