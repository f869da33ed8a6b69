/**
 * Who is signed in: the one holder of the access token. It comes in once, goes to the OS keychain (or stays in this run
 * when there is none), and leaves only as a Secret for the Hub client. What people see is the account, never the token.
 */
import type { Account, SignInState, VaultState } from '../../contract/setup.ts';
import { failed, ok, type Result } from '../../contract/result.ts';
import type { StateFile } from '../durable/stateFile.ts';
import { cleanToken } from '../hub/cleanToken.ts';
import { type AccessToken, createAccessToken } from '../hub/secret.ts';
import type { LogEntry, VaultPort } from '../ports.ts';

export interface SignIn {
  state(): SignInState;
  /** Reads the keychain; asks nobody on the network. */
  start(): Promise<void>;
  /** Cleans, proves with the Hub, then stores. The Hub saying no means nothing is stored. */
  save(pasted: string, options?: { signal?: AbortSignal }): Promise<Result<SignInState>>;
  forget(): Promise<Result<SignInState>>;
  token(): AccessToken | undefined;
  /** The account behind the stored token, asked once per run. undefined = no token. */
  account(options?: { signal?: AbortSignal }): Promise<Result<Account | undefined>>;
}

/** What is kept beside the keychain so that an offline start can say whose token is stored. Nothing secret. */
export type AccountNote = Omit<Account, 'home'>;

export function isAccountNote(value: unknown): value is AccountNote {
  return typeof value === 'object' && value !== null && typeof (value as AccountNote).name === 'string';
}

export function createSignIn(options: {
  readonly vault: VaultPort;
  readonly note: StateFile<AccountNote | null>;
  readonly whoAmI: (token: AccessToken, options: { signal?: AbortSignal }) => Promise<Result<Omit<Account, 'home'>>>;
  readonly onChange: (state: SignInState) => void;
  readonly log: (entry: LogEntry) => void;
}): SignIn {
  let token: AccessToken | undefined;
  let vault: VaultState = 'empty';
  let account: Account | undefined;
  let noted: AccountNote | undefined;
  let inSession = false;

  const state = (): SignInState => ({
    vault,
    ...(account && { account }),
    ...(!account &&
      noted &&
      (token ?? vault === 'locked') && { unchecked: { name: noted.name, ending: noted.ending } }),
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

  return {
    state,
    token: () => token,
    async start() {
      noted = (await options.note.read()) ?? undefined;
      const answer = await options.vault.read();
      vault = answer.kind === 'value' ? 'ready' : answer.kind;
      if (answer.kind === 'value') token = createAccessToken(answer.secret);
      options.log({ area: 'signIn', event: 'vault-read', state: vault });
      changed();
    },
    async save(pasted, { signal } = {}) {
      const cleaned = cleanToken(pasted);
      if (!cleaned.ok) return cleaned;
      const candidate = createAccessToken(cleaned.value);
      const proof = await options.whoAmI(candidate, signal ? { signal } : {});
      if (!proof.ok) return proof;
      const kept = await options.vault.write(candidate.reveal());
      token = candidate;
      inSession = kept.kind !== 'value';
      vault = kept.kind === 'value' ? 'ready' : kept.kind;
      await learn(proof.value);
      options.log({ area: 'signIn', event: 'saved', home: inSession ? 'session' : 'keychain' });
      return ok(changed());
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
      token = undefined;
      account = undefined;
      noted = undefined;
      inSession = false;
      vault = answer.kind === 'absent' ? 'absent' : 'empty';
      await options.note.write(null);
      return ok(changed());
    },
    async account({ signal } = {}) {
      if (!token) return ok(undefined);
      if (account) return ok(account);
      const proof = await options.whoAmI(token, signal ? { signal } : {});
      if (!proof.ok) return proof;
      await learn(proof.value);
      changed();
      return ok(account);
    },
  };
}
